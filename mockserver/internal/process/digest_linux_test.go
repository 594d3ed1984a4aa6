// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestLinksKeepDigests: a link changes the change time of a file. The digest of one that is
// written to meanwhile is not kept.
func TestLinksKeepDigests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := t.TempDir()
	path := filepath.Join(directory, "plugin")
	g.Expect(os.WriteFile(path, []byte("one"), 0o600)).To(Succeed())
	old := time.Now().Add(-time.Hour)
	g.Expect(os.Chtimes(path, old, old)).To(Succeed()) // a write now shows, however soon it is
	d := NewDigests()
	known := func(path string) bool {
		file, err := os.Open(path)
		g.Expect(err).NotTo(HaveOccurred())
		defer file.Close()
		of, _ := identify(file)
		_, found := d.known[of]
		return found
	}
	file, err := os.Open(path)
	g.Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	of, _ := identify(file)
	d.known[of] = sha256.Sum256([]byte("one")) // as of a file that was left alone for long
	linked := filepath.Join(directory, "linked")
	g.Expect(d.Link(func() error { return os.Link(path, linked) }, path, filepath.Join(directory, "none"))).To(Succeed())
	g.Expect(known(path)).To(BeTrue())
	g.Expect(known(linked)).To(BeTrue())
	g.Expect(d.Of(linked)).To(Equal(sha256.Sum256([]byte("one"))))

	second := filepath.Join(directory, "second")
	g.Expect(d.Link(func() error { return errors.Join(os.Link(linked, second), os.Remove(linked)) }, path)).To(Succeed())
	linked = second
	g.Expect(known(path)).To(BeTrue(), "a link was removed")

	g.Expect(d.Link(func() error {
		return os.WriteFile(path, []byte("two"), 0o600)
	}, path)).To(Succeed())
	g.Expect(known(linked)).To(BeFalse(), "it was written to")
	g.Expect(d.Of(linked)).To(Equal(sha256.Sum256([]byte("two"))))
}
