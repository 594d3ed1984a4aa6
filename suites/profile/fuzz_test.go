// SPDX-License-Identifier: MPL-2.0

package profile_test

import (
	"testing"

	"github.com/plugproof/plugproof/suites/profile"
)

// FuzzParse: no document makes the reader panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "plugin: {}", "plugin: []", "plugin: {type: auth, secrets: [a], open: []}", "plugin: &a {setup: [*a]}",
		"plugin:\n  setup:\n  - {path: config, data: {url: x}}\n  samples:\n  - {path: role/a, data: {ttl: 60s}, update: {ttl: 90s}}\n  credentials: [{path: creds/a}]\n  logins: [{path: login, data: {a: 1}}]\n",
		"plugin: {samples: [{path: null}]}", "plugin: {setup: [null]}", "plugin: {samples: [{path: a, data: [1]}]}", "plugin: {unknown: 1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = profile.Parse(text) })
}
