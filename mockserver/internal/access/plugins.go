// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// WrapData puts data behind a single-use token for a plugin that asks for it.
func (a *Authority) WrapData(ctx context.Context, data map[string]any, ttl time.Duration, jwt bool) (*wrapping.ResponseWrapInfo, error) {
	req := &logical.Request{Operation: logical.CreateOperation, Path: "sys/wrapping/wrap"}
	resp := &logical.Response{Data: data, WrapInfo: &wrapping.ResponseWrapInfo{TTL: ttl}}
	if jwt {
		resp.WrapInfo.Format = "jwt"
	}
	if err := a.wrap(ctx, req, resp); err != nil {
		return nil, err
	}
	return resp.WrapInfo, nil
}

// Entity is what a plugin may know of the entity of a caller. The error wraps
// identity.ErrNotFound.
func (a *Authority) Entity(ctx context.Context, id string) (*logical.Entity, error) {
	e, err := a.entities.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return e.ForPolicies(), nil
}

// Groups is what a plugin may know of the groups of the entity of a caller.
func (a *Authority) Groups(ctx context.Context, entity string) ([]*logical.Group, error) {
	direct, inherited, err := a.entities.GroupsOf(ctx, entity)
	if err != nil {
		return nil, err
	}
	var groups []*logical.Group
	for _, g := range slices.Concat(direct, inherited) {
		groups = append(groups, g.ForPlugins())
	}
	return groups, nil
}

// HasIdentityKey reports whether identity/oidc/key has a key of that name.
func (a *Authority) HasIdentityKey(ctx context.Context, name string) (bool, error) {
	return a.entities.HasKey(ctx, name)
}

// MountFilter returns what reports whether the caller of a request may see a
// mount, by its path in the root namespace. It is nil for requests without a token; a bad token
// is an error.
func (a *Authority) MountFilter(ctx context.Context, req *logical.Request) (func(path string) bool, error) {
	if req.ClientToken == "" {
		return nil, nil
	}
	_, acl, err := a.caller(ctx, req)
	if err != nil {
		return nil, err
	}
	return acl.At(namespace.Root()).Below, nil
}
