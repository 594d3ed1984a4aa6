// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// TestNestedBracketsAreBounded: a text of a few kilobytes costs no seconds.
func TestNestedBracketsAreBounded(t *testing.T) {
	t.Parallel()
	const many = 100_000
	nested := func(before, opening, closing string, n int) string {
		return before + strings.Repeat(opening, n) + strings.Repeat(closing, n)
	}
	for name, text := range map[string]string{
		"lists":            nested(`path "a" { allowed_parameters = { a = `, "[", "]", many) + "}}",
		"objects":          nested(`path "a" { allowed_parameters = `, "{a=", "}", many) + "}",
		"blocks":           nested("", `path "a" {`, "}", many),
		"never closed":     `path "a" ` + strings.Repeat("{", many),
		"in JSON":          nested(`{"path":{"a":{"allowed_parameters":{"a":`, "[", "]", many) + "}}}}",
		"objects in JSON":  nested(`{"path":`, `{"a":`, "}", many) + "}",
		"after a heredoc":  nested("a = <<E\n}}}}\nE\npath \"a\" { x = ", "[", "]", many),
		"after a comment":  nested("# }}}}\npath \"a\" { x = ", "[", "]", many),
		"after a string":   nested("a = \"}}}}\"\npath \"a\" { x = ", "[", "]", many),
		"after no token":   nested("\x00 ` path \"a\" { x = ", "[", "]", many),
		"closed too often": strings.Repeat("}", many) + strings.Repeat("{", 2*many),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gomega.NewWithT(t)
			begin := time.Now()
			_, err := Parse("p", text, Extras{})
			g.Expect(err).To(gomega.MatchError(gomega.HavePrefix("failed to parse policy: ")))
			g.Expect(time.Since(begin)).To(gomega.BeNumerically("<", 5*time.Second))
		})
	}
	g := gomega.NewWithT(t)
	_, err := Parse("p", `path "a" { capabilities = ["read"] allowed_parameters = { x = [`+nested("", "[", "]", 100)+`, "`+strings.Repeat("[", many)+`"] } }`, Extras{})
	g.Expect(err).NotTo(gomega.HaveOccurred(), "brackets in strings are none")
}
