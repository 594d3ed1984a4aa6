// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The connections whose settings differ.
const (
	rightConnection = "right"
	otherConnection = "wrong"
)

// settingsHidePasswords wants no read of a configuration to show its password.
func (w *world) settingsHidePasswords(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	hidden := func(connection string, secrets []string) error {
		if err := w.must(ctx, http.MethodGet, w.below(mount, "config/"+connection), ""); err != nil {
			return err
		}
		text := string(w.answer.body)
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
				w.secrets = append(w.secrets, secret)
				return mismatch("a configuration that is shown without the connection's password", w.mask(describeAnswer(w.answer)))
			}
		}
		return nil
	}
	// A password that is a part of another setting, as in an example, tells nothing.
	settings := installed.subject.Profile.Database.Connection
	secrets := slices.DeleteFunc(slices.Clone(installed.secrets), func(secret string) bool {
		for _, value := range settings {
			if text, ok := value.(string); ok && text != secret && strings.Contains(text, secret) {
				return true
			}
		}
		return false
	})
	if err := hidden(mainConnection, secrets); err != nil || w.passwordless() != nil {
		return err
	}
	if err := w.configure(ctx, trialConnection, mount, map[string]any{"password": wrongPassword, "verify_connection": false}); err != nil || !w.answer.ok() {
		return err
	}
	return hidden(trialConnection, []string{wrongPassword})
}

// settingsApart wants a connection to use its own settings while another one has a wrong
// password. Neither is verified, so that both are made when a user is asked for.
func (w *world) settingsApart(ctx context.Context, mount string) error {
	if err := w.passwordless(); err != nil {
		return err
	}
	for _, connection := range []string{rightConnection, otherConnection} {
		more := map[string]any{"verify_connection": false}
		if connection == otherConnection {
			more["password"] = wrongPassword
		}
		if err := w.configure(ctx, connection, mount, more); err != nil {
			return err
		}
		if !w.answer.ok() {
			return &NotCheckedError{Reason: "the plugin connects although nothing is to be verified, see " + unverified}
		}
		if err := w.role(ctx, mount, "of-"+connection, map[string]any{"db_name": connection}); err != nil {
			return err
		}
	}
	if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/of-"+rightConnection), ""); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch("a user of a connection beside another one that was configured later with a wrong password", describeAnswer(w.answer))
	}
	if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/of-"+otherConnection), ""); err != nil {
		return err
	}
	if w.answer.ok() {
		return mismatch("no user of a connection with a wrong password beside another one with the right one", describeAnswer(w.answer))
	}
	return nil
}

// togetherConnect lets many clients get users at the same time, all of whom have to be able
// to connect.
func (w *world) togetherConnect(ctx context.Context, count int, mount string) error {
	if err := w.usersThatConnect(ctx, mount); err != nil {
		return err
	}
	w.users = nil
	if err := w.manyUsers(ctx, count, mount); err != nil {
		return w.seeOr(manyAtOnce, "the plugin fails to create many users at the same time", err)
	}
	for _, user := range w.users {
		connected, err := w.connectAs(ctx, mount, user)
		if err != nil {
			return err
		}
		if !connected {
			return mismatch(fmt.Sprintf("each of %d users who were created at the same time to be able to connect with its password", count), describeAnswer(w.answer))
		}
	}
	return nil
}

// connectionsLeaveNothing makes connections, uses each and ends it, and wants nothing of
// them to stay in the process.
func (w *world) connectionsLeaveNothing(ctx context.Context, times int, mount string) error {
	comeAndGo := func(ctx context.Context, times int) error {
		if err := w.databaseConfigured(ctx, mainConnection, mount); err != nil { // which starts the process
			return err
		}
		for range times {
			if err := w.comeAndGo(ctx, mount); err != nil {
				return err
			}
		}
		w.forgetExchanges()
		return nil
	}
	if err := comeAndGo(ctx, 2); err != nil { // caches and pools are filled by then
		return err
	}
	before, err := w.sizeOfSubject(ctx)
	if err != nil {
		return err
	}
	if err := comeAndGo(ctx, times); err != nil {
		return err
	}
	after, err := w.sizeOfSubject(ctx)
	if err != nil {
		return err
	}
	wanted := fmt.Sprintf("a process that stays as it is over %d connections that ended", times)
	if after.Descriptors >= before.Descriptors+int32(times)*3/4 { // others may have ended meanwhile
		return mismatch(wanted, fmt.Sprintf("it grew from %d to %d descriptors", before.Descriptors, after.Descriptors))
	}
	place, left, err := w.leftBy(ctx, times, comeAndGo, everywhere)
	if unknown := new(NotCheckedError); errors.Is(err, ErrUnsupported) || errors.As(err, &unknown) {
		return nil // the descriptors are as they should be
	}
	if err == nil && left > 0 {
		err = mismatch(wanted, fmt.Sprintf("it grew to %d goroutines at %s", left, place))
	}
	return err
}

// comeAndGo makes another connection, creates a user over it and deletes both.
func (w *world) comeAndGo(ctx context.Context, mount string) error {
	if err := w.databaseConfigured(ctx, otherConnection, mount); err != nil {
		return err
	}
	if err := w.role(ctx, mount, "of-"+otherConnection, map[string]any{"db_name": otherConnection}); err != nil {
		return err
	}
	lease, err := w.issueLease(ctx, mount, Write{Path: "creds/of-" + otherConnection})
	if err != nil {
		return w.seeOr(issuesUsers, "the plugin creates no user", err)
	}
	w.secrets = append(w.secrets, textAt(w.answer, "data.password"))
	w.leases = []issuedLease{lease}
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	return w.must(ctx, http.MethodDelete, w.below(mount, "config/"+otherConnection), "")
}

// rotatedAgain wants each rotation of a static role to change the password, also over a
// connection that was made again.
func (w *world) rotatedAgain(ctx context.Context, mount string) error {
	for _, again := range []bool{false, true} {
		if again {
			if err := w.reconnects(ctx, mount); err != nil {
				return err
			}
		}
		old := slices.Clone(w.users)
		for i := range w.users {
			name := fmt.Sprintf("static-%d", i)
			if err := w.must(ctx, http.MethodPost, w.below(mount, "rotate-role/"+name), "{}"); err != nil {
				return err
			}
			if err := w.must(ctx, http.MethodGet, w.below(mount, "static-creds/"+name), ""); err != nil {
				return err
			}
			w.users[i].password = textAt(w.answer, "data.password")
			w.secrets = append(w.secrets, w.users[i].password)
		}
		if err := w.usersConnect(ctx, mount); err != nil {
			return err
		}
		w.oldUsers = old
		if err := w.oldPasswordsRefused(ctx, mount); err != nil {
			return err
		}
	}
	return nil
}

// keysLetIn wants a user with a key to be let in by it alone: not with an empty password,
// and where the profile's connection says how, with the key.
func (w *world) keysLetIn(ctx context.Context, mount string) error {
	if err := w.must(ctx, http.MethodGet, w.below(mount, "config/"+mainConnection), ""); err != nil {
		return err
	}
	declared, _ := w.answer.lookup("data.connection_details.supported_credential_types")
	if !slices.Contains(asTexts(declared), keyCredentials) {
		return &NotCheckedError{Reason: "the plugin does not say that it supports " + keyCredentials}
	}
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	if err := w.role(ctx, mount, "of-keys", map[string]any{"credential_type": keyCredentials}); err != nil {
		return err
	}
	w.users = nil
	var keys []string
	for range 2 {
		lease, err := w.issueLease(ctx, mount, Write{Path: "creds/of-keys"})
		if err != nil {
			return w.seeOr(givesDeclared, "the plugin does not give the types of credentials that it declares", err)
		}
		w.leases = append(w.leases, lease)
		w.users = append(w.users, databaseUser{name: textAt(w.answer, "data.username")})
		keys = append(keys, textAt(w.answer, "data."+keyCredentials))
		w.secrets = append(w.secrets, keys...)
	}
	with := func(more map[string]any) (bool, error) {
		more["username"] = w.users[0].name
		err := w.configure(ctx, trialConnection, mount, more)
		return err == nil && w.answer.ok(), err
	}
	let, err := with(map[string]any{"password": ""})
	if err != nil {
		return err
	}
	if let {
		return w.unverified(ctx, mount, mismatch("a user who was given a key not to be able to connect with an empty password", describeAnswer(w.answer)))
	}
	if profile.KeySetting == "" {
		return nil
	}
	by := func(key string) (bool, error) { return with(map[string]any{"password": nil, profile.KeySetting: key}) }
	if let, err = by(keys[0]); err == nil && !let {
		err = mismatch("a user to be able to connect with the key that it was given", describeAnswer(w.answer))
	}
	if err != nil {
		return err
	}
	if let, err = by(keys[1]); err == nil && let {
		err = mismatch("a user not to be able to connect with another one's key", describeAnswer(w.answer))
	}
	if err != nil {
		return err
	}
	static := map[string]any{"db_name": mainConnection, "username": w.users[0].name, "rotation_period": "24h", "credential_type": keyCredentials}
	if err := w.write(ctx, w.below(mount, "static-roles/of-keys-static"), static); err != nil || !w.answer.ok() {
		return err
	}
	if err := w.must(ctx, http.MethodGet, w.below(mount, "static-creds/of-keys-static"), ""); err != nil {
		return err
	}
	changed := textAt(w.answer, "data."+keyCredentials)
	w.secrets = append(w.secrets, changed)
	if let, err = by(changed); err == nil && !let {
		err = mismatch("a user to be able to connect with the key that a static role has changed", describeAnswer(w.answer))
	}
	return err
}
