// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// SysPaths are the paths below sys/ that are about tokens' rights and leases.
func (a *Authority) SysPaths() []*framework.Path {
	var paths []*framework.Path
	paths = append(paths, a.leasePaths()...)
	paths = append(paths, a.policyPaths()...)
	paths = append(paths, a.capabilityPaths()...)
	return append(paths, a.wrappingPaths()...)
}

// SysSpecialPaths are those of SysPaths that need sudo or no token.
func (a *Authority) SysSpecialPaths() logical.Paths {
	return logical.Paths{
		Root: []string{
			"revoke-prefix/*", "revoke-force/*", "leases/revoke-prefix/*", "leases/revoke-force/*", "leases/lookup/*", "leases",
		},
		Unauthenticated: []string{"wrapping/lookup"},
	}
}

func (a *Authority) capabilityPaths() []*framework.Path {
	f := func(more ...fields) fields {
		return with(with(fields{},
			field("path", framework.TypeCommaStringSlice, "Use 'paths' instead."),
			field("paths", framework.TypeCommaStringSlice, "Paths on which capabilities are being queried.")), more...)
	}
	return []*framework.Path{
		writePath("capabilities-accessor$", f(accessorField()), a.capabilitiesByAccessor, "What the token of an accessor may do on paths."),
		writePath("capabilities$", f(tokenField()), a.capabilitiesOfToken, "What a token may do on paths."),
		writePath("capabilities-self$", f(tokenField()), a.capabilitiesSelf, "What the caller may do on paths."),
	}
}

func (a *Authority) capabilitiesByAccessor(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if d.Get("accessor").(string) == "" {
		return logical.ErrorResponse("missing accessor"), nil
	}
	e, err := a.byAccessor(ctx, d)
	if err != nil {
		return nil, err
	}
	return a.capabilities(ctx, e, d)
}

func (a *Authority) capabilitiesOfToken(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.capabilitiesOf(ctx, d.Get("token").(string), d)
}

func (a *Authority) capabilitiesSelf(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.capabilitiesOf(ctx, callerID(req), d)
}

func (a *Authority) capabilitiesOf(ctx context.Context, id string, d *framework.FieldData) (*logical.Response, error) {
	if id == "" {
		return nil, errors.New("no token found")
	}
	e, err := a.validToken(ctx, id)
	if errors.Is(err, token.ErrNotFound) {
		return nil, &logical.StatusBadRequest{Err: "invalid token"}
	}
	if err != nil {
		return nil, err
	}
	return a.capabilities(ctx, e, d)
}

func (a *Authority) capabilities(ctx context.Context, e *token.Entry, d *framework.FieldData) (*logical.Response, error) {
	paths := d.Get("paths").([]string)
	if len(paths) == 0 {
		paths = d.Get("path").([]string)
	}
	if len(paths) == 0 {
		return logical.ErrorResponse("paths must be supplied"), nil
	}
	acl, err := a.acl(ctx, e)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, logical.ErrPermissionDenied
	}
	if err != nil {
		return nil, err
	}
	data := make(map[string]any, len(paths)+1)
	for _, path := range paths {
		if path == "" {
			return nil, &logical.StatusBadRequest{Err: "missing path"}
		}
		data[path] = acl.Capabilities(path)
	}
	// Clients from when only one path could be asked look here.
	if len(paths) == 1 {
		data["capabilities"] = data[paths[0]]
	}
	return &logical.Response{Data: data}, nil
}
