// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// CallerID returns the token of the caller of an authorized request.
func CallerID(req *logical.Request) string {
	if te := req.TokenEntry(); te != nil {
		return te.ID
	}
	return req.ClientToken
}

func (a *Authority) lookupSelf(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return a.lookupID(ctx, CallerID(req))
}

func (a *Authority) lookup(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := d.Get("token").(string)
	if id == "" {
		id = CallerID(req)
	}
	return a.lookupID(ctx, id)
}

// lookupID also finds tokens in their last use.
func (a *Authority) lookupID(ctx context.Context, id string) (*logical.Response, error) {
	if id == "" {
		return logical.ErrorResponse("missing token ID"), logical.ErrInvalidRequest
	}
	e, err := a.findToken(ctx, id)
	if err == nil {
		err = a.checkAlive(ctx, e)
	}
	switch {
	case errors.Is(err, token.ErrNotFound):
		return logical.ErrorResponse("bad token"), logical.ErrPermissionDenied
	case err != nil:
		return logical.ErrorResponse(err.Error()), logical.ErrInvalidRequest
	}
	return a.describe(ctx, e)
}

func (a *Authority) lookupAccessor(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	e, err := a.byAccessor(ctx, d)
	if err != nil {
		return nil, err
	}
	return a.describe(ctx, e)
}

func (a *Authority) byAccessor(ctx context.Context, d *framework.FieldData) (*token.Entry, error) {
	accessor := d.Get("accessor").(string)
	if accessor == "" {
		return nil, &logical.StatusBadRequest{Err: "missing accessor"}
	}
	e, err := a.aliveByAccessor(ctx, accessor)
	if errors.Is(err, token.ErrNotFound) {
		return nil, &logical.StatusBadRequest{Err: "invalid accessor"}
	}
	return e, err
}

func (a *Authority) aliveByAccessor(ctx context.Context, accessor string) (*token.Entry, error) {
	if err := a.checkAccessor(ctx, accessor); err != nil {
		return nil, err
	}
	e, err := a.tokens.ByAccessor(ctx, accessor)
	if err != nil {
		return nil, err
	}
	return e, a.checkAlive(ctx, e)
}

// describe is what a lookup answers. The parent isn't told, since it could be
// used.
func (a *Authority) describe(ctx context.Context, e *token.Entry) (*logical.Response, error) {
	data := map[string]any{
		"id": e.ID, "accessor": e.Accessor, "policies": e.Policies, "path": e.Path, "meta": e.Meta,
		"display_name": e.DisplayName, "num_uses": e.NumUses, "orphan": e.Parent == "",
		"creation_time": e.CreationTime, "creation_ttl": int64(e.TTL.Seconds()),
		"expire_time": nil, "ttl": int64(0), "explicit_max_ttl": int64(e.ExplicitMaxTTL.Seconds()),
		"entity_id": e.EntityID, "type": e.Type.String(),
	}
	if e.Role != "" {
		data["role"] = e.Role
	}
	if e.Period != 0 {
		data["period"] = int64(e.Period.Seconds())
	}
	if len(e.BoundCIDRs) > 0 {
		data["bound_cidrs"] = e.BoundCIDRs
	}
	if ns := namespace.From(a.home(ctx, e)); !ns.IsRoot() {
		data["namespace_path"] = ns.Path
	}
	derived, err := a.identityPolicies(a.home(ctx, e), e.EntityID)
	if err != nil {
		return nil, err
	}
	if len(derived) > 0 {
		data["identity_policies"], data["external_namespace_policies"] = derived, map[string][]string{}
	}
	l, err := a.times(ctx, e)
	switch {
	case errors.Is(err, lease.ErrNotFound), err == nil && !e.Batch() && namespaceOf(e) != namespace.From(ctx).ID && (l.Ends.IsZero() || a.dialect.Namespaces.OwnTokensOnly):
		// Servers look for its lease where they are asked, up to OpenBao 2.4 only if they do
		// not remember it, as they do what ends.
		return &logical.Response{Data: data}, nil
	case err != nil:
		return logical.ErrorResponse(err.Error()), logical.ErrInvalidRequest
	}
	if !l.Renewed.IsZero() {
		data["last_renewal_time"], data["last_renewal"] = l.Renewed.Unix(), l.Renewed
	}
	if !l.Ends.IsZero() {
		data["expire_time"], data["ttl"] = l.Ends, l.TTL(a.clock.Now())
	}
	data["renewable"], data["issue_time"] = !e.Batch() && l.CheckRenewable(a.clock.Now()) == nil, l.Issued
	return &logical.Response{Data: data}, nil
}

// times are a token's: those of its lease, or those that a batch token carries.
func (a *Authority) times(ctx context.Context, e *token.Entry) (*lease.Lease, error) {
	if !e.Batch() {
		return a.leases.Get(ctx, tokenLeaseID(e))
	}
	issued := time.Unix(e.CreationTime, 0)
	return &lease.Lease{Issued: issued, Ends: issued.Add(e.TTL)}, nil
}

func (a *Authority) listAccessors(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	accessors, err := a.tokens.Accessors(ctx)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"keys": accessors}}, nil
}

func (a *Authority) revokeSelf(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return a.revokeID(ctx, CallerID(req))
}

func (a *Authority) revoke(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.revokeID(ctx, d.Get("token").(string))
}

func (a *Authority) revokeID(ctx context.Context, id string) (*logical.Response, error) {
	if id == "" {
		return logical.ErrorResponse("missing token ID"), logical.ErrInvalidRequest
	}
	e, err := a.validToken(ctx, id)
	switch {
	case errors.Is(err, token.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case e.Batch():
		return logical.ErrorResponse("batch tokens cannot be revoked"), nil
	}
	return nil, a.revokeToken(ctx, e)
}

func (a *Authority) revokeAccessor(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	accessor := d.Get("accessor").(string)
	if accessor == "" {
		return nil, &logical.StatusBadRequest{Err: "missing accessor"}
	}
	if err := a.checkAccessor(ctx, accessor); err != nil {
		return nil, err
	}
	e, err := a.tokens.ByAccessor(ctx, accessor)
	if errors.Is(err, token.ErrNotFound) {
		resp := &logical.Response{}
		resp.AddWarning("No token found with this accessor")
		return resp, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, a.revokeToken(ctx, e)
}

func (a *Authority) revokeOrphan(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := d.Get("token").(string)
	if id == "" {
		return logical.ErrorResponse("missing token ID"), logical.ErrInvalidRequest
	}
	sudo, err := a.callerHasSudo(ctx, req)
	if err != nil {
		return nil, err
	}
	if !sudo {
		return logical.ErrorResponse("root or sudo privileges required to revoke and orphan"), logical.ErrInvalidRequest
	}
	e, err := a.validToken(ctx, id)
	switch {
	case errors.Is(err, token.ErrNotFound):
		return logical.ErrorResponse("token to revoke not found"), logical.ErrInvalidRequest
	case err != nil:
		return nil, err
	case e.Batch():
		return logical.ErrorResponse("batch tokens cannot be revoked"), nil
	}
	if err := a.revokeOrphaning(ctx, e); err != nil {
		return logical.ErrorResponse(err.Error()), logical.ErrInvalidRequest
	}
	return nil, nil
}

// CallerHasSudo reports whether the caller's policies give root privileges on a path of
// the request's namespace.
func (a *Authority) CallerHasSudo(ctx context.Context, req *logical.Request, path string) (bool, error) {
	e, err := a.tokens.Lookup(ctx, CallerID(req))
	if err != nil {
		return false, err
	}
	acl, err := a.acl(ctx, e)
	if err != nil {
		return false, err
	}
	return acl.Sudo(path), nil
}

// callerHasSudo reports whether the caller's policies give root privileges on
// the request's path.
func (a *Authority) callerHasSudo(ctx context.Context, req *logical.Request) (bool, error) {
	return a.CallerHasSudo(ctx, req, "auth/token/"+req.Path)
}
