// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// storedProof is a proof of a login that the setup stores.
type storedProof struct {
	login Login
	// origin is the write that stores it, stored its field there.
	origin Write
	stored string
	// field is that of the login.
	field string
}

// with returns the write and the login with another value.
func (p storedProof) with(value any) (origin, login Write) {
	origin = Write{Path: p.origin.Path, Data: maps.Clone(p.origin.Data)}
	origin.Data[p.stored] = value
	login = Write{Path: p.login.Path, Data: maps.Clone(p.login.Data)}
	login.Data[p.field] = value
	return origin, login
}

// storedProofs returns the proofs of the profile's logins that its setup stores for who
// logs in: the password of a user, but no key of another server.
func (p *Profile) storedProofs() []storedProof {
	var found []storedProof
	for _, login := range p.Logins {
		for _, field := range login.proofs() {
			for _, origin := range p.originsOf(login.write().names()) {
				for _, stored := range slices.Sorted(maps.Keys(origin.Data)) {
					if origin.Data[stored] == login.Data[field] {
						found = append(found, storedProof{login: login, origin: origin, stored: stored, field: field})
					}
				}
			}
		}
	}
	return found
}

const noStoredProof = "no login is proved by a text that the setup writes for its name, and that is another in its wrong data"

// usersBeside sets another mount up with other proofs for the same names, and wants each
// mount to let in by its own.
func (w *world) usersBeside(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	beside := besideMount(mount)
	compared := false
	for _, proof := range installed.subject.Profile.storedProofs() {
		if !compared {
			if err := w.subjectOwnMount(ctx, beside); err != nil {
				return err
			}
		}
		origin, other := proof.with(proof.login.Wrong[proof.field])
		if err := w.write(ctx, w.below(beside, origin.Path), origin.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue // such passwords may be refused
		}
		compared = true
		// The mount beside may have nobody's login yet who is known by then.
		for _, wrong := range []struct {
			mount, what string
			login       Write
		}{
			{beside, "what proves it at another mount", proof.login.write()},
			{mount, "what proves it at another mount", other},
		} {
			if err := w.tryLogin(ctx, wrong.mount, wrong.login.Path, wrong.login.Data); err != nil {
				return err
			}
			if tokenIn(w.answer) != "" {
				return mismatch(fmt.Sprintf("no login at %s/%s with %s", wrong.mount, wrong.login.Path, wrong.what), describeAnswer(w.answer))
			}
		}
		if err := w.tryLogin(ctx, mount, proof.login.Path, proof.login.Data); err != nil {
			return err
		}
		if tokenIn(w.answer) == "" {
			return mismatch(fmt.Sprintf("the login at %s/%s to succeed after another mount was set up with something else", mount, proof.login.Path), describeAnswer(w.answer))
		}
	}
	if !compared {
		return &NotCheckedError{Reason: noStoredProof}
	}
	return nil
}

// oddProofs are what plugins have changed in passwords: by trimming them, or by taking
// them for a pattern, a template or a part of a URL.
func oddProofs(proof string) []struct{ what, value, mangled string } {
	return []struct{ what, value, mangled string }{
		{"a blank at its end", proof + " ", proof},
		{"a line break at its end", proof + "\n", proof},
		{"a blank at its beginning", " " + proof, proof},
		{"an asterisk at its end", proof + "*", proof + "x"},
		{"a percent sign, quotes and braces", proof + `%41"'{{.}}`, proof + `A"'{{.}}`},
		{"letters beyond ASCII", proof + "é", proof + "e"},
	}
}

// proofsAsTheyAre stores odd proofs, and wants what is accepted to let in, and nothing
// else.
func (w *world) proofsAsTheyAre(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	compared := false
	for _, proof := range installed.subject.Profile.storedProofs() {
		text, _ := proof.login.Data[proof.field].(string)
		for _, odd := range oddProofs(text) {
			origin, login := proof.with(odd.value)
			if err := w.write(ctx, w.below(mount, origin.Path), origin.Data); err != nil {
				return err
			}
			if !w.answer.ok() {
				continue // it may be refused
			}
			compared = true
			if err := w.tryLogin(ctx, mount, login.Path, login.Data); err != nil {
				return err
			}
			if tokenIn(w.answer) == "" {
				return mismatch(fmt.Sprintf("the login at %s to succeed with a %s that has %s, as %s was accepted with it", login.Path, proof.field, odd.what, origin.Path), describeAnswer(w.answer))
			}
			_, mangled := proof.with(odd.mangled)
			if err := w.tryLogin(ctx, mount, mangled.Path, mangled.Data); err != nil {
				return err
			}
			if tokenIn(w.answer) != "" {
				return mismatch(fmt.Sprintf("no login at %s without what the stored %s has: %s", login.Path, proof.stored, odd.what), describeAnswer(w.answer))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: noStoredProof}
	}
	return nil
}
