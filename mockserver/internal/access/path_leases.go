// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/lease"
)

func (a *Authority) leasePaths() []*framework.Path {
	// Vault still has the paths from before 0.8, without leases/.
	prefix := "leases/"
	if a.dialect.OldLeasePaths {
		prefix = "(leases/)?"
	}
	leaseID := func() fields {
		return with(field("url_lease_id", framework.TypeString, "The lease identifier (path)"),
			field("lease_id", framework.TypeString, "The lease identifier"))
	}
	sync := fields{"sync": {Type: framework.TypeBool, Default: true, Description: "Whether to revoke before answering, or soon"}}
	under := func() fields { return field("prefix", framework.TypeString, "The path to revoke keys under") }
	lookupList := listPath("leases/lookup/(?P<prefix>.+?)?", a.listLeases, "List the leases below a prefix.")
	lookupList.Fields = under()
	count := &framework.Path{
		Pattern: "leases/count$",
		Fields:  field("type", framework.TypeString, "Only irrevocable leases are counted"),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: a.countLeases},
		},
		HelpSynopsis: "Count the leases that couldn't be revoked.",
	}
	irrevocable := &framework.Path{
		Pattern: "leases$",
		Fields:  field("type", framework.TypeString, "Only irrevocable leases are listed"),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: a.listIrrevocable},
		},
		HelpSynopsis: "List the leases that couldn't be revoked.",
	}
	return []*framework.Path{
		lookupList,
		writePath("leases/lookup", field("lease_id", framework.TypeString, "The lease identifier"), a.lookupLease, "Look up a lease."),
		writePath(prefix+"renew"+framework.OptionalParamRegex("url_lease_id"), with(leaseID(), incrementField()), a.renewLease, "Renew a lease."),
		writePath(prefix+"revoke"+framework.OptionalParamRegex("url_lease_id"), with(leaseID(), sync), a.revokeLease, "Revoke a lease."),
		writePath(prefix+"revoke-force/(?P<prefix>.+)", under(), a.revokeForce, "Revoke the leases below a prefix, whatever their backends say."),
		writePath(prefix+"revoke-prefix/(?P<prefix>.+)", with(under(), sync), a.revokePrefix, "Revoke the leases below a prefix."),
		writePath("leases/tidy$", nil, a.tidyLeases, "Remove what is left of leases that are gone."),
		count, irrevocable,
	}
}

// invalidRequest is how sys/ answers failures: as if they were the caller's.
func invalidRequest(err error) (*logical.Response, error) {
	return logical.ErrorResponse(err.Error()), logical.ErrInvalidRequest
}

func (a *Authority) lookupLease(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := d.Get("lease_id").(string)
	if id == "" {
		return logical.ErrorResponse("lease_id must be specified"), logical.ErrInvalidRequest
	}
	l, err := a.leases.Get(ctx, id)
	if errors.Is(err, lease.ErrNotFound) {
		return logical.ErrorResponse("invalid lease"), logical.ErrInvalidRequest
	}
	if err != nil {
		return invalidRequest(err)
	}
	data := map[string]any{
		"id": id, "issue_time": l.Issued, "expire_time": nil, "last_renewal": nil, "ttl": int64(0),
		"renewable": l.CheckRenewable() == nil,
	}
	if !l.Renewed.IsZero() {
		data["last_renewal"] = l.Renewed
	}
	if !l.Ends.IsZero() {
		data["expire_time"], data["ttl"] = l.Ends, l.TTL()
	}
	return &logical.Response{Data: data}, nil
}

func (a *Authority) listLeases(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	prefix := d.Get("prefix").(string)
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	names, err := a.leases.List(ctx, prefix)
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

func (a *Authority) renewLease(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := leaseIDOf(d)
	if id == "" {
		return logical.ErrorResponse("lease_id must be specified"), logical.ErrInvalidRequest
	}
	var resp *logical.Response
	err := a.leases.Change(ctx, id, func(l *lease.Lease) error {
		var err error
		resp, err = a.renewSecret(ctx, l, increment(d))
		return err
	})
	if refused, is := refusal(err); is {
		return refused, nil
	}
	if err != nil {
		return invalidRequest(err)
	}
	return resp, nil
}

// renewSecret asks the plugin for how long a secret may live on, and extends
// its lease within the mount's bounds.
func (a *Authority) renewSecret(ctx context.Context, l *lease.Lease, increment time.Duration) (*logical.Response, error) {
	if err := l.CheckRenewable(); err != nil {
		return nil, err
	}
	if l.Secret == nil {
		return nil, refuse("tokens cannot be renewed through this endpoint")
	}
	secret := *l.Secret
	secret.IssueTime, secret.Increment, secret.LeaseID = l.Issued, increment, ""
	resp, err := a.router.Route(ctx, logical.RenewRequest(l.Path, &secret, l.Data))
	if err == nil && resp.IsError() {
		err = resp.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("failed to renew entry: resp: %#v err: %w", resp, err)
	}
	if resp == nil || resp.Secret == nil {
		return nil, nil
	}
	m, err := a.mount(l.Path)
	if err != nil {
		return nil, err
	}
	ttl, warnings, err := framework.CalculateTTL(m.ttls(), increment, resp.Secret.TTL, 0, resp.Secret.MaxTTL, 0, l.Issued)
	if err != nil {
		return nil, err
	}
	for _, warning := range warnings {
		resp.AddWarning(warning)
	}
	resp.Secret.TTL, resp.Secret.LeaseID = ttl, l.ID
	kept := *resp.Secret
	l.Data, l.Secret, l.Ends, l.Renewed = resp.Data, &kept, kept.ExpirationTime(), time.Now()
	if !l.HolderEnds.IsZero() && l.Ends.After(l.HolderEnds) {
		l.Ends = l.HolderEnds
		resp.Secret.TTL = l.Ends.Sub(l.Renewed)
	}
	return resp, nil
}

func (a *Authority) revokeLease(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := leaseIDOf(d)
	if id == "" {
		return logical.ErrorResponse("lease_id must be specified"), logical.ErrInvalidRequest
	}
	sync := d.Get("sync").(bool)
	var err error
	if sync {
		err = a.leases.Revoke(ctx, id, false)
	} else {
		err = a.leases.Hasten(ctx, id)
	}
	return revoked(err, sync)
}

func (a *Authority) revokePrefix(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	sync := d.Get("sync").(bool)
	err := a.leases.RevokePrefix(ctx, d.Get("prefix").(string), false, !sync)
	return revoked(err, sync)
}

func (a *Authority) revokeForce(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	err := a.leases.RevokePrefix(ctx, d.Get("prefix").(string), true, false)
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

// irrevocable visits the leases that couldn't be revoked.
func (a *Authority) irrevocable(ctx context.Context, d *framework.FieldData, visit func(l *lease.Lease, m Mount)) (asked bool, err error) {
	if !strings.EqualFold(d.Get("type").(string), "irrevocable") {
		return false, nil
	}
	return true, a.leases.Each(ctx, func(l *lease.Lease) error {
		if m, ok := a.router.Mount(l.Path); ok && l.Failure != "" {
			visit(l, m)
		}
		return nil
	})
}

func (a *Authority) countLeases(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	total, counts := 0, map[string]int{}
	asked, err := a.irrevocable(ctx, d, func(_ *lease.Lease, m Mount) {
		total++
		counts[m.Accessor]++
	})
	if err != nil || !asked {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"lease_count": total, "counts": counts}}, nil
}

func (a *Authority) listIrrevocable(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	leases := []map[string]any{}
	asked, err := a.irrevocable(ctx, d, func(l *lease.Lease, m Mount) {
		leases = append(leases, map[string]any{"lease_id": l.ID, "mount_id": m.Accessor, "error": l.Failure})
	})
	if err != nil || !asked {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"lease_count": len(leases), "leases": leases}}, nil
}
