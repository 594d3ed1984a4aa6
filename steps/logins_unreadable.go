// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxFailedReads bounds how many reads of one login are made to fail, one at a time.
const maxFailedReads = 8

// loginsClosed makes one read of each login fail after the other, and wants no login with
// wrong data, and none with the right data that gives more than it does otherwise.
func (w *world) loginsClosed(ctx context.Context, mount string) error {
	tried := false
	for _, right := range slices.Clone(w.loggedIn) {
		login := right.login
		for nth := 1; nth <= maxFailedReads; nth++ {
			failed, err := w.whileReadFails(ctx, mount, nth, func() error { return w.tryLogin(ctx, mount, login.Path, login.Data) })
			if err != nil {
				return err
			}
			if !failed {
				break
			}
			tried = true
			if more := w.morePolicies(right); len(more) > 0 {
				return mismatch(fmt.Sprintf("no other policies from a login at %s when its read number %d of the storage fails", login.Path, nth), "also "+strings.Join(more, ", ")+": "+describeAnswer(w.answer))
			}
			if login.Wrong == nil {
				continue
			}
			if _, err := w.whileReadFails(ctx, mount, nth, func() error { return w.tryLogin(ctx, mount, login.Path, login.Wrong) }); err != nil {
				return err
			}
			if err := w.refusedLogin(login.Path, fmt.Sprintf("wrong data when its read number %d of the storage fails", nth)); err != nil {
				return err
			}
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin reads nothing from its storage for the profile's logins"}
	}
	return nil
}

// whileReadFails does something while one read of the plugin at a mount fails, and reports
// whether it came to that.
func (w *world) whileReadFails(ctx context.Context, mount string, nth int, do func() error) (failed bool, err error) {
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return false, err
	}
	before, err := FailRead(ctx, w.server, path, nth)
	if err != nil {
		return false, err
	}
	err = do()
	after, ended := FailRead(ctx, w.server, path, 0)
	if err == nil {
		err = ended
	}
	return after > before, err
}

// morePolicies returns the policies of a token that those of a login before did not have.
func (w *world) morePolicies(before loggedIn) []string {
	had, _ := before.answer.lookup("auth.policies")
	has, _ := w.answer.lookup("auth.policies")
	return slices.DeleteFunc(asTexts(has), func(policy string) bool { return slices.Contains(asTexts(had), policy) })
}

// displayNamesStay carries every login out once more, and wants the display name to be the
// same: audit logs and names of database users have it.
func (w *world) displayNamesStay(ctx context.Context, mount string) error {
	names := func() ([]string, error) {
		var found []string
		for _, login := range w.loggedIn {
			if err := w.send(ctx, request{method: "GET", path: "auth/token/lookup-self", token: login.token}); err != nil {
				return nil, err
			}
			found = append(found, textAt(w.answer, "data.display_name"))
		}
		return found, nil
	}
	first, err := names()
	if err != nil {
		return err
	}
	logins := w.loggedIn
	if err := w.loginsSucceed(ctx, mount); err != nil {
		return err
	}
	second, err := names()
	if err != nil {
		return err
	}
	for n := range first {
		if n < len(second) && first[n] != second[n] {
			return mismatch(fmt.Sprintf("the display name of a second login at %s to be that of the first, %q", logins[n].login.Path, first[n]), fmt.Sprintf("%q", second[n]))
		}
	}
	return nil
}
