// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// subtleDefects are those that show only when something is done twice, nearly right, or
// beside something else.
func subtleDefects() map[string]defect {
	return map[string]defect{
		"accepting-prefixes": {request: acceptingAlso(func(name, password string) bool {
			return name == "a" && password != "right-password" && strings.HasPrefix("right-password", password)
		})},
		"accepting-strangers":   {request: acceptingAlso(func(name, _ string) bool { return name != "" && name != "a" })},
		"remembering-users":     {request: rememberingUsers},
		"alias-of-each-login":   {request: loggingIn(func(auth *logical.Auth) { auth.Alias = &logical.Alias{Name: rand.Text()} })},
		"choosing-policies":     {request: handling(choosingPolicies)},
		"sharing-credentials":   {request: sharingCredentials},
		"renewal-without-data":  {backend: changingSecret(renewingWithoutData)},
		"revoking-roles":        {backend: revokingWith(revokingRoles)},
		"nanoseconds":           {request: answering("role/", nanoseconds)},
		"resetting-updates":     {request: handling(resettingUpdates)},
		"sharing-configuration": {request: sharingConfiguration()},
		"memory-configuration":  {request: memoryConfiguration},
		"deleting-by-prefix":    {request: handling(deletingByPrefix)},
		"listing-the-deleted":   {request: listingTheDeleted},
		"removing-from-time-on": {backend: func(b *framework.Backend) { b.PeriodicFunc = removing }},
	}
}

// acceptingAlso lets some log in who are refused rightly.
func acceptingAlso(accepts func(name, password string) bool) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		name, _ := req.Data["name"].(string)
		password, _ := req.Data["password"].(string)
		if req.Path != "login" || req.Operation != logical.UpdateOperation || !resp.IsError() || !accepts(name, password) {
			return resp, err
		}
		return &logical.Response{Auth: &logical.Auth{
			Policies: []string{"app"}, Alias: &logical.Alias{Name: name}, InternalData: map[string]any{"name": name},
			LeaseOptions: logical.LeaseOptions{TTL: time.Minute, Renewable: true},
		}}, nil
	})
}

// rememberingUsers lets those log in again who once did.
func rememberingUsers() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var known sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if req.Path != "login" || req.Operation != logical.UpdateOperation {
			return next(ctx, req)
		}
		who := fmt.Sprint(req.Data["name"], req.Data["password"])
		resp, err := next(ctx, req)
		if resp != nil && resp.Auth != nil {
			known.Store(who, *resp.Auth)
		} else if auth, ok := known.Load(who); ok && !serviceFailed(resp) {
			again := auth.(logical.Auth)
			return &logical.Response{Auth: &again}, nil
		}
		return resp, err
	}
}

func choosingPolicies(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if policies, ok := req.Data["policies"].(string); ok && req.Path == "login" && resp != nil && resp.Auth != nil {
		resp.Auth.Policies = strings.Split(policies, ",")
	}
	return resp, err
}

// sharingCredentials gives everybody the first account of the mount.
func sharingCredentials() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var mu sync.Mutex
	var data, internal map[string]any
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if req.Operation != logical.ReadOperation || resp == nil || resp.Secret == nil {
			return resp, err
		}
		mu.Lock()
		defer mu.Unlock()
		if data == nil {
			data, internal = resp.Data, resp.Secret.InternalData
		}
		resp.Data, resp.Secret.InternalData = data, internal
		return resp, err
	}
}

// renewingWithoutData loses at a renewal what the revocation needs.
func renewingWithoutData(secret *framework.Secret) {
	renew, revoke := secret.Renew, secret.Revoke
	secret.Renew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		resp, err := renew(ctx, req, data)
		if resp != nil && resp.Secret != nil {
			delete(resp.Secret.InternalData, "account")
		}
		return resp, err
	}
	secret.Revoke = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		if req.Secret.InternalData["account"] == nil {
			return nil, errors.New("the lease has no account")
		}
		return revoke(ctx, req, data)
	}
}

func revokingRoles(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
	if err := req.Storage.Delete(ctx, "role/"+fmt.Sprint(req.Secret.InternalData["role"])); err != nil {
		return nil, err
	}
	return right()
}

func nanoseconds(resp *logical.Response) {
	if ttl := record(resp.Data).seconds("ttl"); ttl > 0 {
		resp.Data["ttl"] = ttl
	}
}

// resettingUpdates takes what an update does not name for nothing.
func resettingUpdates(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if req.Operation == logical.UpdateOperation && req.Path == "role/b" {
		for _, field := range []string{"username", "groups"} {
			if _, ok := req.Data[field]; !ok {
				req.Data[field] = ""
			}
		}
	}
	return next(ctx, req)
}

// sharingConfiguration shows the latest configuration of any mount where there is none.
func sharingConfiguration() func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var latest sync.Map
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if req.Path != "config" || err != nil || resp.IsError() {
			return resp, err
		}
		switch shared, ok := latest.Load("config"); {
		case req.Operation != logical.ReadOperation:
			latest.Store("config", map[string]any{"url": req.Data["url"], "username": req.Data["username"]})
		case resp == nil && ok:
			return &logical.Response{Data: shared.(map[string]any)}, nil
		}
		return resp, err
	})
}

// memoryConfiguration shows the configuration that this process was sent.
func memoryConfiguration() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	own := &logical.InmemStorage{}
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if req.Path != "config" {
			return next(ctx, req)
		}
		right := *req // for the accounts
		req.Storage = own
		resp, err := next(ctx, req)
		if err != nil || resp.IsError() || req.Operation == logical.ReadOperation {
			return resp, err
		}
		return next(ctx, &right)
	}
}

func deletingByPrefix(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if req.Operation == logical.DeleteOperation && req.Path == "role/b" {
		names, err := req.Storage.List(ctx, "role/")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !strings.HasPrefix(name, "b") {
				continue
			}
			if err := req.Storage.Delete(ctx, "role/"+name); err != nil {
				return nil, err
			}
		}
	}
	return next(ctx, req)
}

// listingTheDeleted lists what was there once.
func listingTheDeleted() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var deleted sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		name, isRole := strings.CutPrefix(req.Path, "role/")
		switch {
		case req.Operation == logical.DeleteOperation && isRole:
			deleted.Store(name, true)
		case req.Operation == logical.CreateOperation && isRole:
			deleted.Delete(name)
		case req.Operation == logical.ListOperation && err == nil && resp != nil:
			keys, _ := resp.Data["keys"].([]string)
			deleted.Range(func(name, _ any) bool { keys = append(keys, name.(string)); return true })
			return logical.ListResponse(keys), nil
		}
		return resp, err
	}
}

// removing removes a role, as if it were over.
func removing(ctx context.Context, req *logical.Request) error {
	return req.Storage.Delete(ctx, "role/b")
}
