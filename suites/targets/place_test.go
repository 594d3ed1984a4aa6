// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// TestReplacedWhilePlaced: the digest of a placed file is its own, also if a build replaced
// the file while it was placed.
func TestReplacedWhilePlaced(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory, built := t.TempDir(), filepath.Join(t.TempDir(), "plugin")
	build := func(text string) {
		fresh := filepath.Join(t.TempDir(), "fresh")
		g.Expect(os.WriteFile(fresh, []byte(text), 0o700)).To(Succeed())
		g.Expect(os.Rename(fresh, built)).To(Succeed())
	}
	build("one")
	sums, placements := newChecksums(), 0
	sum, err := unreplaced(func() (string, error) { return sums.of(built) }, func() error {
		if placements++; placements == 1 {
			build("two")
		}
		return placeFile(directory, "plugin", built)
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(fileChecksum(filepath.Join(directory, "plugin"))).To(Equal(sum))
	g.Expect(placements).To(Equal(2))
	g.Expect(os.ReadFile(filepath.Join(directory, "plugin"))).To(BeEquivalentTo("two"))

	g.Expect(os.Remove(built)).To(Succeed())
	_, err = unreplaced(func() (string, error) { return sums.of(built) }, func() error { return nil })
	g.Expect(err).To(MatchError(os.ErrNotExist))
}
