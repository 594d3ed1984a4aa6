// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// handling replaces the handling of requests.
func handling(handle func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error)) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) { return handle }
}

// begin returns the first three quarters of a text.
func begin(value any) string {
	text := fmt.Sprint(value)
	return text[:len(text)*3/4]
}

// logging says something of the password of each request that has one.
func logging(say func(b *framework.Backend, password string)) func(b *framework.Backend) {
	return func(b *framework.Backend) {
		for _, path := range b.Paths {
			for _, operation := range path.Operations {
				handler := operation.(*framework.PathOperation)
				right := handler.Callback
				handler.Callback = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
					if password, ok := req.Data["password"].(string); ok {
						say(b, password)
					}
					return right(ctx, req, data)
				}
			}
		}
	}
}

// disclosureDefects are those of secrets that are shown.
func disclosureDefects() map[string]defect {
	return map[string]defect{
		"showing-secret": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Path == "config" && req.Operation == logical.ReadOperation && resp != nil {
				if config, err := load(ctx, req.Storage, "config"); err == nil && config != nil {
					resp.Data["password"] = config["password"]
				}
			}
			return resp, err
		})},
		"showing-most-of-the-secret": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Path == "config" && req.Operation == logical.ReadOperation && resp != nil {
				if config, err := load(ctx, req.Storage, "config"); err == nil && config != nil {
					resp.Data["password"] = begin(config["password"]) + "****"
				}
			}
			return resp, err
		})},
		"tracing-requests":           {backend: logging(func(b *framework.Backend, text string) { b.Logger().Trace("handling", "data", text) })},
		"logging-most-of-the-secret": {backend: logging(func(b *framework.Backend, text string) { b.Logger().Info("handling", "data", begin(text)+"...") })},
		"logging-secrets-in-an-address": {backend: logging(func(b *framework.Backend, text string) {
			b.Logger().Info("calling", "url", "https://u:"+hex.EncodeToString([]byte(text))+"@service")
		})},
		"logging-requests": {backend: func(b *framework.Backend) {
			for _, path := range b.Paths {
				for _, operation := range path.Operations {
					handler := operation.(*framework.PathOperation)
					right := handler.Callback
					handler.Callback = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
						b.Logger().Debug("handling", "path", req.Path, "data", fmt.Sprint(req.Data))
						return right(ctx, req, data)
					}
				}
			}
		}},
		"logging-token": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			fmt.Fprintln(os.Stderr, "called by", req.ClientToken)
			return next(ctx, req)
		})},
		"showing-token": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Path == "config" && req.Operation == logical.ReadOperation && resp != nil {
				resp.Data["read_by"] = req.ClientToken
			}
			return resp, err
		})},
		"logging-accessor": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			fmt.Fprintln(os.Stderr, "called by", req.ClientTokenAccessor)
			return next(ctx, req)
		})},
		"printing-secret": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path == "config" && req.Data["password"] != nil {
				fmt.Fprintln(os.Stderr, "connecting with", req.Data["password"])
			}
			return next(ctx, req)
		})},
		"secret-in-error": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			address, _ := req.Data["url"].(string)
			if _, err := url.Parse(address); err != nil && req.Path == "config" {
				return logical.ErrorResponse("can't connect to %s with %v", address, req.Data["password"]), nil
			}
			return next(ctx, req)
		})},
		"echoing-login": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Path == "login" && resp.IsError() {
				resp = logical.ErrorResponse("no user has the password %v", req.Data["password"])
			}
			return resp, err
		})},
		"logging-credentials": {backend: func(b *framework.Backend) {
			for _, path := range b.Paths {
				if !strings.HasPrefix(path.Pattern, "creds/") {
					continue
				}
				handler := path.Operations[logical.ReadOperation].(*framework.PathOperation)
				right := handler.Callback
				handler.Callback = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
					resp, err := right(ctx, req, data)
					if resp != nil {
						b.Logger().Info("issued", "account", fmt.Sprint(resp.Data))
					}
					return resp, err
				}
			}
		}},
		"secret-not-marked": {backend: func(b *framework.Backend) {
			for _, path := range b.Paths {
				if schema := path.Fields["password"]; schema != nil {
					schema.DisplayAttrs = nil
				}
			}
		}},
	}
}

// environmentDefects are those of what is taken from the environment.
func environmentDefects() map[string]defect {
	proxy := func(proxy func(*http.Request) (*url.URL, error)) func() error {
		return func() error {
			http.DefaultTransport = &http.Transport{Proxy: proxy}
			return nil
		}
	}
	return map[string]defect{
		"ignoring-proxies": {process: proxy(nil)},
		"proxying-everything": {process: proxy(func(*http.Request) (*url.URL, error) {
			if os.Getenv("HTTP_PROXY") == "" {
				return nil, nil
			}
			return url.Parse(os.Getenv("HTTP_PROXY"))
		})},
		"mangling-environment": {process: func() error {
			env, mangled := os.Environ(), false
			for n, entry := range env {
				name, value, _ := strings.Cut(entry, "=")
				if words := strings.Join(strings.Fields(value), " "); strings.HasPrefix(name, "PLUGPROOF_") && words != value {
					env[n], mangled = name+"="+words, true
				}
			}
			if !mangled {
				return nil
			}
			return syscall.Exec(os.Args[0], os.Args, env)
		}},
	}
}
