// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// namedConnection is a connection that makes other names than the profile's.
const namedConnection = "named"

// nameTemplate is the setting that most database plugins have for the names of users.
const nameTemplate = "username_template"

// namedAs configures a connection whose users all have one name, and a role for it.
func (w *world) namedAs(ctx context.Context, mount, name string, more map[string]any) error {
	settings := map[string]any{nameTemplate: name}
	for field, value := range more {
		settings[field] = value
	}
	if err := w.configure(ctx, namedConnection, mount, settings); err != nil {
		return err
	}
	if !w.answer.ok() {
		return &NotCheckedError{Reason: "the plugin refuses the setting " + nameTemplate}
	}
	return w.role(ctx, mount, namedConnection, map[string]any{"db_name": namedConnection})
}

// newUserName returns a name that no user has.
func newUserName() (string, error) {
	suffix, err := newSuffix()
	return strings.ReplaceAll(suffix, "-", ""), err
}

// namesFollowTemplate wants the names of new users to be made as the setting says.
func (w *world) namesFollowTemplate(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	if profile.Connection[nameTemplate] == nil {
		return &NotCheckedError{Reason: "the connection settings of the profile have no " + nameTemplate}
	}
	prefix, err := newUserName()
	if err != nil {
		return err
	}
	if err := w.namedAs(ctx, mount, prefix+"{{random 8}}", nil); err != nil {
		return err
	}
	lease, err := w.issueLease(ctx, mount, Write{Path: "creds/" + namedConnection})
	if err != nil {
		return w.seeOr(issuesUsers, "the plugin creates no user with another "+nameTemplate, err)
	}
	w.leases = append(w.leases, lease)
	if name := textAt(w.answer, "data.username"); !strings.HasPrefix(strings.ToLower(name), prefix) {
		return mismatch("a username that begins with "+prefix+", as the "+nameTemplate+" of the connection does", "the username "+strconv.Quote(name))
	}
	return nil
}

// longName is a name of a role or of a caller that is as long as people make them.
const longName = "reporting-jobs-of-the-finance-department-in-the-region-north-america-east"

// longNames wants users of a role and for a caller with long names to differ, and to be
// able to connect.
func (w *world) longNames(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	// With the plugin's own names.
	if err := w.configure(ctx, namedConnection, mount, map[string]any{nameTemplate: nil}); err != nil {
		return err
	}
	if !w.answer.ok() {
		return &NotCheckedError{Reason: "the plugin needs a " + nameTemplate}
	}
	if err := w.role(ctx, mount, longName, map[string]any{"db_name": namedConnection}); err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPost, "auth/token/create", `{"policies": ["root"], "ttl": "10m", "display_name": "`+longName+`"}`); err != nil {
		return err
	}
	token := textAt(w.answer, "auth.client_token")
	for range 2 {
		if err := w.send(ctx, request{method: http.MethodGet, path: w.below(mount, "creds/"+longName), token: token}); err != nil {
			return err
		}
		if !w.answer.ok() {
			return mismatch("a user for a role and a caller with long names", describeAnswer(w.answer))
		}
		w.users = append(w.users, databaseUser{name: textAt(w.answer, "data.username"), password: textAt(w.answer, "data.password")})
		w.secrets = append(w.secrets, w.users[len(w.users)-1].password)
	}
	if w.users[0].name == w.users[1].name {
		return mismatch("each user of a role with a long name to have a name of its own", "two users with the name "+strconv.Quote(w.users[0].name))
	}
	if profile.NoLogin {
		return nil
	}
	if err := w.usersConnect(ctx, mount); err != nil {
		return w.seeOr(usersLogIn, "a new user can't connect", err)
	}
	return nil
}

// nothingLeftBehind wants no user to exist whose creation failed at its last statement.
func (w *world) nothingLeftBehind(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	name, err := newUserName()
	if err != nil {
		return err
	}
	if err := w.namedAs(ctx, mount, name, nil); err != nil {
		return err
	}
	lease, err := w.issueLease(ctx, mount, Write{Path: "creds/" + namedConnection})
	if err != nil || !strings.EqualFold(textAt(w.answer, "data.username"), name) {
		return &NotCheckedError{Reason: "the plugin does not make names by " + nameTemplate}
	}
	user := databaseUser{name: textAt(w.answer, "data.username")}
	w.leases = []issuedLease{lease}
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	exists := func() (bool, error) {
		accepted, connects, err := w.rotatedBy(ctx, mount, user, profile.RotationStatements)
		return accepted && connects, err
	}
	switch there, err := exists(); {
	case err != nil:
		return err
	case there:
		return &NotCheckedError{Reason: "the change of a password creates a user"}
	}
	if there, err := w.userLeftBy(ctx, mount, append(slices.Clone(profile.CreationStatements), noStatement), exists); err != nil || there {
		return err
	}
	if w.answer.ok() {
		return &NotCheckedError{Reason: "the plugin executes the first creation statement only"}
	}
	// A plugin may see at once that something is no statement, but not that it fails.
	for _, statements := range misspelt(profile.CreationStatements) {
		if _, err := w.userLeftBy(ctx, mount, statements, exists); err != nil {
			return err
		}
	}
	return nil
}

// userLeftBy creates a user whose name is known by statements, and wants it not to exist if that
// fails. If it succeeds, the user is deleted again.
func (w *world) userLeftBy(ctx context.Context, mount string, statements []string, exists func() (bool, error)) (there bool, err error) {
	if err := w.role(ctx, mount, "broken", map[string]any{"db_name": namedConnection, "creation_statements": statements}); err != nil {
		return false, err
	}
	if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/broken"), ""); err != nil {
		return false, err
	}
	got := w.answer
	if got.ok() {
		w.leases = []issuedLease{{id: leaseID(got.body), sent: leaseID(got.sent), write: Write{Path: "creds/broken"}}}
		err := w.leasesRevoked(ctx)
		w.answer = got
		return false, err
	}
	if there, err = exists(); err != nil || !there {
		w.answer = got
		return false, err
	}
	return true, mismatch("no user where the creation failed at its last statement: "+w.mask(statements[len(statements)-1]),
		"its password can be changed, and it can connect then; to the creation the server said "+describeAnswer(got))
}

// maxMisspelt bounds how many words of a statement are misspelt.
const maxMisspelt = 6

// statementWord matches a word of a statement that is no parameter.
var statementWord = regexp.MustCompile(`\{\{[^}]*\}\}|[A-Za-z]{3,}`)

// misspelt returns statements with one word of the last one that is another, the last words
// first: what they name does not exist.
func misspelt(statements []string) [][]string {
	if len(statements) == 0 {
		return nil
	}
	last := statements[len(statements)-1]
	words := statementWord.FindAllStringIndex(last, -1)
	slices.Reverse(words)
	var found [][]string
	for _, at := range words {
		if last[at[0]] != '{' && len(found) < maxMisspelt {
			changed := slices.Clone(statements)
			changed[len(changed)-1] = last[:at[1]] + "plugproof" + last[at[1]:]
			found = append(found, changed)
		}
	}
	return found
}

// knownPolicy is the password policy with which generated passwords are known by their
// letters.
const knownPolicy = `length = 24
rule "charset" { charset = "q"  min-chars = 1 }
rule "charset" { charset = "Q"  min-chars = 1 }
rule "charset" { charset = "7"  min-chars = 1 }
rule "charset" { charset = "-"  min-chars = 1 }`

// knownPassword matches the passwords of that policy.
var knownPassword = regexp.MustCompile(`[qQ7-]{24}`)

// failuresHidePasswords wants no password of a user in the errors for users that can't be
// created and changed, nor in the log.
func (w *world) failuresHidePasswords(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	name, err := newUserName()
	if err != nil {
		return err
	}
	policy := "sys/policies/password/" + name
	if err := w.write(ctx, verbatim(policy), map[string]any{"policy": knownPolicy}); err != nil {
		return err
	}
	if !w.answer.ok() {
		return &NotCheckedError{Reason: "the server takes no password policy"}
	}
	w.files = append(w.files, func(ctx context.Context) error { return w.remove(ctx, policy) })
	if err := w.namedAs(ctx, mount, name, map[string]any{"password_policy": name}); err != nil {
		return err
	}
	hidden := func(what string) error {
		if !w.answer.ok() && knownPassword.Match(w.answer.body) {
			got := knownPassword.ReplaceAllString(describeAnswer(w.answer), "<the password of the user>")
			w.exchanges = nil // they show it
			return mismatch("an error without the user's password for "+what, got)
		}
		return nil
	}
	for i, what := range []string{"a new user", "a new user whose name another one has"} {
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/"+namedConnection), ""); err != nil {
			return err
		}
		if err := hidden(what); err != nil {
			return err
		}
		if i == 0 && !w.answer.ok() {
			return &NotCheckedError{Reason: "the plugin creates no user with a password of other letters"}
		}
	}
	fields := map[string]any{"db_name": namedConnection, "username": "plugproof_nobody", "rotation_period": "24h"}
	if profile.RotationStatements != nil {
		fields["rotation_statements"] = profile.RotationStatements
	}
	if err := w.write(ctx, w.below(mount, "static-roles/nobody"), fields); err != nil {
		return err
	}
	if err := hidden("the change of the password of a user who does not exist"); err != nil || w.suite.config.Target.Unsupported(PluginLogs) != "" {
		return err
	}
	return w.watchLog(ctx, func(line string) error {
		if knownPassword.MatchString(line) {
			return mismatch("no password of a user in the plugin's log", w.mask(knownPassword.ReplaceAllString(line, "<the password of the user>")))
		}
		return nil
	})
}
