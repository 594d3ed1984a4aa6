// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/quota"
)

// Quotas returns the limits of requests.
func (c *Core) Quotas() *quota.Manager { return c.quotas }

// LimitRequest counts a request to a path, with that namespace header, and returns whether
// it is within its limit. The function login returns the data of a login, for limits of
// roles, and is called only if there are some.
//
// Source: rateLimitQuotaWrapping in http/util.go of OpenBao 2.6.2.
func (c *Core) LimitRequest(ctx context.Context, header, path, client string, login func() map[string]any) quota.Answer {
	ns, rest, err := c.namespaces.Resolve(header, path)
	if err != nil { // the request is refused later
		ns, rest = namespace.Root(), path
	}
	ctx = namespace.With(ctx, ns)
	r := quota.Request{Path: path, Namespace: ns.Path, Suffix: rest, Client: client}
	if route, table, err := c.match(ctx, rest); err == nil && route.Entry().Namespace == ns.Path {
		r.Mount = strings.TrimPrefix(table, ns.Path)
		r.Suffix = strings.TrimPrefix(rest, r.Mount)
		if c.quotas.NeedsRole(ns.Path, r.Mount) {
			r.Role = c.loginRole(ctx, r.Mount, login())
		}
	}
	return c.quotas.Take(r)
}

// loginRole returns the role of a login, which the auth method at the mount says; empty
// for none.
func (c *Core) loginRole(ctx context.Context, mount string, data map[string]any) string {
	resp, err := c.ResolveRole(ctx, mount, data)
	if err != nil || resp == nil {
		return ""
	}
	role, _ := resp.Data["role"].(string)
	return role
}

// ResolveRole asks the auth method at a mount for the role of a login.
func (c *Core) ResolveRole(ctx context.Context, mount string, data map[string]any) (*logical.Response, error) {
	return c.Route(ctx, &logical.Request{Operation: logical.ResolveRoleOperation, Path: mount + "login", Data: data})
}
