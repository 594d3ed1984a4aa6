// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
)

// rolesBeside sets another mount up with half the time to live in what credentials are
// made from, and wants the leases of both to be as their own say.
func (w *world) rolesBeside(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	beside := besideMount(mount)
	if err := w.subjectOwnMount(ctx, beside); err != nil {
		return err
	}
	compared := false
	for _, lease := range w.leases {
		origin, ttl, ok := installed.subject.Profile.shortened(lease.write)
		if !ok {
			continue
		}
		if err := w.write(ctx, w.below(beside, origin.Path), origin.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
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
			if compared = true; !of.fits(got) {
				return mismatch(fmt.Sprintf("a lease of %s/%s of %s: %s there says so, and something else at another mount", of.mount, lease.write.Path, of.want, origin.Path), describeAnswer(got.answer))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no write of the profile's setup has the field ttl for the name that ends the path of the credentials, and may be changed"}
	}
	return nil
}
