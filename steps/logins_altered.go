// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// nobody is a name that nothing of a profile has, unchosenPolicy a policy that no login
// of a profile gives.
const (
	nobody         = "plugproof-nobody"
	unchosenPolicy = "plugproof-chosen"
)

// alteredLogin is a login that has to be refused.
type alteredLogin struct {
	path string
	data map[string]any
	// what says how it differs from the right one.
	what string
}

// proofs returns the fields of a login that prove who logs in: those in which the right
// data differs from the wrong one.
func (l Login) proofs() []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(l.Data)) {
		text, ok := l.Data[name].(string)
		if wrong, has := l.Wrong[name]; ok && text != "" && has && wrong != l.Data[name] {
			found = append(found, name)
		}
	}
	return found
}

// alterations returns values that resemble a proof: plugins have compared the beginning
// alone, or without regard to case. Blanks are left alone, since people copy them.
func alterations(proof string) map[string]string {
	half := len(proof) / 2
	return map[string]string{
		"nothing for it":      "",
		"its first half":      proof[:half],
		"a letter too much":   proof + "x",
		"the case of letters": swapped(proof),
		"another last half":   proof[:half] + strings.Repeat("x", len(proof)-half),
	}
}

func swapped(text string) string { return strings.Map(swapCase, text) }

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}

// altered returns the logins with a proof that is nearly right. What names something of the
// setup is no proof, though wrong data may have another name: plugins may take names without
// regard to case.
func (l Login) altered(p *Profile) []alteredLogin {
	var found []alteredLogin
	for _, name := range l.proofs() {
		proof := l.Data[name].(string)
		if len(p.originsOf([]string{proof})) > 0 {
			continue
		}
		others := alterations(proof)
		maps.Copy(others, signedAlterations(proof))
		for _, what := range slices.Sorted(maps.Keys(others)) {
			if others[what] == proof {
				continue // it has no letters
			}
			data := maps.Clone(l.Data)
			data[name] = others[what]
			found = append(found, alteredLogin{l.Path, data, fmt.Sprintf("right data but for %s: %s", name, what)})
		}
	}
	return found
}

// alteredLoginsRefused carries out logins with nearly the right proof.
func (w *world) alteredLoginsRefused(ctx context.Context, mount string) error {
	if err := w.loginsSucceed(ctx, mount); err != nil {
		return err
	}
	if err := w.wrongLoginsRefused(ctx, mount); err != nil {
		return w.seeOr(refusesWrong, "the plugin accepts wrong data", err)
	}
	installed, err := w.installed()
	if err != nil {
		return err
	}
	var logins []alteredLogin
	for _, login := range w.loggedIn {
		logins = append(logins, login.login.altered(&installed.subject.Profile)...)
	}
	if len(logins) == 0 {
		return &NotCheckedError{Reason: "no field of a login that proves who logs in is a text that is another in its wrong data"}
	}
	return w.refuseLogins(ctx, mount, logins)
}

func (w *world) refuseLogins(ctx context.Context, mount string, logins []alteredLogin) error {
	for _, login := range logins {
		if err := w.tryLogin(ctx, mount, login.path, login.data); err != nil {
			return err
		}
		if tokenIn(w.answer) != "" {
			return mismatch("no login at "+login.path+" with "+login.what, describeAnswer(w.answer))
		}
	}
	return nil
}

// strangersRefused carries out logins with the name of nobody, and else right data.
func (w *world) strangersRefused(ctx context.Context, mount string) error {
	if err := w.loginsSucceed(ctx, mount); err != nil {
		return err
	}
	installed, err := w.installed()
	if err != nil {
		return err
	}
	var logins []alteredLogin
	for _, login := range w.loggedIn {
		logins = append(logins, installed.subject.Profile.strangers(login.login)...)
	}
	if len(logins) == 0 {
		return &NotCheckedError{Reason: "no login has a name that the setup wrote something for"}
	}
	return w.refuseLogins(ctx, mount, logins)
}

// strangers returns a login with another name in each place where it has one that the
// setup wrote something for.
func (p *Profile) strangers(login Login) []alteredLogin {
	var found []alteredLogin
	for _, name := range slices.Sorted(maps.Keys(login.Data)) {
		text, ok := login.Data[name].(string)
		if !ok || len(p.originsOf([]string{text})) == 0 {
			continue
		}
		data := maps.Clone(login.Data)
		data[name] = nobody
		found = append(found, alteredLogin{login.Path, data, fmt.Sprintf("right data but for %s: %s", name, nobody)})
	}
	if folder, name, ok := cutLast(login.Path); ok && len(p.originsOf([]string{name})) > 0 {
		found = append(found, alteredLogin{folder + "/" + nobody, login.Data, "the right data of another"})
	}
	return found
}

func cutLast(path string) (folder, name string, ok bool) {
	at := strings.LastIndex(path, "/")
	if at < 0 {
		return "", path, false
	}
	return path[:at], path[at+1:], true
}

// deletedRefused carries the logins out that have succeeded, and whose users or roles
// are deleted.
func (w *world) deletedRefused(ctx context.Context, mount string) error {
	var logins []alteredLogin
	for _, login := range w.loggedIn {
		logins = append(logins, alteredLogin{login.login.Path, login.login.Data, "the right data of what is deleted"})
	}
	return w.refuseLogins(ctx, mount, logins)
}

// policiesUnchosen sends the logins with policies that they are not to have.
func (w *world) policiesUnchosen(ctx context.Context, mount string) error {
	if err := w.loginsSucceed(ctx, mount); err != nil {
		return err
	}
	for _, login := range w.loggedIn {
		data := maps.Clone(login.login.Data)
		for _, name := range []string{"policies", "token_policies", "policy"} {
			if _, has := data[name]; !has {
				data[name] = unchosenPolicy
			}
		}
		if err := w.tryLogin(ctx, mount, login.login.Path, data); err != nil {
			return err
		}
		policies, _ := w.answer.lookup("auth.policies")
		if slices.Contains(asTexts(policies), unchosenPolicy) {
			return mismatch("no policy that the login at "+login.login.Path+" names itself", describeAnswer(w.answer))
		}
	}
	return nil
}

// aliasesStay carries each login out again and wants the same entity.
func (w *world) aliasesStay(ctx context.Context, mount string) error {
	for _, login := range w.loggedIn {
		first, _ := login.answer.lookup("auth.entity_id")
		if err := w.tryLogin(ctx, mount, login.login.Path, login.login.Data); err != nil {
			return err
		}
		if tokenIn(w.answer) == "" {
			return &NotCheckedError{Reason: "the login at " + login.login.Path + " succeeds only once"}
		}
		second, _ := w.answer.lookup("auth.entity_id")
		if first == nil || first == "" || second == nil || second == "" {
			return &NotCheckedError{Reason: "the logins name no alias, see " + namesAlias}
		}
		if first != second {
			return mismatch(fmt.Sprintf("the entity %v of the first login at %s also of the second", first, login.login.Path), describeAnswer(w.answer))
		}
	}
	return nil
}

// aliasesApart wants logins of different people to be of different entities, and those of
// one person to be of one.
func (w *world) aliasesApart() error {
	compared := false
	for n, login := range w.loggedIn {
		for _, other := range w.loggedIn[:n] {
			if login.login.Alias == "" || other.login.Alias == "" {
				continue
			}
			entity, _ := login.answer.lookup("auth.entity_id")
			before, _ := other.answer.lookup("auth.entity_id")
			if entity == nil || entity == "" || before == nil || before == "" {
				return &NotCheckedError{Reason: "the plugin names no alias, see " + namesAlias}
			}
			apart := login.login.Alias != other.login.Alias
			compared = compared || apart
			switch same := entity == before; {
			case same && apart:
				return mismatch(fmt.Sprintf("different entities of %s and %s, as the profile has their aliases", other.login.Alias, login.login.Alias), describeAnswer(login.answer))
			case !same && !apart:
				return mismatch("one entity of both logins of "+login.login.Alias, describeAnswer(login.answer))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "the profile names no two logins of different people (alias, under logins)"}
	}
	return nil
}
