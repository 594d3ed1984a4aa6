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
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// tokenLeaseID is the ID of a service token's lease.
func tokenLeaseID(e *token.Entry) string { return path.Join(e.Path, e.Key) }

// tokenLease is a new lease for a service token, without the token itself.
func tokenLease(e *token.Entry, auth *logical.Auth) *lease.Lease {
	kept := *auth
	kept.ClientToken = ""
	return &lease.Lease{
		ID: tokenLeaseID(e), Path: e.Path, Holder: e.Key, Auth: &kept,
		Issued: time.Now(), Ends: auth.ExpirationTime(),
	}
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
func (a *Authority) mount(path string) (Mount, error) {
	m, ok := a.router.Mount(path)
	if !ok {
		return m, fmt.Errorf("no mount for path %q", path)
	}
	return m, nil
}

// leaseSecret makes a lease of a secret that a backend answered. If that fails
// the secret is revoked, since nobody would.
func (a *Authority) leaseSecret(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response) error {
	m, err := a.mount(req.Path)
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
	l, err := a.secretLease(req, te, resp)
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
	resp.Secret.TTL = time.Until(l.Ends).Round(time.Second)
	return nil
}

func (a *Authority) secretLease(req *logical.Request, te *logical.TokenEntry, resp *logical.Response) (*lease.Lease, error) {
	if resp.Secret.TTL < 0 {
		return nil, errors.New("ttl duration must not be less than zero")
	}
	id, err := newLeaseID(req.Path)
	if err != nil {
		return nil, err
	}
	secret := *resp.Secret
	l := &lease.Lease{
		ID: id, Path: req.Path, Data: resp.Data, Secret: &secret,
		Issued: time.Now(), Ends: secret.ExpirationTime(),
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
