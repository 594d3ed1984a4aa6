// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"maps"
	"slices"
	"strings"
)

// sharedSecrets returns the secret values that something else in the profile has too, by
// what that is: another field, or a name in a path. An answer that shows such a value does
// not say which of them it shows.
func (p *Profile) sharedSecrets() map[string]string {
	others := p.plainTexts()
	shared := make(map[string]string)
	for _, secret := range p.secretValues() {
		if other, ok := others[secret]; ok {
			shared[secret] = other
		}
	}
	return shared
}

// sharedSecret returns why secrets can't be looked for in answers, and an empty string if
// each has a value of its own.
func (p *Profile) sharedSecret() string {
	shared := p.sharedSecrets()
	for _, write := range p.writes() {
		for _, name := range slices.Sorted(maps.Keys(write.Data)) {
			text, _ := write.Data[name].(string)
			if other, ok := shared[text]; ok && slices.Contains(p.Secrets, name) {
				return "the profile's secret " + name + " has the same value as " + other + ": give it one of its own"
			}
		}
	}
	return ""
}

// plainTexts returns the texts of the profile that are not secret, with the name of a field
// that has them.
func (p *Profile) plainTexts() map[string]string {
	others := make(map[string]string)
	collect := func(value any) {
		eachText("", value, func(name, text string) {
			if !slices.Contains(p.Secrets, name) && !slices.Contains(secretSettings(), name) {
				others[text] = name
			}
		})
	}
	for _, write := range p.writes() {
		collect(write.Data)
		for name := range strings.SplitSeq(write.Path, "/") {
			others[name] = "a name in a path"
		}
	}
	collect(p.Database.Connection)
	return others
}
