// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// changingSecret changes the engine's secret.
func changingSecret(change func(secret *framework.Secret)) func(*framework.Backend) {
	return func(b *framework.Backend) {
		for _, secret := range b.Secrets {
			change(secret)
		}
	}
}

// revokingWith replaces the revocation; right is the right one.
func revokingWith(wrong func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error)) func(*framework.Backend) {
	return changingSecret(func(secret *framework.Secret) {
		right := secret.Revoke
		secret.Revoke = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
			return wrong(ctx, req, func() (*logical.Response, error) { return right(ctx, req, data) })
		}
	})
}

// answering changes the answers to requests at paths with a prefix.
func answering(prefix string, change func(resp *logical.Response)) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if resp != nil && !resp.IsError() && err == nil && strings.HasPrefix(req.Path, prefix) {
				change(resp)
			}
			return resp, err
		}
	}
}

// issuing changes what is leased when it is issued, renewals aside.
func issuing(change func(resp *logical.Response)) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if resp != nil && resp.Secret != nil && req.Operation == logical.ReadOperation {
				change(resp)
			}
			return resp, err
		}
	}
}

// leaseDefects are those of leased credentials.
func leaseDefects() map[string]defect {
	return map[string]defect{
		"unleased": {request: issuing(func(resp *logical.Response) { resp.Secret = nil })},
		"failing-revocation": {backend: revokingWith(func(context.Context, *logical.Request, func() (*logical.Response, error)) (*logical.Response, error) {
			return nil, errors.New("connection refused")
		})},
		"no-revocation":     {backend: changingSecret(func(secret *framework.Secret) { secret.Revoke = nil })},
		"unregistered-type": {backend: func(b *framework.Backend) { b.Secrets = nil }},
		"revocation-stops-when-unmounted": {backend: func(b *framework.Backend) {
			revokingWith(func(_ context.Context, _ *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
				if b.System().Tainted() {
					return nil, errors.New("the mount is being removed")
				}
				return right()
			})(b)
		}},
		"revocation-reads-role": {backend: revokingWith(func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			role, err := load(ctx, req.Storage, "role/"+fmt.Sprint(req.Secret.InternalData["role"]))
			if err != nil || role == nil {
				return nil, errors.Join(errors.New("there is no such role"), err)
			}
			return right()
		})},
		"swallowing-revocation-errors": {backend: revokingWith(func(_ context.Context, _ *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			if resp, err := right(); err == nil || strings.Contains(err.Error(), "the service") {
				return resp, err
			}
			return nil, nil
		})},
		"forgetting-before-revoking": {backend: func(b *framework.Backend) {
			var known sync.Map // accounts that were tried
			revokingWith(func(_ context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
				if _, tried := known.LoadOrStore(req.Secret.InternalData["account"], true); tried {
					return nil, errors.New("there is no such account")
				}
				resp, err := right()
				if err == nil {
					known.Delete(req.Secret.InternalData["account"])
				}
				return resp, err
			})(b)
		}},
		"revoking-once": {backend: revokingWith(func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			account, err := load(ctx, req.Storage, "account/"+fmt.Sprint(req.Secret.InternalData["account"]))
			if err != nil || account == nil {
				return nil, errors.Join(errors.New("there is no such account"), err)
			}
			return right()
		})},
		"swallowing-write-errors": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if err != nil && strings.HasPrefix(req.Path, "role/") {
					return nil, nil
				}
				return resp, err
			}
		}},
		"taking-failed-reads-for-nothing": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if err != nil && req.Operation == logical.ReadOperation && strings.HasPrefix(req.Path, "role/") {
					return nil, nil
				}
				return resp, err
			}
		}},
		"keeping-write-errors": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			var kept atomic.Pointer[error]
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				if err := kept.Load(); err != nil && strings.HasPrefix(req.Path, "role/") {
					return nil, *err
				}
				resp, err := next(ctx, req)
				if err != nil && strings.Contains(err.Error(), "writes are made to fail") {
					kept.Store(&err)
				}
				return resp, err
			}
		}},
		"failing-renewal": {backend: changingSecret(func(secret *framework.Secret) {
			secret.Renew = func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return nil, errors.New("connection refused")
			}
		})},
		"renewable-without-renewal": {
			backend: changingSecret(func(secret *framework.Secret) { secret.Renew = nil }),
			request: issuing(func(resp *logical.Response) { resp.Secret.Renewable = true }),
		},
		"empty-renewal": {backend: changingSecret(func(secret *framework.Secret) {
			secret.Renew = func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return nil, nil
			}
		})},
		"endless-lease": {request: issuing(func(resp *logical.Response) {
			resp.Secret.TTL, resp.Secret.MaxTTL = 10*365*24*time.Hour, 0
		})},
		"lease-without-ttl": {request: issuing(func(resp *logical.Response) {
			resp.Secret.TTL, resp.Secret.MaxTTL = 0, 0
		})},
	}
}

// loggingIn changes the answers to logins.
func loggingIn(change func(auth *logical.Auth)) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return answering("login", func(resp *logical.Response) {
		if resp.Auth != nil {
			change(resp.Auth)
		}
	})
}

// loginDefects are those of the auth method.
func loginDefects() map[string]defect {
	any := func(accept func(req *logical.Request) bool) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if req.Path != "login" || req.Operation == logical.RenewOperation || !resp.IsError() || !accept(req) {
					return resp, err
				}
				return &logical.Response{Auth: &logical.Auth{
					Policies: []string{"app"}, Alias: &logical.Alias{Name: "a"}, InternalData: map[string]any{"name": "a"},
					LeaseOptions: logical.LeaseOptions{TTL: time.Minute, Renewable: true},
				}}, nil
			}
		}
	}
	return map[string]defect{
		"refusing-login": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				if req.Path == "login" && req.Operation == logical.UpdateOperation {
					return logical.ErrorResponse("wrong name or password"), nil
				}
				return next(ctx, req)
			}
		}},
		"forgetting-policies": {request: loggingIn(func(auth *logical.Auth) { auth.Policies = nil })},
		"more-policies":       {request: loggingIn(func(auth *logical.Auth) { auth.Policies = append(auth.Policies, "admin") })},
		"accepting-login":     {request: any(func(req *logical.Request) bool { return req.Data["name"] == "a" })},
		"accepting-nothing":   {request: any(func(req *logical.Request) bool { return len(req.Data) == 0 })},
		"failing-wrong-login": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if req.Path == "login" && resp.IsError() && req.Data["name"] == "a" {
					return nil, errors.New("hash does not match")
				}
				return resp, err
			}
		}},
		"root-policy":                  {request: loggingIn(func(auth *logical.Auth) { auth.Policies = append(auth.Policies, "root") })},
		"token-renewal-without-method": {backend: func(b *framework.Backend) { b.AuthRenew = nil }},
		"failing-token-renewal": {backend: func(b *framework.Backend) {
			b.AuthRenew = func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return nil, errors.New("connection refused")
			}
		}},
		"aliasless": {request: loggingIn(func(auth *logical.Auth) { auth.Alias = nil })},
		"renewing-the-deleted": {backend: func(b *framework.Backend) {
			b.AuthRenew = func(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				return &logical.Response{Auth: req.Auth}, nil
			}
		}},
		"token-without-ttl": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if req.Operation == logical.UpdateOperation && resp != nil && resp.Auth != nil {
					resp.Auth.TTL = 0
				}
				return resp, err
			}
		}},
	}
}
