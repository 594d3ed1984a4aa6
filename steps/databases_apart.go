// SPDX-License-Identifier: MPL-2.0

package steps

import "context"

// usersLeftAlone changes the password of the last user, and deletes it, and wants the
// first one to be able to connect after both.
func (w *world) usersLeftAlone(ctx context.Context, mount string) error {
	if err := w.usersDiffer(); err != nil {
		return err
	}
	first, last := w.users[0], len(w.users)-1
	stays := func(what string) error {
		connected, err := w.connectAs(ctx, mount, first)
		if err == nil && !connected {
			err = mismatch("another user to be able to connect as before when "+what, describeAnswer(w.answer))
		}
		return err
	}
	w.users, w.leases = w.users[last:], w.leases[last:]
	if err := w.staticRole(ctx, mount, "last", w.users[0]); err != nil {
		return err
	}
	if err := stays("the password of one was changed"); err != nil {
		return err
	}
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	return stays("one was deleted")
}
