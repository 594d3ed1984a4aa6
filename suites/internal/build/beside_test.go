// SPDX-License-Identifier: MPL-2.0

package build

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	. "github.com/onsi/gomega"
)

// TestBesideProgram: an archive has the plugins for its own machine in plugins, and
// those for containers of another system in a directory for each.
func TestBesideProgram(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := t.TempDir()
	program := filepath.Join(directory, "plugproof")
	other := Options{GOOS: "plan9", GOARCH: "386"}
	own := filepath.Join(directory, "plugins", "probe"+Options{}.suffix())
	foreign := filepath.Join(directory, "plugins", "plan9_386", "probe")
	selected, err := selectSources([]string{"probe"})
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(os.WriteFile(program, nil, 0o600)).To(Succeed())
	_, ok := Options{}.beside(program, selected)
	g.Expect(ok).To(BeFalse(), "there is nothing")

	g.Expect(os.MkdirAll(filepath.Dir(foreign), 0o755)).To(Succeed())
	g.Expect(os.WriteFile(foreign, nil, 0o600)).To(Succeed())
	_, ok = Options{}.beside(program, selected)
	g.Expect(ok).To(BeFalse(), "only those of another system are there")
	found, ok := other.beside(program, selected)
	g.Expect(ok).To(BeTrue())
	g.Expect(found).To(HaveKeyWithValue("probe", foreign))

	g.Expect(os.WriteFile(own, nil, 0o600)).To(Succeed())
	found, ok = Options{}.beside(program, selected)
	g.Expect(ok).To(BeTrue())
	g.Expect(found).To(HaveKeyWithValue("probe", own))

	link := filepath.Join(t.TempDir(), "pp")
	if runtime.GOOS != "windows" {
		g.Expect(os.Symlink(program, link)).To(Succeed())
		found, ok = Options{}.beside(link, selected)
		g.Expect(ok).To(BeTrue())
		g.Expect(filepath.Base(filepath.Dir(found["probe"]))).To(Equal("plugins"))
	}
}
