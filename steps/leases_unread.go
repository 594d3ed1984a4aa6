// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
)

// eachReadFails does something again and again, with another of its reads failing each
// time, and wants it not to be done then. It reports whether a read failed.
func (w *world) eachReadFails(ctx context.Context, mount, what string, do func() error, done func() bool) (tried bool, err error) {
	for nth := 1; nth <= maxFailedReads; nth++ {
		failed, err := w.whileReadFails(ctx, mount, nth, do)
		if err != nil || !failed {
			return tried, err
		}
		tried = true
		if w.answer.ok() && done() {
			return tried, mismatch(fmt.Sprintf("an error for %s when its read number %d of the storage fails", what, nth), describeAnswer(w.answer))
		}
	}
	return tried, nil
}

// revocationsUnread revokes leases while one read of the plugin's storage after the other
// fails. Credentials of those that the plugin says it has revoked may not work any more.
func (w *world) revocationsUnread(ctx context.Context, mount string) error {
	tried := false
	for _, lease := range w.provable() {
		for nth := 1; nth <= maxFailedReads; nth++ {
			failed, err := w.whileReadFails(ctx, mount, nth, func() error { return w.askLease(ctx, "revoke", lease) })
			if err != nil {
				return err
			}
			if !failed {
				break
			}
			tried = true
			if !w.answer.ok() {
				continue
			}
			got := w.answer
			w.leases = []issuedLease{lease}
			err = w.credentialsDead(ctx, mount)
			if failure := new(Failure); errors.As(err, &failure) {
				w.answer = got
				return mismatch(fmt.Sprintf("an error for the revocation of the lease of %s when its read number %d of the storage fails, or credentials that do not work any more", lease.write.Path, nth),
					describeAnswer(got)+"\nand the credentials work: "+failure.Got)
			}
			if err != nil {
				return err
			}
			break
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin reads nothing from its storage for a revocation"}
	}
	return nil
}
