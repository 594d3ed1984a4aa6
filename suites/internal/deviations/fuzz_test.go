// SPDX-License-Identifier: MPL-2.0

package deviations_test

import (
	"testing"

	"github.com/plugproof/plugproof/suites/internal/deviations"
)

// FuzzParse: no document makes the reader panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "{}", "- {}", "- null", "- {case: a, reason: b}", "- {case: '[', reason: b, steps: [1]}", "- &a {case: *a}",
		`[{"case": "a", "recording": "b", "server": "vault>=1.2", "reason": "c", "until": "2026-01-01"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		list, err := deviations.Parse("a.yaml", text)
		if err == nil {
			list.NameServers()
		}
	})
}
