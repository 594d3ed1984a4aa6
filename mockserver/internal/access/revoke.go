// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// revokeLeased ends what a lease stands for: a token with its children, or a
// secret, which its plugin revokes.
func (a *Authority) revokeLeased(ctx context.Context, l *lease.Lease) error {
	ctx = a.within(ctx, l.ID)
	if l.Auth != nil {
		if err := a.revokeTree(ctx, l.Holder); err != nil {
			return fmt.Errorf("failed to revoke token: %w", err)
		}
		return nil
	}
	secret := *l.Secret
	secret.IssueTime = a.clock.System(l.Issued)
	resp, err := a.router.Route(ctx, logical.RevokeRequest(l.Path, &secret, l.Data))
	if err != nil || resp.IsError() {
		if err == nil {
			err = resp.Error()
		}
		return fmt.Errorf("failed to revoke entry: resp: %#v err: %w", resp, err)
	}
	return nil
}

// RevokeUnnoted revokes what a lease stands for and keeps the lease.
func (a *Authority) RevokeUnnoted(ctx context.Context, leaseID string) error {
	l, err := a.leases.Get(ctx, leaseID)
	if err != nil {
		return err
	}
	return a.revokeLeased(ctx, l)
}

// RevokePrefix revokes all leases and tokens below a mount, "x/" or "auth/x/" of the
// namespace of ctx, and is done when it returns: for unmounting. The first plugin that can't
// revoke one ends it with an error.
func (a *Authority) RevokePrefix(ctx context.Context, prefix string) error {
	return a.leases.RevokePrefix(ctx, prefix, false, false)
}

// revokeToken revokes a service token and its children at once.
func (a *Authority) revokeToken(ctx context.Context, e *token.Entry) error {
	if err := a.ensureLease(ctx, e); err != nil {
		return err
	}
	return a.leases.Revoke(ctx, tokenLeaseID(e), false)
}

// revokeTokenSoon leaves the revocation to the background. The token can't be
// used any more.
func (a *Authority) revokeTokenSoon(ctx context.Context, e *token.Entry) error {
	if err := a.ensureLease(ctx, e); err != nil {
		return err
	}
	return a.leases.Hasten(ctx, tokenLeaseID(e))
}

// ensureLease adds a lease for a token without one, so that it can be revoked.
func (a *Authority) ensureLease(ctx context.Context, e *token.Entry) error {
	_, err := a.leases.Get(ctx, tokenLeaseID(e))
	if errors.Is(err, lease.ErrNotFound) {
		return a.leases.Add(ctx, a.tokenLease(e, &logical.Auth{Policies: e.Policies, Accessor: e.Accessor}))
	}
	return err
}

// revokeTree ends a token and, first, its children. The lease of the first one
// is left to the caller.
func (a *Authority) revokeTree(ctx context.Context, key string) error {
	e, err := a.tokens.ByKey(ctx, key)
	if errors.Is(err, token.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// From here on it has no more children than it has now.
	if err := a.tokens.Close(ctx, key); err != nil {
		return err
	}
	children, err := a.tokens.Children(ctx, key)
	if err != nil {
		return fmt.Errorf("failed to scan for children: %w", err)
	}
	for _, child := range children {
		if err := a.revokeChild(ctx, child); err != nil {
			return err
		}
	}
	return a.endToken(ctx, e)
}

// isClosed reports whether a service token is gone or being revoked.
func (a *Authority) isClosed(ctx context.Context, key string) (bool, error) {
	e, err := a.tokens.ByKey(ctx, key)
	if errors.Is(err, token.ErrNotFound) {
		return true, nil
	}
	return err == nil && e.NumUses < 0, err
}

func (a *Authority) revokeChild(ctx context.Context, key string) error {
	e, err := a.tokens.ByKey(ctx, key)
	if errors.Is(err, token.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.revokeTree(ctx, key); err != nil {
		return err
	}
	return a.leases.Drop(ctx, tokenLeaseID(e))
}

// revokeOrphaning ends a token whose children live on without parent.
func (a *Authority) revokeOrphaning(ctx context.Context, e *token.Entry) error {
	if err := a.tokens.Close(ctx, e.Key); err != nil {
		return err
	}
	children, err := a.tokens.Children(ctx, e.Key)
	if err != nil {
		return fmt.Errorf("failed to scan for children: %w", err)
	}
	for _, child := range children {
		if err := a.tokens.Orphan(ctx, child); err != nil && !errors.Is(err, token.ErrNotFound) {
			return fmt.Errorf("failed to update child token: %w", err)
		}
	}
	if err := a.endToken(ctx, e); err != nil {
		return err
	}
	return a.leases.Drop(ctx, tokenLeaseID(e))
}

// endToken removes a token that was closed: first its cubbyhole, which is the
// most sensitive. What it holds ends in the background.
func (a *Authority) endToken(ctx context.Context, e *token.Entry) error {
	ctx = a.home(ctx, e)
	if _, ok := a.router.Mount(ctx, "cubbyhole/"); !ok && !namespace.From(ctx).IsRoot() {
		return errors.New("failed to revoke entry: no cubby mount entry")
	}
	if err := a.cubbyholes.Clear(ctx, e.CubbyholeID); err != nil {
		return err
	}
	if err := a.leases.HastenHeldBy(ctx, e.Key); err != nil {
		return err
	}
	return a.tokens.Delete(ctx, e)
}
