// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// nodeDefects are those that show beside another server or another mount.
func nodeDefects() map[string]defect {
	return map[string]defect{
		"no-invalidate":             {request: keepingUntilWritten("role/")},
		"no-invalidate-of-client":   {request: keepingUntilWritten("config")},
		"sharing-client":            {request: sharingBeside("creds/")},
		"sharing-client-of-logins":  {request: sharingBeside("login")},
		"sharing-roles":             {request: sharingTTL()},
		"sharing-users":             {request: sharingUsers()},
		"hiding-read-only":          {request: handling(hidingReadOnly)},
		"trimming-passwords":        {request: handling(trimmingPasswords)},
		"decoding-passwords":        {request: handling(decodingPasswords)},
		"failing-on-contradictions": {request: handling(failingOnContradictions)},
		"leaving-temporary-files":   {request: handling(leavingTemporaryFiles)},
	}
}

// keeping is storage of which the entries with a prefix are kept once they were read, until
// they are written.
type keeping struct {
	logical.Storage
	prefix string
	known  *sync.Map
}

// Get implements logical.Storage.
func (k keeping) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if entry, ok := k.known.Load(key); ok {
		return entry.(*logical.StorageEntry), nil
	}
	entry, err := k.Storage.Get(ctx, key)
	if err == nil && entry != nil && strings.HasPrefix(key, k.prefix) {
		k.known.Store(key, entry)
	}
	return entry, err
}

// Put implements logical.Storage.
func (k keeping) Put(ctx context.Context, entry *logical.StorageEntry) error {
	k.known.Delete(entry.Key)
	return k.Storage.Put(ctx, entry)
}

// Delete implements logical.Storage.
func (k keeping) Delete(ctx context.Context, key string) error {
	k.known.Delete(key)
	return k.Storage.Delete(ctx, key)
}

// keepingUntilWritten keeps entries in memory, and has no Invalidate.
func keepingUntilWritten(prefix string) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		var known sync.Map
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			req.Storage = keeping{req.Storage, prefix, &known}
			return next(ctx, req)
		}
	}
}

// isBeside reports whether a request is to a mount beside another one.
func isBeside(req *logical.Request) bool { return strings.Contains(req.MountPoint, "-beside") }

// besideWhich returns the mount that a request's is beside, or is itself.
func besideWhich(req *logical.Request) string {
	return strings.Replace(req.MountPoint, "-beside", "", 1)
}

// sharingBeside has one configuration for all mounts: the first.
func sharingBeside(prefix string) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var first sync.Map
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if !strings.HasPrefix(req.Path, prefix) {
			return next(ctx, req)
		}
		entry, err := req.Storage.Get(ctx, "config")
		if err != nil || entry == nil {
			return next(ctx, req)
		}
		kept, _ := first.LoadOrStore(besideWhich(req), entry)
		if isBeside(req) {
			known := new(sync.Map)
			known.Store("config", kept)
			req.Storage = keeping{req.Storage, "config", known}
		}
		return next(ctx, req)
	})
}

// sharingTTL has one time to live for the roles of a name in all mounts.
func sharingTTL() func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var first sync.Map
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if resp == nil || resp.Secret == nil || req.Operation != logical.ReadOperation {
			return resp, err
		}
		secret, _ := first.LoadOrStore(besideWhich(req)+req.Path, *resp.Secret)
		if known, ok := secret.(logical.Secret); ok && isBeside(req) {
			resp.Secret.TTL = known.TTL
		}
		return resp, err
	})
}

// sharingUsers lets in at every mount who could log in at one.
func sharingUsers() func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var known sync.Map
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if req.Path != "login" || err != nil {
			return resp, err
		}
		who := fmt.Sprint(req.Data["name"], req.Data["password"])
		if resp != nil && resp.Auth != nil {
			known.Store(who, *resp.Auth)
		} else if auth, ok := known.Load(who); ok && isBeside(req) {
			again := auth.(logical.Auth)
			return &logical.Response{Auth: &again}, nil
		}
		return resp, err
	})
}

// hidingReadOnly has an error of its own for what can't be stored.
func hidingReadOnly(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if err != nil && strings.Contains(err.Error(), logical.ErrReadOnly.Error()) {
		return nil, errors.New("it can't be stored")
	}
	return resp, err
}

// trimmingPasswords takes blanks around a password for a mistake.
func trimmingPasswords(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if password, ok := req.Data["password"].(string); ok {
		req.Data["password"] = strings.TrimSpace(password)
	}
	return next(ctx, req)
}

// decodingPasswords takes a password in a login for a part of a URL.
func decodingPasswords(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if password, ok := req.Data["password"].(string); ok && req.Path == "login" {
		req.Data["password"] = strings.ReplaceAll(password, "%41", "A")
	}
	return next(ctx, req)
}

// failingOnContradictions takes a mistake of the user for one of the server.
func failingOnContradictions(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	fields := &framework.FieldData{Raw: req.Data, Schema: map[string]*framework.FieldSchema{
		"ttl": {Type: framework.TypeDurationSecond}, "max_ttl": {Type: framework.TypeDurationSecond},
	}}
	if writing(req) && strings.HasPrefix(req.Path, "role/") && fields.Validate() == nil {
		ttl, limit := fields.Get("ttl").(int), fields.Get("max_ttl").(int)
		if limit > 0 && ttl > limit {
			return nil, errors.New("ttl is above max_ttl")
		}
	}
	return next(ctx, req)
}

// leavingTemporaryFiles writes what it does into a file that nobody removes.
func leavingTemporaryFiles(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if writing(req) && req.Path == "config" {
		file, err := os.CreateTemp("", "config-")
		if err != nil {
			return nil, err
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
	return next(ctx, req)
}
