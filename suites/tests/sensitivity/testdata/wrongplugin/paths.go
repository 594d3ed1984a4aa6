// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// pathDefects are those of paths, help and special paths.
func pathDefects() map[string]defect {
	return map[string]defect{
		"broken-pattern": {backend: func(b *framework.Backend) { b.Paths[0].Pattern = "config/(" }},
		"helpless":       {backend: func(b *framework.Backend) { b.Help = "" }},
		"failing-at-unknown-paths": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if errors.Is(err, logical.ErrUnsupportedPath) {
					err = errors.New("boom")
				}
				return resp, err
			}
		}},
		"path-without-help": {backend: func(b *framework.Backend) {
			for _, path := range b.Paths {
				for _, operation := range path.Operations {
					operation.(*framework.PathOperation).Summary = "Does it."
				}
			}
			b.Paths[1].HelpSynopsis = ""
		}},
		"operation-without-help": {backend: func(b *framework.Backend) {
			b.Paths[1].Operations[logical.ReadOperation].(*framework.PathOperation).Summary = ""
		}},
		"undocumented": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if req.Operation == logical.HelpOperation && req.Path == "" && resp != nil {
					delete(resp.Data, "openapi")
				}
				return resp, err
			}
		}},
		"inexpressible-pattern": {backend: func(b *framework.Backend) {
			b.Paths = append(b.Paths, &framework.Path{
				Pattern: "tree(/branch)*/leaf", HelpSynopsis: "Shows a leaf.",
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.ReadOperation: &framework.PathOperation{Callback: nothing, Summary: "Show it."},
				},
			})
		}},
		"special-path-with-slash": {backend: func(b *framework.Backend) {
			b.PathsSpecial = &logical.Paths{Root: []string{"/config"}}
		}},
		"special-path-with-typo": {backend: func(b *framework.Backend) {
			b.PathsSpecial = &logical.Paths{Root: []string{"confg"}}
		}},
		"sealing-a-typo": {backend: func(b *framework.Backend) {
			b.PathsSpecial = &logical.Paths{SealWrapStorage: []string{"confg"}}
		}},
		"open-role": {backend: func(b *framework.Backend) {
			b.PathsSpecial = &logical.Paths{Unauthenticated: []string{"role/+"}}
		}},
		"closed-login": {backend: func(b *framework.Backend) { b.PathsSpecial = nil }},
		"hiding-path": {backend: func(b *framework.Backend) {
			b.Paths = append(b.Paths, &framework.Path{
				Pattern: "role/default", HelpSynopsis: "Shows the default role.",
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.ReadOperation: &framework.PathOperation{Callback: nothing, Summary: "Show it."},
				},
			})
		}},
		"list-without-slash": {backend: func(b *framework.Backend) {
			for _, path := range b.Paths {
				path.Pattern = strings.Replace(path.Pattern, "/?$", "$", 1)
			}
		}},
		"open": {backend: func(b *framework.Backend) { b.PathsSpecial = &logical.Paths{Unauthenticated: []string{"*"}} }},
	}
}

// nothing shows nothing.
func nothing(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return nil, nil
}
