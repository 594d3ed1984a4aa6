// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"net/http"
	"slices"
)

// The requirements about statements that others build on.
const (
	reportsDeletion  = "PLG-931"
	reportsPasswords = "PLG-933"
)

// noStatement is a statement that no database can execute.
const noStatement = "plugproof knows that this is no statement"

// creationFails wants no user where a creation statement can't be executed: the only one,
// and where the profile has several the last one.
func (w *world) creationFails(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	if len(profile.CreationStatements) == 0 {
		return &NotCheckedError{Reason: "the profile has no creation_statements"}
	}
	wrong := map[string][]string{"broken-only": {noStatement}}
	if len(profile.CreationStatements) > 1 {
		wrong["broken-last"] = append(slices.Clone(profile.CreationStatements), noStatement)
	}
	for name, statements := range wrong {
		if err := w.createdBy(ctx, mount, name, statements); err != nil {
			return err
		}
		if w.answer.ok() {
			return mismatch("an error for a user of creation_statements of which one can't be executed", describeAnswer(w.answer))
		}
	}
	return nil
}

// createdBy asks for a user of a role with other creation statements.
func (w *world) createdBy(ctx context.Context, mount, role string, statements []string) error {
	if err := w.role(ctx, mount, role, map[string]any{"creation_statements": statements}); err != nil {
		return err
	}
	return w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/"+role), "")
}

// databaseProfile returns the part of the profile about databases.
func (w *world) databaseProfile() (DatabaseProfile, error) {
	installed, err := w.installed()
	if err != nil {
		return DatabaseProfile{}, err
	}
	return installed.subject.Profile.Database, nil
}

// revocationFails wants an error for a revocation whose statement can't be executed, unless
// the user is gone all the same: then the plugin has statements of its own.
func (w *world) revocationFails(ctx context.Context, mount string) error {
	accepted, connects, err := w.revokedByNothing(ctx, mount)
	switch {
	case err != nil || !accepted:
		return err
	case connects:
		return mismatch("an error for a revocation whose statement can't be executed", "a success, and the user can still connect: "+describeAnswer(w.answer))
	}
	return &NotCheckedError{Reason: "the plugin deletes users without the revocation_statements of their role"}
}

// revokedByNothing revokes the scenario's user by a statement that can't be executed, and
// reports whether that succeeded, and whether the user can connect afterwards. The
// statements of the profile are used again then.
func (w *world) revokedByNothing(ctx context.Context, mount string) (accepted, connects bool, err error) {
	if err := w.role(ctx, mount, "app", map[string]any{"revocation_statements": []string{noStatement}}); err != nil {
		return false, false, err
	}
	last := len(w.leases) - 1
	if err := w.askLease(ctx, "revoke", w.leases[last]); err != nil {
		return false, false, err
	}
	got := w.answer
	if connects, err = w.connectAs(ctx, mount, w.users[last]); err != nil {
		return false, false, err
	}
	if err := w.role(ctx, mount, "app", nil); err != nil {
		return false, false, err
	}
	w.answer = got
	return got.ok(), connects, nil
}

// statementsUsed wants an error wherever a statement of a kind that the profile has can't
// be executed.
func (w *world) statementsUsed(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	if profile.RenewStatements == nil && profile.RotationStatements == nil && profile.RevocationStatements == nil {
		return &NotCheckedError{Reason: "the profile has no renew_statements, rotation_statements and revocation_statements"}
	}
	user := w.users[len(w.users)-1]
	if profile.RenewStatements != nil {
		if err := w.role(ctx, mount, "app", map[string]any{"renew_statements": []string{noStatement}}); err != nil {
			return err
		}
		if err := w.askLease(ctx, "renew", w.leases[len(w.leases)-1]); err != nil {
			return err
		}
		if w.answer.ok() {
			return mismatch("an error for a renewal whose renew_statements can't be executed", describeAnswer(w.answer))
		}
	}
	if profile.RotationStatements != nil {
		accepted, connects, err := w.rotatedBy(ctx, mount, user, []string{noStatement})
		if err != nil {
			return err
		}
		if accepted && !connects && !profile.NoLogin {
			return &NotCheckedError{Reason: "the plugin does not report that a password can't be changed, see " + reportsPasswords}
		}
		if accepted {
			return mismatch("an error for a change of a password whose rotation_statements can't be executed", describeAnswer(w.answer))
		}
	}
	if profile.RevocationStatements == nil {
		return nil
	}
	accepted, connects, err := w.revokedByNothing(ctx, mount)
	if err == nil && accepted && connects && !profile.NoLogin {
		return &NotCheckedError{Reason: "the plugin does not report that a user can't be deleted, see " + reportsDeletion}
	}
	if err == nil && accepted {
		return mismatch("an error for a revocation whose revocation_statements can't be executed", describeAnswer(w.answer))
	}
	return err
}

// rotatedBy makes a user a static role with rotation statements, and reports whether that
// succeeded, and whether the user can connect with the password that the server shows.
func (w *world) rotatedBy(ctx context.Context, mount string, user databaseUser, statements []string) (accepted, connects bool, err error) {
	suffix, err := newSuffix()
	if err != nil {
		return false, false, err
	}
	fields := map[string]any{"db_name": mainConnection, "username": user.name, "rotation_period": "24h"}
	if statements != nil {
		fields["rotation_statements"] = statements
	}
	name := "rotated" + suffix
	if err := w.write(ctx, w.below(mount, "static-roles/"+name), fields); err != nil || !w.answer.ok() {
		return false, false, err
	}
	got := w.answer
	if err := w.must(ctx, http.MethodGet, w.below(mount, "static-creds/"+name), ""); err != nil {
		return false, false, err
	}
	user.password = textAt(w.answer, "data.password")
	w.secrets = append(w.secrets, user.password)
	connects, err = w.connectAs(ctx, mount, user)
	w.answer = got
	return true, connects, err
}

// passwordFails wants an error for a password that can't be set: by a statement that can't
// be executed, and of a user who does not exist.
func (w *world) passwordFails(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	tries := []struct {
		what       string
		user       databaseUser
		statements []string
	}{
		{"by a statement that can't be executed", w.users[len(w.users)-1], []string{noStatement}},
		{"of a user who does not exist", databaseUser{name: "plugproof_nobody"}, profile.RotationStatements},
	}
	for _, try := range tries {
		accepted, connects, err := w.rotatedBy(ctx, mount, try.user, try.statements)
		if err != nil {
			return err
		}
		if accepted && !connects {
			return mismatch("an error for the change of a password "+try.what, "a success, and nobody can connect with the new password: "+describeAnswer(w.answer))
		}
	}
	return nil
}
