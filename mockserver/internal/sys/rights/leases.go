// SPDX-License-Identifier: MPL-2.0

package rights

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

func (e *endpoints) leasePaths() []*framework.Path {
	// Vault still has the paths from before 0.8, without leases/.
	prefix := "leases/"
	if e.dialect.Leases.OldPaths {
		prefix = "(leases/)?"
	}
	leaseID := func() fields {
		return with(field("url_lease_id", framework.TypeString, "The lease identifier (path)"),
			field("lease_id", framework.TypeString, "The lease identifier"))
	}
	sync := fields{"sync": {Type: framework.TypeBool, Default: true, Description: "Whether to revoke before answering, or soon"}}
	under := func() fields { return field("prefix", framework.TypeString, "The path to revoke keys under") }
	increment := fields{"increment": {
		Type: framework.TypeDurationSecond, Default: 0,
		Description: "The desired increment in seconds to the token expiration",
	}}
	return []*framework.Path{
		path("leases/lookup/(?P<prefix>.+?)?", under(), e.listLeases, "List the leases below a prefix.", logical.ListOperation),
		writePath("leases/lookup", field("lease_id", framework.TypeString, "The lease identifier"), e.lookupLease, "Look up a lease."),
		writePath(prefix+"renew"+framework.OptionalParamRegex("url_lease_id"), with(leaseID(), increment), e.renewLease, "Renew a lease."),
		writePath(prefix+"revoke"+framework.OptionalParamRegex("url_lease_id"), with(leaseID(), sync), e.revokeLease, "Revoke a lease."),
		writePath(prefix+"revoke-force/(?P<prefix>.+)", under(), e.revokeForce, "Revoke the leases below a prefix, whatever their backends say."),
		writePath(prefix+"revoke-prefix/(?P<prefix>.+)", with(under(), sync), e.revokePrefix, "Revoke the leases below a prefix."),
		writePath("leases/tidy$", nil, e.tidyLeases, "Remove what is left of leases that are gone."),
		path("leases/count$", irrevocableFields(), e.countLeases, "Count the leases that couldn't be revoked.", logical.ReadOperation),
		path("leases$", with(irrevocableFields(), field("limit", framework.TypeString, "How many leases to list, or none for all")), e.listIrrevocable, "List the leases that couldn't be revoked.", logical.ReadOperation),
	}
}

func (e *endpoints) lookupLease(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := d.Get("lease_id").(string)
	if id == "" {
		return logical.ErrorResponse("lease_id must be specified"), logical.ErrInvalidRequest
	}
	l, err := e.lease(ctx, id)
	if errors.Is(err, lease.ErrNotFound) {
		return logical.ErrorResponse("invalid lease"), logical.ErrInvalidRequest
	}
	if err != nil {
		return invalidRequest(err)
	}
	data := map[string]any{
		"id": id, "issue_time": l.Issued, "expire_time": nil, "last_renewal": nil, "ttl": int64(0),
		"renewable": l.CheckRenewable(e.authority.Now()) == nil,
	}
	if e.dialect.Leases.Detailed {
		data["path"] = l.Path
		if l.Failure != "" {
			data["revoke_error"] = l.Failure
		}
	}
	if ns := namespace.From(ctx); !ns.IsRoot() {
		data["namespace_path"] = ns.Path
	}
	if !l.Renewed.IsZero() {
		data["last_renewal"] = l.Renewed
	}
	if !l.Ends.IsZero() {
		data["expire_time"], data["ttl"] = l.Ends, l.TTL(e.authority.Now())
	}
	return &logical.Response{Data: data}, nil
}

// lease returns a lease of the request's namespace. An ID that cannot be one is told
// everywhere.
func (e *endpoints) lease(ctx context.Context, id string) (*lease.Lease, error) {
	l, err := e.leases.Get(ctx, id)
	if err == nil && !namespace.From(ctx).Owns(id) {
		return nil, lease.ErrNotFound
	}
	return l, err
}

func (e *endpoints) listLeases(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	prefix := d.Get("prefix").(string)
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	names, err := e.leases.List(ctx, prefix)
	if err != nil {
		return invalidRequest(err)
	}
	return logical.ListResponse(names), nil
}

func leaseIDOf(d *framework.FieldData) string {
	if id := d.Get("lease_id").(string); id != "" {
		return id
	}
	return d.Get("url_lease_id").(string)
}

func (e *endpoints) renewLease(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := leaseIDOf(d)
	if id == "" {
		return logical.ErrorResponse("lease_id must be specified"), logical.ErrInvalidRequest
	}
	increment := time.Duration(d.Get("increment").(int)) * time.Second
	if _, err := e.lease(ctx, id); err != nil {
		return invalidRequest(err)
	}
	resp, err := e.authority.RenewLease(ctx, id, increment)
	if refused, is := access.Refusal(err); is {
		return refused, nil
	}
	if err != nil {
		return invalidRequest(err)
	}
	return resp, nil
}

func (e *endpoints) revokeLease(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := leaseIDOf(d)
	if id == "" {
		return logical.ErrorResponse("lease_id must be specified"), logical.ErrInvalidRequest
	}
	sync := d.Get("sync").(bool)
	_, err := e.lease(ctx, id)
	switch {
	case errors.Is(err, lease.ErrNotFound):
		err = nil // as if it were revoked
	case err != nil:
	case sync:
		err = e.leases.Revoke(ctx, id, false)
	default:
		err = e.leases.Hasten(ctx, id)
	}
	return revoked(err, sync)
}

func (e *endpoints) revokePrefix(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	sync := d.Get("sync").(bool)
	err := e.leases.RevokePrefix(ctx, d.Get("prefix").(string), false, !sync)
	return revoked(err, sync)
}

func (e *endpoints) revokeForce(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	err := e.leases.RevokePrefix(ctx, d.Get("prefix").(string), true, false)
	return revoked(err, true)
}

// revoked answers once a revocation is done, or accepted. Failures aren't
// logged: a caller may have taken a token for a lease ID.
func revoked(err error, sync bool) (*logical.Response, error) {
	switch {
	case err != nil:
		return invalidRequest(err)
	case sync:
		return nil, nil
	}
	return logical.RespondWithStatusCode(nil, nil, http.StatusAccepted)
}

func (e *endpoints) tidyLeases(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return e.authority.TidyLeases(req)
}
