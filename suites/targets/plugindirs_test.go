// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// TestAFilePlacedOftenIsCopiedOnce: links that others make of the copy's original leave
// its digest alone, and a file that is replaced is placed as it is then.
func TestAFilePlacedOftenIsCopiedOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "plugin")
	g.Expect(os.WriteFile(path, []byte("one"), 0o600)).To(Succeed())
	var dirs pluginDirs
	last := ""
	for i := range linksOfOne + 2 {
		from, err := dirs.source(path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(sameFile(from, path)).To(Equal(i < linksOfOne))
		g.Expect(os.ReadFile(from)).To(Equal([]byte("one")))
		if i > linksOfOne {
			g.Expect(from).To(Equal(last))
		}
		last = from
	}

	g.Expect(os.WriteFile(path, []byte("another"), 0o600)).To(Succeed())
	for range linksOfOne + 1 {
		from, err := dirs.source(path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.ReadFile(from)).To(Equal([]byte("another")))
	}

	g.Expect(dirs.close()).To(Succeed())
	g.Expect(last).NotTo(BeAnExistingFile())
	g.Expect(path).To(BeAnExistingFile())
}
