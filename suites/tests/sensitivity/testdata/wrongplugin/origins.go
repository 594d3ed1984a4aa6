// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// originDefects are those of what credentials and logins are made from, when it changes.
func originDefects() map[string]defect {
	return map[string]defect{
		"serving-nobody":        {request: handling(servingNobody)},
		"remembering-roles":     {request: rememberingTTL},
		"remembering-users-ttl": {request: rememberingTokenTTL},
		"panicking-renewal-without-role": {backend: changingSecret(func(secret *framework.Secret) {
			right := secret.Renew
			secret.Renew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				entry, err := req.Storage.Get(ctx, "role/"+fmt.Sprint(req.Secret.InternalData["role"]))
				if err != nil || len(entry.Value) == 0 {
					return nil, err
				}
				return right(ctx, req, data)
			}
		})},
		"panicking-token-renewal-without-user": {backend: func(b *framework.Backend) {
			right := b.AuthRenew
			b.AuthRenew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				entry, err := req.Storage.Get(ctx, "user/"+fmt.Sprint(req.Auth.InternalData["name"]))
				if err != nil || len(entry.Value) == 0 {
					return nil, err
				}
				return right(ctx, req, data)
			}
		}},
		"revoking-nothing-unconfigured": {backend: revokingWith(func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			config, err := load(ctx, req.Storage, "config")
			if err != nil || config == nil {
				return nil, err
			}
			return right()
		})},
		"keeping-deleted-configuration": {request: keepingDeleted},
		"keeping-deleted-client":        {request: buildingOn(keepingDeleted)},
		"ignoring-bound-cidrs":          {request: handling(ignoringCIDRs)},
		"unbound-tokens":                {request: loggingIn(func(auth *logical.Auth) { auth.BoundCIDRs = nil })},
		"alias-as-typed":                {request: handling(aliasAsTyped)},
	}
}

// ignoringCIDRs lets in from everywhere, with tokens for everywhere.
func ignoringCIDRs(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := fromElsewhere(ctx, req, next)
	if resp != nil && resp.Auth != nil {
		resp.Auth.BoundCIDRs = nil
	}
	return resp, err
}

// servingNobody gives credentials of a default role where there is none.
func servingNobody(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if resp.IsError() && strings.HasSuffix(req.Path, "-nobody") && strings.HasPrefix(req.Path, "creds/") {
		resp = account().Response(map[string]any{"account": "", "key": ""}, map[string]any{"account": "nobody", "role": "a"})
		resp.Secret.TTL = time.Minute
		return resp, nil
	}
	return resp, err
}

// rememberingTTL gives leases as long as the first one of their role.
func rememberingTTL() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var first sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if resp != nil && resp.Secret != nil && req.Operation == logical.ReadOperation {
			ttl, _ := first.LoadOrStore(req.Path, resp.Secret.TTL)
			resp.Secret.TTL, _ = ttl.(time.Duration)
		}
		return resp, err
	}
}

// rememberingTokenTTL gives tokens as long as the first one of their user.
func rememberingTokenTTL() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var first sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if resp != nil && resp.Auth != nil && req.Path == "login" {
			ttl, _ := first.LoadOrStore(fmt.Sprint(req.Data["name"]), resp.Auth.TTL)
			resp.Auth.TTL, _ = ttl.(time.Duration)
		}
		return resp, err
	}
}

// keepingDeleted issues with the configuration that was used last where there is none.
func keepingDeleted() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var last sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if !strings.HasPrefix(req.Path, "creds/") {
			return next(ctx, req)
		}
		config, err := load(ctx, req.Storage, "config")
		if err != nil {
			return nil, err
		}
		if config != nil {
			last.Store("config", config)
			return next(ctx, req)
		}
		kept, ok := last.Load("config")
		if !ok {
			return next(ctx, req)
		}
		entry, _ := kept.(record)
		if err := entry.save(ctx, req.Storage, "config"); err != nil {
			return nil, err
		}
		resp, err := next(ctx, req)
		if deleteErr := req.Storage.Delete(ctx, "config"); deleteErr != nil {
			return nil, deleteErr
		}
		return resp, err
	}
}

// buildingOn refuses roles while there is no configuration.
func buildingOn(kind func() func(context.Context, *logical.Request, handler) (*logical.Response, error)) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		handle := kind()
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if strings.HasPrefix(req.Path, "role/") && req.Data["username"] != nil {
				if config, err := load(ctx, req.Storage, "config"); err != nil || config == nil {
					return logical.ErrorResponse("configure the service first"), err
				}
			}
			return handle(ctx, req, next)
		}
	}
}

// aliasAsTyped takes names in any case, and makes the alias of the name as it was sent.
func aliasAsTyped(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	name, ok := req.Data["name"].(string)
	if !ok || req.Path != "login" {
		return next(ctx, req)
	}
	req.Data["name"] = strings.ToLower(name)
	resp, err := next(ctx, req)
	if resp != nil && resp.Auth != nil {
		resp.Auth.Alias = &logical.Alias{Name: hex.EncodeToString([]byte(name))}
	}
	return resp, err
}
