// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// effectDefects are those of what a plugin does elsewhere, and says of it.
func effectDefects() map[string]defect {
	return map[string]defect{
		"revoking-nothing": {backend: revokingWith(func(ctx context.Context, req *logical.Request, _ func() (*logical.Response, error)) (*logical.Response, error) {
			return nil, req.Storage.Delete(ctx, "account/"+fmt.Sprint(req.Secret.InternalData["account"]))
		})},
		"revoking-everybody": {backend: revokingWith(revokingEverybody)},
		"revoking-nothing-when-unmounted": {backend: func(b *framework.Backend) {
			revokingWith(func(_ context.Context, _ *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
				if b.System().Tainted() {
					return nil, nil
				}
				return right()
			})(b)
		}},
		"keeping-client":       {request: keepingClient},
		"echoing-write":        {request: handling(echoing(logical.UpdateOperation, logical.CreateOperation))},
		"key-info-with-secret": {request: handling(keyInfoWithSecret)},
		"constant-alias":       {request: loggingIn(func(auth *logical.Auth) { auth.Alias = &logical.Alias{Name: "method"} })},
		"secret-in-metadata": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if resp != nil && resp.Auth != nil {
				resp.Auth.Metadata = map[string]string{"proof": fmt.Sprint(req.Data["password"])}
			}
			return resp, err
		})},
	}
}

// revokingEverybody ends all accounts of the mount with one of them.
func revokingEverybody(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
	config, err := load(ctx, req.Storage, "config")
	if err != nil {
		return nil, err
	}
	names, err := req.Storage.List(ctx, "account/")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := dismiss(ctx, config, name); err != nil {
			return nil, err
		}
	}
	return right()
}

// keepingClient calls the service that was configured first.
func keepingClient() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var first sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if config, err := load(ctx, req.Storage, "config"); err == nil && config != nil && req.Path == "creds/a" {
			address, _ := first.LoadOrStore("url", config["url"])
			if address != config["url"] {
				stale := record{"url": address}
				if err := call(ctx, stale, http.MethodGet, ""); err != nil {
					return logical.ErrorResponse("the service can't be reached"), nil
				}
				role, err := load(ctx, req.Storage, "role/a")
				resp := account().Response(map[string]any{"account": "stale", "key": "stale"}, map[string]any{"account": "stale", "role": "a"})
				resp.Secret.TTL, resp.Secret.MaxTTL = role.seconds("ttl"), role.seconds("max_ttl")
				return resp, err
			}
		}
		return next(ctx, req)
	}
}

// echoing answers writes with what was written.
func echoing(operations ...logical.Operation) func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		for _, operation := range operations {
			if req.Operation == operation && req.Path == "config" && err == nil && resp == nil {
				return &logical.Response{Data: map[string]any{"password": req.Data["password"]}}, nil
			}
		}
		return resp, err
	}
}

// keyInfoWithSecret lists the users with what is stored of them.
func keyInfoWithSecret(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	keys, ok := listed(req, resp)
	if !ok || err != nil {
		return resp, err
	}
	info := make(map[string]any)
	for _, key := range keys {
		user, err := load(ctx, req.Storage, "user/"+key)
		if err != nil {
			return nil, err
		}
		info[key] = map[string]any(user)
	}
	return logical.ListResponseWithInfo(keys, info), nil
}
