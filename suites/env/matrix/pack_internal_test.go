// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"testing"

	. "github.com/onsi/gomega"
)

// Packing decides what is measured together, and nothing outside shows whether
// it is right, so this test looks inside.
func TestPackingChangesNoRowsAnswer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	rows := Rows()
	settings := pack(rows)
	seen := 0
	for _, s := range settings {
		for _, p := range s.plugins {
			for _, row := range p.rows {
				seen++
				for _, name := range used(row) {
					g.Expect(of(s.host.entries, name)).To(Equal(of(row.Host, name)), "%s: %s in the host", row.ID, name)
					g.Expect(of(p.registered.entries, name)).To(Equal(of(row.Registered, name)), "%s: %s registered", row.ID, name)
				}
			}
		}
	}
	g.Expect(seen).To(Equal(len(rows)))
	g.Expect(len(settings)).To(BeNumerically("<", 20), "too many servers for a quick measurement")
}
