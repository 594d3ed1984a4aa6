// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// secretMark stands in reports for a secret of the profile.
const secretMark = "<secret>"

// minEnvSecret is the length from which a value of the plugin's environment is
// masked wherever it stands; a shorter one only beside its name.
const minEnvSecret = 8

// secretName matches the names of fields, flags and variables whose values are
// masked although the profile does not call them secrets.
var secretName = regexp.MustCompile(`(?i)(^|[_.-])(password|passwd|passphrase|pass|pwd|bindpass|secret|secret_?id|secret_?key|private_?key|api_?key|access_?key|token|jwt|credentials?)$`)

// LooksSecret reports whether a field's name says that its value is a secret, so that
// reports mask it.
func LooksSecret(name string) bool { return secretName.MatchString(name) }

// masked returns what reports don't show of the profile, and what stands in its
// place: values of secret fields and of those that are called like such, passwords in
// addresses, and the plugin's environment.
func (p *Profile) masked() *strings.Replacer {
	values := map[string]bool{}
	for _, value := range p.secretValues() {
		values[value] = true
	}
	collect := func(name string, value any) {
		eachText(name, value, func(name, text string) {
			if LooksSecret(name) && len(text) >= minSecret {
				values[text] = true
			}
			if address, err := url.Parse(text); err == nil {
				if password, ok := address.User.Password(); ok && len(password) >= minSecret {
					values[password] = true
				}
			}
		})
	}
	for _, write := range p.writes() {
		collect("", write.Data)
	}
	collect("", p.Database.Connection)
	collect("", p.Config)
	for name, value := range p.Options {
		collect(name, value)
	}
	for _, arg := range p.Args {
		name, value, _ := strings.Cut(arg, "=")
		collect(name, value)
	}
	pairs := map[string]string{}
	for _, entry := range p.Env {
		name, value, _ := strings.Cut(entry, "=")
		collect(name, value)
		if len(value) >= minEnvSecret {
			values[value] = true
		}
		if value != "" {
			for _, form := range formsOf(entry) {
				pairs[form] = name + "=" + secretMark
			}
		}
	}
	for value := range values {
		for _, form := range formsOf(value) {
			pairs[form] = secretMark
		}
	}
	var replacements []string
	for _, form := range slices.SortedFunc(maps.Keys(pairs), longerFirst) {
		replacements = append(replacements, form, pairs[form])
	}
	return strings.NewReplacer(replacements...)
}

// formsOf returns the forms in which a value stands in requests, answers and logs:
// as it is, in JSON, quoted, in an address, and encoded.
func formsOf(value string) []string {
	forms := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	quoted := []string{strconv.Quote(value)}
	if text, err := json.Marshal(value); err == nil {
		quoted = append(quoted, string(text))
	}
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) == nil {
		quoted = append(quoted, strings.TrimSpace(plain.String()))
	}
	for _, text := range quoted {
		forms = append(forms, text[1:len(text)-1])
	}
	if len(value) >= minEnvSecret {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(value)), base64.URLEncoding.EncodeToString([]byte(value)), base64.RawStdEncoding.EncodeToString([]byte(value)))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// mask replaces in a text for a report what is secret of the profile.
func (i *Installed) mask(text string) string { return i.masked.Replace(text) }

// maskCrash does the same in a crash.
func (i *Installed) maskCrash(crash Crash) Crash {
	crash.What = i.mask(crash.What)
	crash.Stderr = slices.Clone(crash.Stderr)
	for n, line := range crash.Stderr {
		crash.Stderr[n] = i.mask(line)
	}
	return crash
}

// mask replaces the secrets in a text for a report.
func (w *world) mask(text string) string {
	text = plain(text)
	for _, secret := range w.secrets {
		if len(secret) >= minEnvSecret {
			for _, form := range formsOf(secret) {
				text = strings.ReplaceAll(text, form, "<token>")
			}
		}
	}
	if installed := w.suite.config.Installed; installed != nil {
		text = installed.mask(text)
	}
	return text
}
