// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// listPath returns the path of a list that may be asked for in pages.
func listPath(prefix string) *framework.Path {
	return &framework.Path{
		Pattern: prefix + "/?$", HelpSynopsis: "Lists what there is.", HelpDescription: "Lists the names.",
		Fields: map[string]*framework.FieldSchema{
			"after": {Type: framework.TypeString, Query: true, Description: "The name before the first one."},
			"limit": {Type: framework.TypeInt, Query: true, Description: "How many at most."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{Summary: "List the names.", Callback: func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				names, err := req.Storage.List(ctx, prefix+"/")
				after, limit := data.Get("after").(string), data.Get("limit").(int)
				names = slices.DeleteFunc(names, func(name string) bool { return after != "" && name <= after })
				if limit > 0 {
					names = names[:min(limit, len(names))]
				}
				return logical.ListResponse(names), err
			}},
		},
	}
}

// times returns the time to live of a role or user and its limit: its own, or those of the
// configuration.
func times(of, config record) (ttl, limit time.Duration) {
	if ttl = of.seconds("ttl"); ttl == 0 {
		ttl = config.seconds("ttl")
	}
	if limit = of.seconds("max_ttl"); limit == 0 {
		limit = config.seconds("max_ttl")
	}
	if limit > 0 && ttl > limit {
		ttl = limit
	}
	return ttl, limit
}

// tidyPath removes what a revocation that failed has left of accounts.
func tidyPath() *framework.Path {
	return &framework.Path{
		Pattern: "tidy$", HelpSynopsis: "Removes what is over.", HelpDescription: "Removes the accounts that are over for a day.",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{Summary: "Remove what is over.", Callback: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				names, err := req.Storage.List(ctx, "account/")
				if err != nil {
					return nil, err
				}
				for _, name := range names {
					account, err := load(ctx, req.Storage, "account/"+name)
					if err != nil {
						return nil, err
					}
					ends, err := time.Parse(time.RFC3339Nano, fmt.Sprint(account["expires"]))
					if err != nil || time.Since(ends) < 24*time.Hour {
						continue
					}
					if err := req.Storage.Delete(ctx, "account/"+name); err != nil {
						return nil, err
					}
				}
				return nil, nil
			}},
		},
	}
}

// documentedDefects are those of what a plugin says of its fields and does not do.
func documentedDefects() map[string]defect {
	return map[string]defect{
		"dropping-defaults": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Path == "config" && resp != nil && fmt.Sprint(resp.Data["timeout"]) == "30" {
				resp.Data["timeout"] = 0
			}
			return resp, err
		})},
		"pages-from-the-name": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			after, _ := req.Data["after"].(string)
			resp, err := next(ctx, req)
			if keys, ok := listed(req, resp); ok && after != "" {
				resp.Data["keys"] = append([]string{after}, keys...)
			}
			return resp, err
		})},
		"ignoring-versions": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			delete(req.Data, "cas")
			return next(ctx, req)
		})},
		"tidying-what-is-in-use": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path != "tidy" || req.Operation != logical.UpdateOperation {
				return next(ctx, req)
			}
			return nil, req.Storage.Delete(ctx, "note/n")
		})},
		"ignoring-the-configured-limit": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path == "config" {
				delete(req.Data, "max_ttl")
			}
			return next(ctx, req)
		})},
		"logging-in-from-anywhere": {request: handling(fromElsewhere)},
	}
}

// fromElsewhere makes a login come from an address that others may be bound to.
func fromElsewhere(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if strings.HasPrefix(req.Path, "login") {
		req.Connection = &logical.Connection{RemoteAddr: "192.0.2.1"}
	}
	return next(ctx, req)
}
