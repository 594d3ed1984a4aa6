// SPDX-License-Identifier: MPL-2.0

package rights

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

func (e *endpoints) capabilityPaths() []*framework.Path {
	f := func(more ...fields) fields {
		return with(with(fields{},
			field("path", framework.TypeCommaStringSlice, "Use 'paths' instead."),
			field("paths", framework.TypeCommaStringSlice, "Paths on which capabilities are being queried.")), more...)
	}
	accessor := field("accessor", framework.TypeString, "Accessor of the token (request body)")
	return []*framework.Path{
		writePath("capabilities-accessor$", f(accessor), e.capabilitiesByAccessor, "What the token of an accessor may do on paths."),
		writePath("capabilities$", f(tokenField()), e.capabilitiesOfToken, "What a token may do on paths."),
		writePath("capabilities-self$", f(tokenField()), e.capabilitiesSelf, "What the caller may do on paths."),
	}
}

func (e *endpoints) capabilitiesByAccessor(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	accessor := d.Get("accessor").(string)
	if accessor == "" {
		return logical.ErrorResponse("missing accessor"), nil
	}
	acl, err := e.authority.ACLByAccessor(ctx, accessor)
	if errors.Is(err, token.ErrNotFound) {
		return nil, &logical.StatusBadRequest{Err: "invalid accessor"}
	}
	resp, err := capabilities(acl, err, d)
	return resp, ofAnother(err)
}

func (e *endpoints) capabilitiesOfToken(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	resp, err := e.capabilitiesOf(ctx, d.Get("token").(string), d)
	return resp, ofAnother(err)
}

// ofAnother is the error for a caller whose token isn't the one that may do nothing
// (handleCapabilities in vault/logical_system.go of OpenBao 2.6.2).
func ofAnother(err error) error {
	if errors.Is(err, logical.ErrPermissionDenied) {
		return &logical.StatusBadRequest{Err: "invalid token"}
	}
	return err
}

func (e *endpoints) capabilitiesSelf(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return e.capabilitiesOf(ctx, access.CallerID(req), d)
}

func (e *endpoints) capabilitiesOf(ctx context.Context, id string, d *framework.FieldData) (*logical.Response, error) {
	if id == "" {
		return nil, errors.New("no token found")
	}
	acl, err := e.authority.ACLByToken(ctx, id)
	if errors.Is(err, token.ErrNotFound) {
		// The first path is looked at before the token.
		switch paths := askedPaths(d); {
		case len(paths) == 0:
			return logical.ErrorResponse("paths must be supplied"), nil
		case paths[0] == "":
			return nil, &logical.StatusBadRequest{Err: "missing path"}
		}
		return nil, &logical.StatusBadRequest{Err: "invalid token"}
	}
	return capabilities(acl, err, d)
}

// askedPaths returns the paths of a request, which older clients send as path.
func askedPaths(d *framework.FieldData) []string {
	if paths := d.Get("paths").([]string); len(paths) > 0 {
		return paths
	}
	return d.Get("path").([]string)
}

// capabilities answers with what an ACL allows on the paths of a request; err is
// that of finding the ACL.
func capabilities(acl *policy.ACL, err error, d *framework.FieldData) (*logical.Response, error) {
	// That no path was given is reported before the entity that is gone or disabled.
	missing := errors.Is(err, identity.ErrNotFound) || errors.Is(err, identity.ErrDisabled)
	if err != nil && !missing {
		return nil, err
	}
	paths := askedPaths(d)
	if len(paths) == 0 {
		return logical.ErrorResponse("paths must be supplied"), nil
	}
	if missing {
		return nil, logical.ErrPermissionDenied
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
