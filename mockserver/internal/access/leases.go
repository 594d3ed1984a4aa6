// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// tokenLeaseID is the ID of a service token's lease, marked as one of the token's
// namespace.
func tokenLeaseID(e *token.Entry) string {
	id := path.Join(e.Path, e.Key)
	if e.NamespaceID != "" && e.NamespaceID != namespace.RootID {
		id += "." + e.NamespaceID
	}
	return id
}

// tokenLease is a new lease for a service token, without the token itself.
func (a *Authority) tokenLease(e *token.Entry, auth *logical.Auth) *lease.Lease {
	kept := *auth
	kept.ClientToken = ""
	return &lease.Lease{
		ID: tokenLeaseID(e), Path: e.Path, Holder: e.Key, Auth: &kept,
		Issued: a.clock.Now(), Ends: a.ends(auth.LeaseOptions),
	}
}

// ends returns when what is leased from now on ends; zero for never.
func (a *Authority) ends(lease logical.LeaseOptions) time.Time {
	if !lease.LeaseEnabled() {
		return time.Time{}
	}
	return a.clock.Now().Add(lease.LeaseTotal())
}

// asMissingToken: a token without lease doesn't exist.
func asMissingToken(err error) error {
	if errors.Is(err, lease.ErrNotFound) {
		return token.ErrNotFound
	}
	return err
}

// ttls are a mount's bounds in the form in which the SDK calculates with them.
func (m Mount) ttls() logical.SystemView {
	return logical.StaticSystemView{DefaultLeaseTTLVal: m.DefaultTTL, MaxLeaseTTLVal: m.MaxTTL}
}

// mount returns the mount of a path, or an error that isn't the caller's fault.
func (a *Authority) mount(ctx context.Context, path string) (Mount, error) {
	m, ok := a.router.Mount(ctx, path)
	if !ok {
		return m, fmt.Errorf("no mount for path %q", path)
	}
	return m, nil
}

// leaseSecret makes a lease of a secret that a backend answered. If the lease can't be
// stored the secret is revoked, since nobody would.
func (a *Authority) leaseSecret(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response) error {
	m, err := a.mount(ctx, req.Path)
	if err != nil {
		return err
	}
	if m.Unleased {
		resp.Secret.Renewable = false
		return nil
	}
	if te == nil {
		return errors.New("cannot register a lease with an empty client token")
	}
	ttl, warnings, err := framework.CalculateTTL(m.ttls(), 0, resp.Secret.TTL, 0, resp.Secret.MaxTTL, 0, time.Time{})
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		resp.AddWarning(warning)
	}
	resp.Secret.TTL = ttl
	l, err := a.secretLease(ctx, req, te, resp)
	if err != nil {
		return err
	}
	if err := a.leases.Add(ctx, l); err != nil {
		if revokeErr := a.revokeLeased(context.WithoutCancel(ctx), l); revokeErr != nil {
			err = errors.Join(err, fmt.Errorf("and its secret can't be revoked: %w", revokeErr))
		}
		return errors.Join(err, a.leases.Drop(ctx, l.ID))
	}
	// Whoever revokes the holder closes it before looking for its secrets, so
	// either they find this one or this finds the holder closed.
	if l.Holder != "" {
		if closed, err := a.isClosed(ctx, l.Holder); err != nil || closed {
			if err := errors.Join(err, a.leases.Hasten(ctx, l.ID)); err != nil {
				return err
			}
		}
	}
	resp.Secret.LeaseID = l.ID
	// Rounded, since the time has begun to run.
	resp.Secret.TTL = a.clock.Until(l.Ends).Round(time.Second)
	return nil
}

func (a *Authority) secretLease(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response) (*lease.Lease, error) {
	if resp.Secret.TTL < 0 {
		return nil, errors.New("ttl duration must not be less than zero")
	}
	id, err := newLeaseID(namespace.From(ctx), req.Path)
	if err != nil {
		return nil, err
	}
	secret := *resp.Secret
	l := &lease.Lease{
		ID: id, Path: req.Path, Data: resp.Data, Secret: &secret,
		Issued: a.clock.Now(), Ends: a.ends(secret.LeaseOptions),
	}
	if te.Type != logical.TokenTypeBatch {
		l.Holder = a.tokens.Key(te.ID)
		return l, nil
	}
	// A batch token can't be revoked: its secrets go with its parent, and end
	// when it ends.
	l.Holder = te.Parent
	l.HolderEnds = time.Unix(te.CreationTime, 0).Add(te.TTL)
	if l.Ends.After(l.HolderEnds) {
		l.Ends = l.HolderEnds
	}
	return l, nil
}

// Now returns the time by which tokens and leases end.
func (a *Authority) Now() time.Time { return a.clock.Now() }

// Leases returns the leases of secrets and tokens.
func (a *Authority) Leases() *lease.Manager { return a.leases }

// RenewLease extends the lease of a secret and returns the answer of its plugin.
// A refusal of the plugin is an error with a response, see Refusal.
func (a *Authority) RenewLease(ctx context.Context, id string, increment time.Duration) (resp *logical.Response, err error) {
	err = a.leases.Change(ctx, id, func(l *lease.Lease) error {
		resp, err = a.renewSecret(a.within(ctx, l.ID), l, increment)
		return err
	})
	return resp, err
}

// renewSecret asks the plugin for how long a secret may live on, and extends
// its lease within the mount's bounds.
func (a *Authority) renewSecret(ctx context.Context, l *lease.Lease, increment time.Duration) (*logical.Response, error) {
	if err := l.CheckRenewable(a.clock.Now()); err != nil {
		return nil, err
	}
	if l.Secret == nil {
		return nil, refuse("tokens cannot be renewed through this endpoint")
	}
	secret := *l.Secret
	// Plugins go by the system's time.
	secret.IssueTime, secret.Increment, secret.LeaseID = a.clock.System(l.Issued), increment, ""
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
	m, err := a.mount(ctx, l.Path)
	if err != nil {
		return nil, err
	}
	ttl, warnings, err := framework.CalculateTTL(m.ttls(), increment, resp.Secret.TTL, 0, resp.Secret.MaxTTL, 0, a.clock.System(l.Issued))
	if err != nil {
		return nil, err
	}
	for _, warning := range warnings {
		resp.AddWarning(warning)
	}
	resp.Secret.TTL, resp.Secret.LeaseID = ttl, l.ID
	kept := *resp.Secret
	l.Data, l.Secret, l.Ends, l.Renewed = resp.Data, &kept, a.ends(kept.LeaseOptions), a.clock.Now()
	if !l.HolderEnds.IsZero() && l.Ends.After(l.HolderEnds) {
		l.Ends = l.HolderEnds
		resp.Secret.TTL = l.Ends.Sub(l.Renewed)
	}
	return resp, nil
}

// Irrevocable visits the leases of the namespace of ctx that could not be revoked, with
// the mount of each.
func (a *Authority) Irrevocable(ctx context.Context, visit func(l *lease.Lease, m Mount)) error {
	return a.leases.Each(ctx, func(l *lease.Lease) error {
		if m, ok := a.router.Mount(ctx, l.Path); ok && l.Failure != "" {
			visit(l, m)
		}
		return nil
	})
}
