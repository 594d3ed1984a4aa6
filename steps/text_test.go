// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestShorten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	run := strings.Repeat("x", 100_000)
	for text, want := range map[string]string{
		"":                          "",
		" short ":                   "short",
		"aab":                       "aab",
		`{"a":"` + run + `"}`:       `{"a":"xxxxxxxxxx… (100000 times x)"}`,
		run:                         "xxxxxxxxxx… (100000 times x)",
		run + "y" + run:             "xxxxxxxxxx… (100000 times x)yxxxxxxxxxx… (100000 times x)",
		strings.Repeat("-", 200):    strings.Repeat("-", 200),
		strings.Repeat("é", 200):    strings.Repeat("é", 200),
		strings.Repeat("ab ", 1000): strings.Repeat("ab ", 1000)[:maxShown] + "… (2999 bytes in all)",
	} {
		g.Expect(shorten(text)).To(Equal(want))
	}
}

// TestGone: an error that the plugin relays says nothing of its process.
func TestGone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	says := func(status int, reason string) bool {
		return gone(&answer{status: status, content: map[string]any{"errors": []any{reason}}})
	}
	g.Expect(says(500, "rpc error: code = Unavailable desc = error reading from server: EOF")).To(BeTrue())
	g.Expect(says(500, "rpc error: code = Internal desc = plugin workload identity not supported")).To(BeFalse())
	g.Expect(says(400, "unexpected EOF")).To(BeFalse())
}
