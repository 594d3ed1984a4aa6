// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// renewalDefects are those of renewals, of what is revoked later, and of rotations.
func renewalDefects() map[string]defect {
	return map[string]defect{
		"accounts-in-memory": {backend: accountsInMemory()},
		"renewal-of-another": {backend: renewingWith(func(_ context.Context, _ *logical.Request, resp *logical.Response) {
			resp.Secret.InternalData["account"] = rand.Text()
		})},
		"growing-renewals": {backend: renewingWith(func(_ context.Context, req *logical.Request, resp *logical.Response) {
			resp.Secret.TTL += time.Since(req.Secret.IssueTime).Truncate(time.Second) + time.Minute
		})},
		"renewing-unread": {backend: changingSecret(func(secret *framework.Secret) {
			right := secret.Renew
			secret.Renew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				resp, err := right(ctx, req, data)
				if err != nil {
					return &logical.Response{Secret: req.Secret}, nil
				}
				return resp, nil
			}
		})},
		"endless-renewals-of-others": {backend: renewingWith(func(_ context.Context, req *logical.Request, resp *logical.Response) {
			if req.Secret.InternalData["role"] != "a" {
				resp.Secret.MaxTTL = 0
			}
		})},
		"endless-token-renewals-of-others": {backend: renewingTokens(func(resp *logical.Response, err error, auth *logical.Auth) (*logical.Response, error) {
			if auth.InternalData["name"] != "a" && resp != nil && resp.Auth != nil {
				resp.Auth.MaxTTL = 0
			}
			return resp, err
		})},
		"revoking-unread": {backend: revokingWith(func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			if _, err := load(ctx, req.Storage, "config"); err != nil {
				return nil, nil
			}
			return right()
		})},
		"rolling-nothing-back": {backend: func(b *framework.Backend) {
			b.WALRollback = func(context.Context, *logical.Request, string, any) error { return nil }
		}},
		"longer-token-renewals": {backend: renewingTokens(func(resp *logical.Response, err error, _ *logical.Auth) (*logical.Response, error) {
			if resp != nil && resp.Auth != nil {
				resp.Auth.TTL = resp.Auth.MaxTTL
			}
			return resp, err
		})},
		"renewing-without-period": {backend: renewingTokens(func(resp *logical.Response, err error, _ *logical.Auth) (*logical.Response, error) {
			if resp != nil && resp.Auth != nil {
				resp.Auth.Period, resp.Auth.TTL = 0, 10*time.Minute // as the user says
			}
			return resp, err
		})},
		"broken-connection-with-password": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			config, loadErr := load(ctx, req.Storage, "config")
			if !serviceFailed(resp) || loadErr != nil || !unreachable(ctx, config) {
				return resp, err
			}
			return logical.ErrorResponse("the service can't be reached as %v:%v", config["username"], config["password"]), nil
		})},
		"renewing-tokens-unread": {backend: renewingTokens(func(resp *logical.Response, err error, auth *logical.Auth) (*logical.Response, error) {
			if err != nil {
				return &logical.Response{Auth: auth}, nil
			}
			return resp, nil
		})},
		"giving-the-configuration": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if config, loadErr := load(ctx, req.Storage, "config"); loadErr == nil && config != nil && resp != nil && resp.Secret != nil && resp.Data != nil {
				resp.Data["service"] = map[string]any{"url": config["url"], "password": config["password"]}
			}
			return resp, err
		})},
		"rotating-nothing": {request: rotating(func(context.Context, *logical.Request, handler) (*logical.Response, error) { return nil, nil })},
		"showing-rotations": {request: rotating(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if config, loadErr := load(ctx, req.Storage, "config"); loadErr == nil && config != nil && err == nil && !resp.IsError() {
				return &logical.Response{Data: map[string]any{"password": config["password"]}}, nil
			}
			return resp, err
		})},
		"swallowing-rotation-errors": {request: rotating(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if err != nil && strings.Contains(err.Error(), "write") {
				return nil, nil
			}
			return resp, err
		})},
		"accepting-unsigned": {request: acceptingAlso(func(name, token string) bool {
			return name == "a" && strings.HasPrefix(token, "eyJhbGciOiJub25lI") && strings.HasSuffix(token, ".")
		})},
		"sharing-a-folder": {request: listingRoles(func(ctx context.Context, req *logical.Request, names []string) []string {
			notes, err := req.Storage.List(ctx, "note/")
			if err != nil {
				return names
			}
			return append(names, notes...)
		})},
		"capping-lists": {request: listingRoles(func(_ context.Context, _ *logical.Request, names []string) []string {
			return names[:min(len(names), 20)]
		})},
		"leaving-a-field-out": {request: answering("role/", func(resp *logical.Response) { delete(resp.Data, "groups") })},
	}
}

// renewingWith changes what the right renewal of a lease returns.
func renewingWith(change func(context.Context, *logical.Request, *logical.Response)) func(*framework.Backend) {
	return changingSecret(func(secret *framework.Secret) {
		right := secret.Renew
		secret.Renew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
			resp, err := right(ctx, req, data)
			if err == nil && resp != nil && resp.Secret != nil {
				change(ctx, req, resp)
			}
			return resp, err
		}
	})
}

// renewingTokens changes what the right renewal of a token of auth returns.
func renewingTokens(change func(resp *logical.Response, err error, auth *logical.Auth) (*logical.Response, error)) func(*framework.Backend) {
	return func(b *framework.Backend) {
		right := b.AuthRenew
		b.AuthRenew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
			resp, err := right(ctx, req, data)
			return change(resp, err, req.Auth)
		}
	}
}

// rotating replaces the rotation of the password.
func rotating(wrong func(context.Context, *logical.Request, handler) (*logical.Response, error)) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if req.Path == "config/rotate" && req.Operation == logical.UpdateOperation {
			return wrong(ctx, req, next)
		}
		return next(ctx, req)
	})
}

// listingRoles changes the list of roles, or of users.
func listingRoles(change func(context.Context, *logical.Request, []string) []string) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if req.Operation != logical.ListOperation || err != nil || resp == nil {
			return resp, err
		}
		names, _ := resp.Data["keys"].([]string)
		return logical.ListResponse(change(ctx, req, names)), nil
	})
}

// accountsInMemory revokes only what this process has issued: the others it takes for
// revoked already.
func accountsInMemory() func(*framework.Backend) {
	var issued sync.Map
	return func(b *framework.Backend) {
		for _, path := range b.Paths {
			operation, ok := path.Operations[logical.ReadOperation].(*framework.PathOperation)
			if !ok || !strings.HasPrefix(path.Pattern, "creds/") {
				continue
			}
			right := operation.Callback
			operation.Callback = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				resp, err := right(ctx, req, data)
				if resp != nil && resp.Secret != nil {
					issued.Store(fmt.Sprint(resp.Secret.InternalData["account"]), true)
				}
				return resp, err
			}
		}
		revokingWith(func(_ context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			if _, known := issued.Load(fmt.Sprint(req.Secret.InternalData["account"])); !known {
				return nil, nil
			}
			return right()
		})(b)
	}
}

// unreachable reports whether the service of a configuration closes connections.
func unreachable(ctx context.Context, config record) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(config["url"]), nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return true
	}
	return resp.Body.Close() != nil
}
