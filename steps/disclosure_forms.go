// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// leastPart is how long a part of a secret is at least that discloses it, mostPart how
	// long any is that does.
	leastPart, mostPart = 8, 128
	// mostParts bounds how many parts of a secret are looked for.
	mostParts = 512
)

// plantedSecret is a secret that is looked for in what a plugin says.
type plantedSecret struct {
	value string
	// forms are how it may be written, and what discloses most of it.
	forms []string
}

// plantSecret returns a secret to look for beside known texts.
func plantSecret(value string, known []string) plantedSecret {
	digits := hex.EncodeToString([]byte(value))
	p := plantedSecret{value: value, forms: append(formsOf(value), fmt.Sprintf("%d", []byte(value)))}
	if len(value) >= leastPart {
		p.forms = append(p.forms, digits, strings.ToUpper(digits), strings.ToUpper(value), strings.ToLower(value))
	}
	if !structured.MatchString(value) {
		p.forms = append(p.forms, partsOf(value, known)...)
	}
	return p
}

// structured matches addresses, objects and signed tokens, of which much may be said: a host,
// a name, the algorithm.
var structured = regexp.MustCompile(`^\s*\{|://|^[\w-]+\.[\w-]+\.[\w-]*$`)

// partsOf returns what discloses most of a secret: its first two thirds, and each half of it
// that has letters and digits. What has none, as in planted-password, is of words that may
// stand anywhere, and so is what a known text has, too.
func partsOf(value string, known []string) []string {
	var parts []string
	add := func(part string) {
		told := func(text string) bool { return strings.Contains(text, part) }
		if !slices.ContainsFunc(known, told) {
			parts = append(parts, part)
		}
	}
	if first := min(max(leastPart, (2*len(value)+2)/3), mostPart); first < len(value) && !ofLetters(value[:first]) {
		add(value[:first])
	}
	half := min(max(leastPart, (len(value)+1)/2), mostPart)
	count := len(value) - half + 1
	for at := 0; at < count; at += 1 + count/mostParts {
		if part := value[at : at+half]; half < len(value) && strings.ContainsFunc(part, unicode.IsDigit) && strings.ContainsFunc(part, unicode.IsLetter) {
			add(part)
		}
	}
	return parts
}

// ofLetters reports whether a text is of letters alone, but for its ends.
func ofLetters(text string) bool {
	other := func(r rune) bool { return !unicode.IsLetter(r) }
	return !strings.ContainsFunc(strings.TrimFunc(text, other), other)
}

// plantedSecrets are looked for together.
type plantedSecrets []plantedSecret

// plantSecrets returns secrets to look for beside known texts.
func plantSecrets(values, known []string) plantedSecrets {
	var all plantedSecrets
	for _, value := range values {
		all = append(all, plantSecret(value, known))
	}
	return all
}

// in returns a secret that a text has, as it is, encoded or for the most part, and the part
// of the text that discloses it.
func (all plantedSecrets) in(text string) (secret plantedSecret, part string, ok bool) {
	for _, secret := range all {
		for _, form := range secret.forms {
			if strings.Contains(text, form) {
				return secret, form, true
			}
		}
	}
	for encoded, decoded := range decodings(text) {
		for _, secret := range all {
			if strings.Contains(decoded, secret.value) {
				return secret, encoded, true
			}
		}
	}
	return plantedSecret{}, "", false
}

// planted returns the profile's secrets, to look for them.
func (p *Profile) planted() plantedSecrets {
	var known []string
	for text, name := range p.plainTexts() {
		known = append(known, text, name)
	}
	return plantSecrets(p.secretValues(), known)
}

// disclosed returns which secret a text discloses, and whether it does. What discloses it is
// masked in reports.
func (w *world) disclosed(planted plantedSecrets, text string) (string, bool) {
	secret, part, ok := planted.in(text)
	if ok {
		w.secret(part)
	}
	return secret.value, ok
}

// shown returns a secret of the profile that a text discloses, and whether it does.
func (w *world) shown(text string) (string, bool) {
	return w.disclosed(w.suite.config.Installed.planted, text)
}
