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
	installed, err := w.installed()
	if err != nil {
		return err
	}
	document, err := w.document()
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
	for _, r := range readsOf(document, profile) {
		if err := w.asRoot(ctx, r.method, w.below(mount, r.path), ""); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		for _, secret := range append(secretFields(profile, w.answer), issued...) {
			if strings.Contains(string(w.answer.body), secret) {
				w.secrets = append(w.secrets, secret)
				return mismatch(fmt.Sprintf("no secret in the answer to %s %s: neither credentials that were issued nor a field under secrets in the profile", r.method, r.path), w.mask(describeAnswer(w.answer)))
			}
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
	for _, word := range []string{"redact", "hidden", "mask", "sensitive", "secret", "omitted", "encrypted"} {
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
