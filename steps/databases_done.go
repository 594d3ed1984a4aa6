// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"slices"
	"strings"
)

// statementsDone gives roles the statements of the profile with the name or the password of
// another user in them, and wants these to be carried out as they are: a plugin that only
// looks at them, and does what it always does, does something else.
func (w *world) statementsDone(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	user := w.users[len(w.users)-1]
	if err := w.usersIssued(ctx, mount); err != nil {
		return err
	}
	other := w.users[len(w.users)-1]
	compared := false
	for _, check := range []func(context.Context, string, DatabaseProfile, databaseUser, databaseUser) (bool, error){
		w.creationDone, w.rotationDone, w.revocationDone, // which deletes the other one
	} {
		done, err := check(ctx, mount, profile, user, other)
		if err != nil {
			return err
		}
		compared = compared || done
	}
	if !compared {
		return &NotCheckedError{Reason: "the profile has no creation_statements and rotation_statements with {{password}}, and no revocation_statements with {{name}} or {{username}}"}
	}
	return nil
}

// instead returns statements with a value in place of what stands for one, and whether they
// had that.
func instead(statements []string, value string, names ...string) (_ []string, had bool) {
	changed := slices.Clone(statements)
	for n := range changed {
		for _, name := range names {
			changed[n] = strings.ReplaceAll(changed[n], "{{"+name+"}}", value)
		}
	}
	return changed, !slices.Equal(changed, statements)
}

// creationDone creates a user with the password of another one in the statements.
func (w *world) creationDone(ctx context.Context, mount string, profile DatabaseProfile, _, other databaseUser) (bool, error) {
	statements, had := instead(profile.CreationStatements, other.password, "password")
	if !had {
		return false, nil
	}
	if err := w.createdBy(ctx, mount, "named-password", statements); err != nil || !w.answer.ok() {
		return false, err
	}
	made, got := databaseUser{name: textAt(w.answer, "data.username"), password: textAt(w.answer, "data.password")}, w.answer
	w.secrets = append(w.secrets, made.password)
	if connects, err := w.connectAs(ctx, mount, made); err != nil || !connects {
		return true, err
	}
	return w.namedPasswordSet(ctx, mount, "creation_statements", made, other.password, got)
}

// rotationDone changes the password of a user by statements that have that of another one.
func (w *world) rotationDone(ctx context.Context, mount string, profile DatabaseProfile, user, other databaseUser) (bool, error) {
	statements, had := instead(profile.RotationStatements, other.password, "password")
	if !had {
		return false, nil
	}
	accepted, connects, err := w.rotatedBy(ctx, mount, user, statements)
	if err != nil || !accepted || !connects {
		return accepted, err
	}
	return w.namedPasswordSet(ctx, mount, "rotation_statements", user, other.password, w.answer)
}

// namedPasswordSet wants a user, who can connect with the password of the server, to have the
// one that statements named.
func (w *world) namedPasswordSet(ctx context.Context, mount, statements string, user databaseUser, named string, got *answer) (bool, error) {
	connects, err := w.connectAs(ctx, mount, databaseUser{name: user.name, password: named})
	if err != nil || connects {
		return true, err
	}
	w.answer = got
	return true, mismatch("the password that the "+statements+" of a role name to be set", "it is not, and the user can connect with the password of the server: "+describeAnswer(got))
}

// revocationDone revokes a user by statements that delete another one.
func (w *world) revocationDone(ctx context.Context, mount string, profile DatabaseProfile, _, other databaseUser) (bool, error) {
	statements, had := instead(profile.RevocationStatements, other.name, "name", "username")
	if !had {
		return false, nil
	}
	if err := w.usersIssued(ctx, mount); err != nil {
		return false, err
	}
	last := len(w.users) - 1
	if err := w.role(ctx, mount, "app", map[string]any{"revocation_statements": statements}); err != nil {
		return false, err
	}
	if err := w.askLease(ctx, "revoke", w.leases[last]); err != nil {
		return false, err
	}
	got := w.answer
	if err := w.role(ctx, mount, "app", nil); err != nil || !got.ok() {
		return false, err
	}
	there, err := w.connectAs(ctx, mount, other)
	if err != nil || !there {
		return true, err
	}
	still, err := w.connectAs(ctx, mount, w.users[last])
	if err != nil || still {
		return false, err
	}
	w.answer = got
	return true, mismatch("the user that the revocation_statements of a role name to be deleted, and no other", "that of the lease is, and the one that they name is not")
}
