// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"time"
)

// keptLease looks up a lease whose identifier was kept under a name.
func (w *world) keptLease(ctx context.Context, name string) (id string, err error) {
	id, ok := w.saved[name]
	if !ok {
		return "", fmt.Errorf("no lease was kept as %q", name)
	}
	return id, w.askNamedLease(ctx, "lookup", id)
}

// leaseValid wants a kept lease to be found.
func (w *world) leaseValid(ctx context.Context, name string) error {
	if _, err := w.keptLease(ctx, name); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch("the lease "+name+" to be found", describeAnswer(w.answer))
	}
	return nil
}

// leaseGone wants a kept lease not to be found.
func (w *world) leaseGone(ctx context.Context, name string) error {
	if _, err := w.keptLease(ctx, name); err != nil {
		return err
	}
	if w.answer.ok() {
		return mismatch("no lease "+name+" any more", describeAnswer(w.answer)+w.revocationLogged(ctx))
	}
	return nil
}

// leaseRevoked revokes a kept lease, which has to succeed at once.
func (w *world) leaseRevoked(ctx context.Context, name string) error {
	id, err := w.keptLease(ctx, name)
	if err != nil {
		return err
	}
	if err := w.askNamedLease(ctx, "revoke", id); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch("the lease "+name+" to be revoked", describeAnswer(w.answer))
	}
	return nil
}

// leaseExpires moves the time on to the end of a kept lease.
func (w *world) leaseExpires(ctx context.Context, name string) error {
	if err := w.leaseValid(ctx, name); err != nil {
		return err
	}
	return w.pass(ctx, secondsAt(w.answer, "data.ttl")+2*time.Second)
}
