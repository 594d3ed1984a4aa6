// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// rolesBeside sets another mount up with half the time to live in what credentials are
// made from, and wants the leases of both to be as their own say.
func (w *world) rolesBeside(ctx context.Context, mount string) error {
	beside := besideMount(mount)
	if err := w.subjectOwnMount(ctx, beside); err != nil {
		return err
	}
	return w.eachShortened(ctx, beside, func(lease issuedLease, origin Write, ttl time.Duration) error {
		for _, of := range []struct {
			mount string
			fits  func(issuedLease) bool
			want  string
		}{
			{beside, func(got issuedLease) bool { return got.duration <= ttl || lease.duration <= ttl }, "at most " + ttl.String()},
			{mount, func(got issuedLease) bool { return got.duration > ttl || lease.duration <= ttl }, lease.duration.String() + ", as before"},
		} {
			got, err := w.issueLease(ctx, of.mount, lease.write)
			if failure := new(Failure); errors.As(err, &failure) {
				return &NotCheckedError{Reason: "the credentials of " + lease.write.Path + " can't be had at two mounts"}
			}
			if err != nil {
				return err
			}
			if !of.fits(got) {
				return mismatch(fmt.Sprintf("a lease of %s/%s of %s: %s there says so, and something else at another mount", of.mount, lease.write.Path, of.want, origin.Path), describeAnswer(got.answer))
			}
		}
		return nil
	})
}
