// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// leastSecret is how long a value is at least that is taken for a generated secret, and
// leastLetters how many different letters and digits it has.
const (
	leastSecret  = 8
	leastLetters = 5
)

// readsHideIssued issues the profile's credentials and wants no read and no list to show
// what was issued, nor a value of its secret fields that the plugin has made itself.
func (w *world) readsHideIssued(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	if err := w.profileDone(ctx, mount); err != nil {
		return err
	}
	var issued []string
	for _, write := range profile.Credentials {
		if _, err := w.given(ctx, mount, write); err != nil {
			return err
		}
		issued = append(issued, secretFields(profile, w.answer)...)
	}
	w.secrets = append(w.secrets, issued...)
	planted := plantSecrets(issued, nil)
	for _, r := range readsOf(document, profile) {
		if err := w.asRoot(ctx, r.method, w.below(mount, r.path), ""); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		made := secretFields(profile, w.answer)
		if secret, ok := w.disclosed(append(plantSecrets(made, nil), planted...), string(w.answer.body)); ok {
			w.secret(secret)
			return mismatch(fmt.Sprintf("no secret in the answer to %s %s: neither credentials that were issued nor a field under secrets in the profile", r.method, r.path), w.mask(describeAnswer(w.answer)))
		}
	}
	return nil
}

// secretFields returns the values in an answer of the profile's secret fields that look as
// if they were generated.
func secretFields(profile *Profile, got *answer) []string {
	var found []string
	data, _ := got.lookup("data")
	eachText("", data, func(name, text string) {
		if slices.Contains(profile.Secrets, name) && generated(text) {
			found = append(found, text)
		}
	})
	return found
}

// generated reports whether a text looks like a secret, rather than like what stands for
// one.
func generated(text string) bool {
	lower := strings.ToLower(text)
	for _, word := range []string{"redact", "hidden", "mask", "sensitive", "secret", "omitted", "encrypted", "***", "...", "…", "xxxx"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	letters := map[rune]bool{}
	for _, letter := range text {
		if letter >= '0' && letter <= '9' || letter >= 'a' && letter <= 'z' || letter >= 'A' && letter <= 'Z' {
			letters[letter] = true
		}
	}
	return len(text) >= leastSecret && len(letters) >= leastLetters
}

// readsOf returns the reads and lists that need no more than what the profile names: not
// those that give credentials, or tell whether they work.
func readsOf(document *Document, profile *Profile) []request {
	gives := func(path string) bool {
		for _, write := range profile.Credentials {
			if operation, ok := document.Find(http.MethodGet, write.Path); ok && (operation.Path == path || write.Path == path) {
				return true
			}
		}
		return slices.ContainsFunc(profile.Pairs, func(pair Pair) bool { return pair.Path == path || pair.Back.Path == path })
	}
	var reads []request
	add := func(method, path string) {
		known := func(r request) bool { return r.method == method && r.path == path }
		if !gives(path) && !slices.ContainsFunc(reads, known) {
			reads = append(reads, request{method: method, path: path})
		}
	}
	for _, operation := range document.Operations() {
		if (operation.Method == http.MethodGet || operation.Method == "LIST") && !strings.Contains(operation.Path, "{") {
			add(operation.Method, operation.Path)
		}
	}
	for _, write := range profile.stored() {
		if operation, ok := document.Find(http.MethodGet, write.Path); ok && !gives(operation.Path) {
			add(http.MethodGet, write.Path)
		}
		if list, ok := document.listOf(write.Path); ok {
			add("LIST", list)
		}
	}
	return reads
}

// credentialFields returns the fields of issued credentials that are secret: those
// under secrets in the profile, those that are called like such, and those with which works
// proves who asks.
func (p *Profile) credentialFields(lease issuedLease) map[string]string {
	found := map[string]string{} // by value
	data, _ := lease.answer.lookup("data")
	members, _ := data.(map[string]any)
	for name, value := range members {
		text, ok := value.(string)
		if !ok || len(text) < minSecret {
			continue
		}
		if slices.Contains(p.Secrets, name) || LooksSecret(name) || lease.write.Works.proves(name) {
			found[text] = name
		}
	}
	return found
}

// plainTexts returns the texts of issued credentials that are not secret.
func (l issuedLease) plainTexts(p *Profile) []string {
	secret := p.credentialFields(l)
	var found []string
	data, _ := l.answer.lookup("data")
	eachText("", data, func(_, text string) {
		if secret[text] == "" {
			found = append(found, text)
		}
	})
	return append(found, l.id, l.sent)
}

// proves reports whether a field is one that the request sends in its headers.
func (p *Proof) proves(field string) bool {
	if p == nil {
		return false
	}
	for _, header := range p.Headers {
		for _, found := range proofField.FindAllStringSubmatch(header, -1) {
			if found[1] == field {
				return true
			}
		}
	}
	return false
}

// logHidesCredentials wants no secret of the issued credentials in the log.
func (w *world) logHidesCredentials(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	var issued plantedSecrets
	fields := map[string]string{} // by value
	for _, lease := range w.leases {
		known := lease.plainTexts(&installed.subject.Profile)
		for text, field := range installed.subject.Profile.credentialFields(lease) {
			issued = append(issued, plantSecret(text, known))
			fields[text] = field
			w.secret(text)
		}
	}
	if len(issued) == 0 {
		return &NotCheckedError{Reason: "no answer to the profile's credentials has one of its secret fields"}
	}
	return w.watchLog(ctx, func(line string) error {
		if secret, ok := w.disclosed(issued, line); ok {
			return mismatch(fmt.Sprintf("no issued %s in the plugin's log", fields[secret]), w.mask(line))
		}
		return nil
	})
}

// credentialsHideSetup wants no secret of the setup in the issued credentials: whoever may
// have them may not have what they are made with.
func (w *world) credentialsHideSetup() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	for _, lease := range w.leases {
		if secret, ok := w.shown(string(lease.answer.body)); ok {
			w.answer = lease.answer
			return mismatch(fmt.Sprintf("no value of %s in the credentials of %s", installed.subject.Profile.fieldsWith(secret), lease.write.Path), describeAnswer(lease.answer))
		}
	}
	return nil
}

// rotationsShowNothing wants no secret in the answers to the rotations.
func (w *world) rotationsShowNothing(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	for _, rotation := range profile.Rotations {
		if _, err := w.rotationSetUp(ctx, mount, rotation); err != nil {
			return err
		}
		if err := w.changeOfProfile(ctx, mount, rotation.Write); err != nil {
			return err
		}
		if shown := secretFields(profile, w.answer); len(shown) > 0 {
			w.secrets = append(w.secrets, shown...)
			return mismatch("no secret in the answer to the rotation at "+rotation.Path, w.mask(describeAnswer(w.answer)))
		}
	}
	return nil
}
