// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// databaseType is the type of database plugins and the name of the server's own
// engine that runs them.
const databaseType = "database"

// The requirements about databases that others build on.
const (
	connects    = "PLG-901"
	issuesUsers = "PLG-906"
	usersLogIn  = "PLG-908"

	verifies         = "PLG-902"
	connectsAgain    = "PLG-905"
	namesDiffer      = "PLG-907"
	deletesUsers     = "PLG-910"
	changesPasswords = "PLG-913"
	unverified       = "PLG-903"
	manyAtOnce       = "PLG-925"
	givesDeclared    = "PLG-926"
)

// wrongPassword is a password that no connection has; answers must not repeat it.
const wrongPassword = "plugproof-planted-password"

// keyCredentials is the type of credentials that are a key.
const keyCredentials = "rsa_private_key"

// The connections that scenarios configure.
const (
	mainConnection  = "main"
	trialConnection = "trial"
)

// configuration returns the body of a connection's configuration, with further
// settings; those that are nil are left out.
func (s *Subject) configuration(plugin string, more map[string]any) (string, error) {
	fields := maps.Clone(s.Profile.Database.Connection)
	if fields == nil {
		fields = map[string]any{}
	}
	fields["plugin_name"], fields["allowed_roles"] = plugin, "*"
	maps.Copy(fields, more)
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil })
	body, err := json.Marshal(fields)
	return string(body), err
}

// setUpDatabase configures the profile's connection at the shared mount. Without one,
// only whether the plugin starts is found out.
func (i *Installed) setUpDatabase(ctx context.Context) error {
	profile := i.subject.Profile.Database
	more := map[string]any{}
	if profile.Connection == nil {
		more["verify_connection"] = false
	}
	body, err := i.subject.configuration(i.name(), more)
	if err != nil {
		return err
	}
	tried := i.post(ctx, i.timeout, i.at("config/"+mainConnection), body)
	tried.path = "config/" + mainConnection
	switch {
	case tried.refused() && strings.Contains(string(tried.answer.body), "invalid database version"):
		return i.refusal(ctx, tried)
	case profile.Connection != nil && (tried.err != nil || tried.refused()):
		i.fault, i.faultAt = tried, connects
	}
	return nil
}

// isDatabase reports whether a server takes the plugin for a database plugin, when it
// is registered without a type.
func (i *Installed) isDatabase(ctx context.Context, limit time.Duration, registration string) bool {
	untyped := i.post(ctx, limit, "sys/plugins/catalog/"+i.name(), registration)
	if untyped.err != nil || untyped.refused() {
		return false
	}
	read := i.try(ctx, limit, request{method: http.MethodGet, path: "sys/plugins/catalog/" + databaseType + "/" + i.name()})
	found := read.err == nil && read.answer.ok()
	for _, kind := range []string{databaseType, "secret", "auth"} {
		_ = i.try(ctx, limit, request{method: http.MethodDelete, path: "sys/plugins/catalog/" + kind + "/" + i.name()})
	}
	return found
}

// databaseEngine mounts the database engine for the scenario alone.
func (w *world) databaseEngine(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if w.subject == "" {
		if _, err := w.shared(ctx); err != nil {
			return err
		}
		w.subject = installed.name()
	}
	return w.must(ctx, http.MethodPost, w.saved["table"]+"/"+mount, `{"type": "`+databaseType+`"}`)
}

// databaseConnected mounts the engine and configures the profile's connection.
func (w *world) databaseConnected(ctx context.Context, mount string) error {
	if err := w.databaseEngine(ctx, mount); err != nil {
		return err
	}
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if reason := installed.notSetUp(); reason != "" && w.requirement.ID != connects {
		return &NotCheckedError{Reason: reason}
	}
	return w.databaseConfigured(ctx, mainConnection, mount)
}

// configure writes a connection's configuration with further settings.
func (w *world) configure(ctx context.Context, name, mount string, more map[string]any) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	body, err := installed.subject.configuration(w.subject, more)
	if err != nil {
		return err
	}
	return w.asRoot(ctx, http.MethodPost, w.below(mount, "config/"+name), verbatim(body))
}

// databaseConfigured configures the profile's connection, which has to be accepted.
func (w *world) databaseConfigured(ctx context.Context, name, mount string) error {
	if err := w.configure(ctx, name, mount, nil); err != nil {
		return err
	}
	if !w.answer.ok() {
		return w.seeOr(connects, "the plugin fails to connect with the settings of its profile",
			mismatch("the connection of the profile to be accepted", describeAnswer(w.answer)))
	}
	return nil
}

// passwordless returns why the connection of the profile can't be tried with another
// password.
func (w *world) passwordless() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if _, ok := installed.subject.Profile.Database.Connection["password"].(string); !ok {
		return &NotCheckedError{Reason: "the connection settings of the profile have no password"}
	}
	return nil
}

// wrongPasswordRefused wants a connection with another password to be refused.
func (w *world) wrongPasswordRefused(ctx context.Context, mount string) error {
	if err := w.passwordless(); err != nil {
		return err
	}
	if err := w.configure(ctx, trialConnection, mount, map[string]any{"password": wrongPassword}); err != nil {
		return err
	}
	if w.answer.ok() {
		return mismatch("a connection with a wrong password to be refused, as verify_connection is true", describeAnswer(w.answer))
	}
	return nil
}

// wrongPasswordUnverified wants it to be accepted if it is not to be verified.
func (w *world) wrongPasswordUnverified(ctx context.Context, mount string) error {
	if err := w.passwordless(); err != nil {
		return err
	}
	if err := w.configure(ctx, trialConnection, mount, map[string]any{"password": wrongPassword, "verify_connection": false}); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch("a configuration to be accepted that is not to be verified", describeAnswer(w.answer))
	}
	return nil
}

// wrongPasswordHidden wants the error for a wrong password not to repeat it.
func (w *world) wrongPasswordHidden(ctx context.Context, mount string) error {
	if err := w.passwordless(); err != nil {
		return err
	}
	if err := w.configure(ctx, trialConnection, mount, map[string]any{"password": wrongPassword}); err != nil {
		return err
	}
	if text := string(w.answer.body); strings.Contains(text, wrongPassword) || strings.Contains(text, url.QueryEscape(wrongPassword)) {
		return mismatch("an error without the connection's password", describeAnswer(w.answer))
	}
	return nil
}

// settingsKept wants a configuration to show what the profile has, but secrets.
func (w *world) settingsKept(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodGet, w.below(mount, "config/"+mainConnection), ""); err != nil {
		return err
	}
	raw, _ := w.answer.lookup("data.connection_details")
	details, _ := raw.(map[string]any)
	var missing []string
	for name, value := range installed.subject.Profile.Database.Connection {
		text, isText := value.(string)
		switch {
		case slices.Contains(secretSettings(), name), slices.Contains(installed.subject.Profile.Secrets, name):
		case slices.Contains([]string{"allowed_roles", "verify_connection", "root_rotation_statements", "password_policy", "plugin_version"}, name):
		case isText && strings.Contains(text, "@"): // its password is not shown
		case !reflect.DeepEqual(fmt.Sprint(details[name]), fmt.Sprint(value)):
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return mismatch("the settings of the profile, as the plugin returned them: "+strings.Join(missing, ", "), describeAnswer(w.answer))
	}
	return nil
}

// connectionEnds deletes a configuration within a time.
func (w *world) connectionEnds(ctx context.Context, name, mount, within string) error {
	limit, err := time.ParseDuration(within)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := w.must(ctx, http.MethodDelete, w.below(mount, "config/"+name), ""); err != nil {
		return err
	}
	if took := time.Since(begun); took > limit {
		return mismatch(fmt.Sprintf("the connection to end within %s", limit), fmt.Sprintf("it took %s", took.Round(100*time.Millisecond)))
	}
	return nil
}

// reconnects wants the server to make the connection again from what it stored.
func (w *world) reconnects(ctx context.Context, mount string) error {
	if err := w.asRoot(ctx, http.MethodPut, w.below(mount, "reset/"+mainConnection), "{}"); err != nil {
		return err
	}
	if w.answer.ok() {
		return nil
	}
	return w.seeOr(connectsAgain, "the connection can't be made again",
		mismatch("the connection to be made again from what the plugin returned of its settings", describeAnswer(w.answer)))
}

// unverified ends the scenario as not checked if wrong passwords are accepted too: then
// nothing is learnt from who can connect.
func (w *world) unverified(ctx context.Context, mount string, failure error) error {
	if w.passwordless() != nil {
		return failure
	}
	got := w.answer
	if err := w.wrongPasswordRefused(ctx, mount); err != nil {
		return &NotCheckedError{Reason: "connections are not verified, see " + verifies}
	}
	w.answer = got
	return failure
}
