// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"
)

// databaseUser is a user that the checked plugin created.
type databaseUser struct {
	name, password string
}

// role writes a role of the engine with the statements of the profile.
func (w *world) role(ctx context.Context, mount, name string, more map[string]any) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := installed.subject.Profile.Database
	fields := map[string]any{"db_name": mainConnection, "default_ttl": "10m", "max_ttl": "1h"}
	for field, statements := range map[string][]string{
		"creation_statements": profile.CreationStatements, "revocation_statements": profile.RevocationStatements,
		"renew_statements": profile.RenewStatements, "rollback_statements": profile.RollbackStatements,
	} {
		if statements != nil {
			fields[field] = statements
		}
	}
	for field, value := range more {
		fields[field] = value
	}
	return w.mustWrite(ctx, w.below(mount, "roles/"+name), fields)
}

// usersIssued lets the plugin create a user.
func (w *world) usersIssued(ctx context.Context, mount string) error {
	if err := w.role(ctx, mount, "app", nil); err != nil {
		return err
	}
	return w.issueUser(ctx, mount, "app")
}

func (w *world) issueUser(ctx context.Context, mount, role string) error {
	lease, err := w.issueLease(ctx, mount, Write{Path: "creds/" + role})
	if err != nil {
		if len(w.users) > 0 {
			return err // it created one before, in this scenario
		}
		return w.seeOr(issuesUsers, "the plugin creates no user", err)
	}
	user := databaseUser{name: textAt(w.answer, "data.username"), password: textAt(w.answer, "data.password")}
	if user.name == "" {
		return w.seeOr(issuesUsers, "the plugin returns no username", mismatch("the name of the new user", describeAnswer(w.answer)))
	}
	w.secrets = append(w.secrets, user.password)
	w.leases = append(w.leases, lease)
	w.users = append(w.users, user)
	return nil
}

func textAt(a *answer, path string) string {
	value, _ := a.lookup(path)
	text, _ := value.(string)
	return text
}

// connectAs reports whether a user can connect in place of the profile's.
func (w *world) connectAs(ctx context.Context, mount string, user databaseUser) (bool, error) {
	if err := w.configure(ctx, trialConnection, mount, map[string]any{"username": user.name, "password": user.password}); err != nil {
		return false, err
	}
	return w.answer.ok(), nil
}

// usersConnect wants the new users to be able to connect.
func (w *world) usersConnect(ctx context.Context, mount string) error {
	for _, user := range w.users {
		connected, err := w.connectAs(ctx, mount, user)
		if err != nil {
			return err
		}
		if !connected {
			return mismatch("the new user to be able to connect with its password", describeAnswer(w.answer))
		}
	}
	return nil
}

// usersThatConnect creates users, and ends the scenario as not checked if they can't
// connect: what else is asked of them then is about something else.
func (w *world) usersThatConnect(ctx context.Context, mount string) error {
	if err := w.usersIssued(ctx, mount); err != nil {
		return err
	}
	if err := w.usersConnect(ctx, mount); err != nil {
		return w.seeOr(usersLogIn, "a new user can't connect", err)
	}
	return nil
}

// usersThatEnd creates a user after another one that was deleted.
func (w *world) usersThatEnd(ctx context.Context, mount string) error {
	if err := w.usersThatConnect(ctx, mount); err != nil {
		return err
	}
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	if err := w.usersRefused(ctx, mount); err != nil {
		return w.seeOr(deletesUsers, "a revocation does not delete the user", err)
	}
	w.users, w.leases = nil, nil
	return w.usersThatConnect(ctx, mount)
}

// usersThatChange creates a user whose password can be changed.
func (w *world) usersThatChange(ctx context.Context, mount string) error {
	if err := w.usersThatConnect(ctx, mount); err != nil {
		return err
	}
	err := w.passwordsChanged(ctx, mount)
	if err == nil {
		err = w.usersConnect(ctx, mount)
	}
	if err != nil {
		return w.seeOr(changesPasswords, "a user's password can't be changed", err)
	}
	return nil
}

// usersRefused wants no user to be able to connect any more.
func (w *world) usersRefused(ctx context.Context, mount string) error {
	for _, user := range w.users {
		connected, err := w.connectAs(ctx, mount, user)
		if err != nil {
			return err
		}
		if connected {
			return w.unverified(ctx, mount, mismatch("a user who was deleted not to be able to connect", describeAnswer(w.answer)))
		}
	}
	return nil
}

// usersDiffer wants no two users to have the same name.
func (w *world) usersDiffer() error {
	var names []string
	for _, user := range w.users {
		if slices.Contains(names, user.name) {
			failure := mismatch("each user to have a name of its own", "two users with the name "+strconv.Quote(user.name))
			if len(w.users) > 2 { // made at the same time, of which there is another requirement
				return failure
			}
			return w.seeOr(namesDiffer, "users have the same name", failure)
		}
		names = append(names, user.name)
	}
	return nil
}

// manyUsers lets many clients create users at the same time.
func (w *world) manyUsers(ctx context.Context, count int, mount string) error {
	// One after the other first.
	for range 2 {
		if err := w.usersIssued(ctx, mount); err != nil {
			return err
		}
	}
	if err := w.usersDiffer(); err != nil {
		return err
	}
	path, err := w.outgoing(w.below(mount, "creds/app"))
	if err != nil {
		return err
	}
	var guard sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	for range count {
		group.Go(func() error {
			got, err := w.client.do(groupCtx, request{method: http.MethodGet, path: path, token: w.server.Token()})
			if err != nil {
				return err
			}
			guard.Lock()
			defer guard.Unlock()
			if !got.ok() {
				return mismatch(fmt.Sprintf("%d clients to get a user each at the same time", count), describeAnswer(got))
			}
			user := databaseUser{name: textAt(got, "data.username"), password: textAt(got, "data.password")}
			w.users, w.secrets = append(w.users, user), append(w.secrets, user.password)
			return nil
		})
	}
	return group.Wait()
}

// withoutStatements creates a user of a role without statements: that is refused, or
// the plugin has some of its own.
func (w *world) withoutStatements(ctx context.Context, mount string) error {
	if err := w.role(ctx, mount, "bare", map[string]any{"creation_statements": []string{}}); err != nil {
		return err
	}
	if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/bare"), ""); err != nil {
		return err
	}
	if !w.answer.ok() {
		return nil
	}
	user := databaseUser{name: textAt(w.answer, "data.username"), password: textAt(w.answer, "data.password")}
	w.secrets = append(w.secrets, user.password)
	connected, err := w.connectAs(ctx, mount, user)
	if err != nil {
		return err
	}
	if !connected {
		return mismatch("a role without creation_statements to be refused, or its user to exist", "credentials, whose user can't connect: "+describeAnswer(w.answer))
	}
	return nil
}

// passwordsChanged lets the server take the users over as static roles, which changes
// their passwords.
func (w *world) passwordsChanged(ctx context.Context, mount string) error {
	w.oldUsers = slices.Clone(w.users)
	for i, user := range w.users {
		name := "static-" + strconv.Itoa(i)
		err := w.staticRole(ctx, mount, name, user)
		if failure := new(Failure); errors.As(err, &failure) {
			return w.seeOr(changesPasswords, "a user's password can't be changed", err)
		}
		if err != nil {
			return err
		}
		if err := w.must(ctx, http.MethodGet, w.below(mount, "static-creds/"+name), ""); err != nil {
			return err
		}
		w.users[i].password = textAt(w.answer, "data.password")
		w.secrets = append(w.secrets, w.users[i].password)
	}
	return nil
}

// staticRole makes a user a static role, whose password the server then changes.
func (w *world) staticRole(ctx context.Context, mount, name string, user databaseUser) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	fields := map[string]any{"db_name": mainConnection, "username": user.name, "rotation_period": "24h"}
	if statements := installed.subject.Profile.Database.RotationStatements; statements != nil {
		fields["rotation_statements"] = statements
	}
	return w.mustWrite(ctx, w.below(mount, "static-roles/"+name), fields)
}

// oldPasswordsRefused wants the passwords from before that to be refused.
func (w *world) oldPasswordsRefused(ctx context.Context, mount string) error {
	for _, user := range w.oldUsers {
		connected, err := w.connectAs(ctx, mount, user)
		if err != nil {
			return err
		}
		if connected {
			return w.unverified(ctx, mount, mismatch("the password from before the change to be refused", describeAnswer(w.answer)))
		}
	}
	return nil
}

// ownPasswordRotated configures a connection as a new user and lets the server rotate
// that user's password, so that the profile's keeps its own.
func (w *world) ownPasswordRotated(ctx context.Context, mount string) error {
	for _, user := range w.users {
		if _, err := w.connectAs(ctx, mount, user); err != nil {
			return err
		}
		if err := w.must(ctx, http.MethodPost, w.below(mount, "rotate-root/"+trialConnection), "{}"); err != nil {
			return err
		}
		if err := w.must(ctx, http.MethodPost, w.below(mount, "reset/"+trialConnection), "{}"); err != nil {
			return err
		}
	}
	return nil
}

// declaredCredentials creates a user with each type of credentials that the plugin
// says it supports and the server can make without more.
func (w *world) declaredCredentials(ctx context.Context, mount string) error {
	if err := w.usersIssued(ctx, mount); err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodGet, w.below(mount, "config/"+mainConnection), ""); err != nil {
		return err
	}
	declared, _ := w.answer.lookup("data.connection_details.supported_credential_types")
	checked := false
	for _, kind := range asTexts(declared) {
		if kind != "password" && kind != keyCredentials {
			continue
		}
		checked = true
		if err := w.role(ctx, mount, "of-"+kind, map[string]any{"credential_type": kind}); err != nil {
			return err
		}
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/of-"+kind), ""); err != nil {
			return err
		}
		if !w.answer.ok() {
			return mismatch("a user with credentials of the type "+kind+", which the plugin says it supports", describeAnswer(w.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "the plugin does not say which types of credentials it supports"}
	}
	return nil
}

// logHidesPasswords wants no line of the plugin's log to have a password.
func (w *world) logHidesPasswords(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	shared := installed.subject.Profile.sharedSecrets()
	passwords := slices.DeleteFunc(slices.Clone(installed.secrets), func(secret string) bool { return shared[secret] != "" })
	var names []string
	for _, user := range slices.Concat(w.users, w.oldUsers) {
		passwords, names = append(passwords, user.password), append(names, user.name)
	}
	planted := plantSecrets(slices.DeleteFunc(passwords, func(password string) bool { return password == "" }), names)
	return w.watchLog(ctx, func(line string) error {
		if _, ok := w.disclosed(planted, line); ok {
			return mismatch("no password in the plugin's log", w.mask(line))
		}
		return nil
	})
}
