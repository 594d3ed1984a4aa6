// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestSpecialPathsMeanDocumentedOnes(t *testing.T) {
	t.Parallel()
	operation := func(method string) []Operation { return []Operation{{Method: method}} }
	document := &Document{Paths: []DocumentedPath{
		{Path: "issuers", Operations: operation("LIST")},
		{Path: "config", Operations: operation("GET")},
		{Path: "issuer/{name}", Operations: operation("GET")},
		{Path: "issuer/{name}/public_key", Operations: operation("GET")},
		{Path: "data/{path}", Operations: operation("GET")},
	}}
	NewWithT(t).Expect(document.namesLike("isuers")[:2]).To(Equal([]string{"issuers", "config"}))
	for special, paths := range map[string][]string{
		"issuers/":            {"issuers"},
		"config/":             nil,
		"issuer/+":            {"issuer/{name}"},
		"issuer/+/public_key": {"issuer/{name}/public_key"},
		"issuer/*":            {"issuer/{name}", "issuer/{name}/public_key"},
		"data/a/b":            {"data/{path}"},
	} {
		t.Run(special, func(t *testing.T) {
			t.Parallel()
			var meant []string
			for _, path := range document.Paths {
				if document.means(special, path) {
					meant = append(meant, path.Path)
				}
			}
			NewWithT(t).Expect(meant).To(Equal(paths))
		})
	}
}

func TestListedNamesTheFirst(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(listed([]string{"a", "b"})).To(Equal("a, b"))
	g.Expect(listed(slices.Repeat([]string{"a"}, mostListed))).NotTo(ContainSubstring("more"))
	g.Expect(listed(slices.Repeat([]string{"a"}, mostListed+3))).To(Equal(strings.Repeat("a, ", mostListed-1) + "a and 3 more"))
}
