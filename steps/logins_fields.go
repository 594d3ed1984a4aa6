// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// tokenField is a field of users and roles that vault/sdk's tokenutil has, and what it does
// to the tokens of their logins.
//
// Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/helper/tokenutil#TokenParams
type tokenField struct {
	name  string
	value any
	// refuses reports whether nobody on this machine can use it to log in, binds whether
	// only this machine can.
	refuses, binds bool
	// fits reports whether the answer to a login has it.
	fits func(auth map[string]any, took time.Duration) bool
	// wanted says what the answer has to have.
	wanted string
}

// tokenFields are those fields, each with a value that shows.
func tokenFields() []tokenField {
	seconds := func(auth map[string]any) int64 {
		return int64(secondsAt(&answer{content: map[string]any{"auth": auth}}, "auth.lease_duration") / time.Second)
	}
	at := func(name string, value any) func(map[string]any, time.Duration) bool {
		return func(auth map[string]any, _ time.Duration) bool { return render(auth[name]) == render(value) }
	}
	about := func(wanted int64) func(map[string]any, time.Duration) bool {
		return func(auth map[string]any, took time.Duration) bool {
			got := seconds(auth)
			return got <= wanted && got >= wanted-1-int64(took/time.Second)
		}
	}
	return []tokenField{
		{name: "token_policies", value: []any{unchosenPolicy}, wanted: "auth.token_policies with " + unchosenPolicy, fits: func(auth map[string]any, _ time.Duration) bool {
			return slices.Contains(asTexts(auth["token_policies"]), unchosenPolicy)
		}},
		{name: "token_ttl", value: 47, wanted: "auth.lease_duration=47", fits: about(47)},
		{name: "token_max_ttl", value: 53, wanted: "auth.lease_duration of at most 53", fits: func(auth map[string]any, _ time.Duration) bool { return seconds(auth) <= 53 }},
		{name: "token_explicit_max_ttl", value: 59, wanted: "auth.lease_duration of at most 59", fits: func(auth map[string]any, _ time.Duration) bool { return seconds(auth) <= 59 }},
		{name: "token_period", value: 61, wanted: "auth.lease_duration=61", fits: about(61)},
		{name: "token_num_uses", value: 7, wanted: "auth.num_uses=7", fits: at("num_uses", 7)},
		{name: "token_type", value: "batch", wanted: "auth.token_type=batch", fits: at("token_type", "batch")},
		{name: "token_no_default_policy", value: true, wanted: "auth.token_policies without default", fits: func(auth map[string]any, _ time.Duration) bool {
			return !slices.Contains(asTexts(auth["token_policies"]), "default")
		}},
		{name: "token_bound_cidrs", value: []any{"127.0.0.0/8", "::1/128"}, binds: true, wanted: "a token that is bound to addresses (bound_cidrs of its lookup)"},
		elsewhere(),
	}
}

// elsewhere lets nobody in from this machine: the addresses are for documentation (RFC 5737).
func elsewhere() tokenField {
	return tokenField{name: "token_bound_cidrs", value: []any{"192.0.2.0/24"}, refuses: true, wanted: "no token that this machine can use"}
}

// without are the fields that have to be left out beside others.
func (f tokenField) without() []string {
	switch f.name {
	case "token_period":
		return []string{"token_explicit_max_ttl"}
	case "token_max_ttl", "token_explicit_max_ttl":
		return []string{"token_ttl"} // it may not be longer
	case "token_type":
		return []string{"token_period", "token_num_uses"} // batch tokens have neither
	}
	return nil
}

// tokenFieldsHold writes each of the standard fields that the document has for what logins
// are made from, on mounts of their own, and wants the tokens to be as they say.
func (w *world) tokenFieldsHold(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	checked := false
	for n, field := range tokenFields() {
		for _, login := range installed.subject.Profile.Logins {
			origin, ok := installed.subject.Profile.withField(document, login, field.name)
			if !ok {
				continue
			}
			done, err := w.tokenFieldHolds(ctx, fmt.Sprintf("%s-%d", mount, n), field, origin, login)
			if err != nil {
				return err
			}
			checked = checked || done
			break
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "what the setup writes for the names in its logins has none of the fields token_ttl, token_period, token_bound_cidrs and the like"}
	}
	return nil
}

// setUpWithField sets a mount up with a field in what logins are made from, and reports
// whether the plugin takes it.
func (w *world) setUpWithField(ctx context.Context, mount string, field tokenField, origin Write) (accepted bool, err error) {
	if err := w.subjectFreshMount(ctx, mount); err != nil {
		return false, err
	}
	return w.writeSetup(ctx, mount, func(write Write) map[string]any {
		if write.Path != origin.Path {
			return write.Data
		}
		data := write.copied()
		for _, other := range field.without() {
			delete(data, other)
		}
		data[field.name] = field.value
		return data
	})
}

// elsewhereRefused binds what logins are made from to addresses of others, and wants nobody
// to log in from here: such a token would be of no use, but tells that the proof was right.
func (w *world) elsewhereRefused(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	compared := false
	for n, login := range installed.subject.Profile.Logins {
		for m, bound := range installed.subject.Profile.boundByAddress(document, login) {
			accepted, err := w.setUpWithField(ctx, fmt.Sprintf("%s-%d-%d", mount, n, m), bound.tokenField, bound.origin)
			if err != nil {
				return err
			}
			if !accepted {
				continue
			}
			compared = true
			if err := w.tryLogin(ctx, fmt.Sprintf("%s-%d-%d", mount, n, m), login.Path, login.Data); err != nil {
				return err
			}
			if tokenIn(w.answer) != "" {
				return mismatch(fmt.Sprintf("no login at %s from this machine, as %s has %s=%s", login.Path, bound.origin.Path, bound.name, render(bound.value)), describeAnswer(w.answer))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "what the setup writes for the names in its logins has no token_bound_cidrs or the like"}
	}
	return nil
}

// boundField is a field of what a login is made from that names addresses.
type boundField struct {
	tokenField
	origin Write
}

// boundByAddress returns the fields of what a login is made from, and of what is below that,
// such as a key of a role, that say from where it may come.
func (p *Profile) boundByAddress(document *Document, login Login) []boundField {
	var found []boundField
	for _, origin := range p.originsOf(login.write().names()) {
		for _, write := range p.Setup {
			if write.Path != origin.Path && !strings.HasPrefix(write.Path, origin.Path+"/") {
				continue
			}
			operation, _ := document.Find(http.MethodPost, write.Path)
			for _, field := range operation.Body {
				if field.Deprecated || !strings.HasSuffix(field.Name, "bound_cidrs") && field.Name != "cidr_list" {
					continue
				}
				bound := boundField{elsewhere(), write}
				bound.name = field.Name
				found = append(found, bound)
			}
		}
	}
	return found
}

// withField returns what the setup writes for a login, if that has a field.
func (p *Profile) withField(document *Document, login Login, field string) (Write, bool) {
	for _, origin := range p.originsOf(login.write().names()) {
		operation, _ := document.Find(http.MethodPost, origin.Path)
		if slices.ContainsFunc(operation.Body, func(f Field) bool { return f.Name == field }) {
			return origin, true
		}
	}
	return Write{}, false
}

// tokenFieldHolds does it for one field, and reports whether the plugin takes the value.
func (w *world) tokenFieldHolds(ctx context.Context, mount string, field tokenField, origin Write, login Login) (bool, error) {
	if accepted, err := w.setUpWithField(ctx, mount, field, origin); err != nil || !accepted {
		return false, err
	}
	sent := time.Now()
	if err := w.tryLogin(ctx, mount, login.Path, login.Data); err != nil {
		return false, err
	}
	token := tokenIn(w.answer)
	said := fmt.Sprintf("%s from a login at %s, as %s has %s=%s", field.wanted, login.Path, origin.Path, field.name, render(field.value))
	switch {
	case token == "" && field.refuses:
		return true, nil
	case token == "":
		return false, nil // it may not fit the rest of the profile, or where this machine is
	case field.binds:
		if err := w.send(ctx, request{method: http.MethodGet, path: "auth/token/lookup-self", token: token}); err != nil {
			return false, err
		}
		if cidrs, _ := w.answer.lookup("data.bound_cidrs"); w.answer.ok() && len(asTexts(cidrs)) == 0 {
			return false, mismatch(said, describeAnswer(w.answer))
		}
		return w.answer.ok(), nil
	case field.refuses:
		if err := w.send(ctx, request{method: http.MethodGet, path: "auth/token/lookup-self", token: token}); err != nil {
			return false, err
		}
		if w.answer.ok() {
			return false, mismatch(said, describeAnswer(w.answer))
		}
		return true, nil
	}
	auth, _ := w.answer.lookup("auth")
	if object, _ := auth.(map[string]any); !field.fits(object, time.Since(sent)) {
		return false, mismatch(said, describeAnswer(w.answer))
	}
	return true, nil
}

// spellingsAreOne carries the logins out with names in the other case, and wants those that
// succeed to be of the same entity: otherwise one person is several clients, and slips
// what is known of the entity.
func (w *world) spellingsAreOne(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if failure := new(Failure); errors.As(w.aliasesApart(), &failure) {
		return &NotCheckedError{Reason: "different people are of one entity, see PLG-466"}
	}
	if failure := new(Failure); errors.As(w.strangersRefused(ctx, mount), &failure) {
		return &NotCheckedError{Reason: "names that do not exist can log in, see PLG-461"}
	}
	if failure := new(Failure); errors.As(w.aliasesStay(ctx, mount), &failure) {
		return &NotCheckedError{Reason: "a second login is of another entity, see PLG-462"}
	}
	compared := false
	for _, login := range w.loggedIn {
		first, _ := login.answer.lookup("auth.entity_id")
		if first == nil || first == "" {
			return &NotCheckedError{Reason: "the plugin names no alias, see " + namesAlias}
		}
		for _, other := range installed.subject.Profile.respelt(login.login) {
			if err := w.tryLogin(ctx, mount, other.path, other.data); err != nil {
				return err
			}
			compared = true
			entity, _ := w.answer.lookup("auth.entity_id")
			if tokenIn(w.answer) != "" && entity != first {
				return mismatch(fmt.Sprintf("no login at %s, or one of the same entity, with %s", other.path, other.what), describeAnswer(w.answer))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no login has a name with letters that the setup wrote something for"}
	}
	return nil
}

// respelt returns a login with each name that the setup wrote something for in the other
// case.
func (p *Profile) respelt(login Login) []alteredLogin {
	var found []alteredLogin
	for _, name := range slices.Sorted(maps.Keys(login.Data)) {
		text, ok := login.Data[name].(string)
		other := swapped(text)
		if !ok || other == text || len(p.originsOf([]string{text})) == 0 || len(p.originsOf([]string{other})) > 0 {
			continue
		}
		data := maps.Clone(login.Data)
		data[name] = other
		found = append(found, alteredLogin{login.Path, data, fmt.Sprintf("right data but for the case of letters in %s: %s", name, other)})
	}
	if folder, name, ok := cutLast(login.Path); ok && swapped(name) != name && len(p.originsOf([]string{name})) > 0 {
		found = append(found, alteredLogin{folder + "/" + swapped(name), login.Data, "the case of letters in its name swapped"})
	}
	return found
}
