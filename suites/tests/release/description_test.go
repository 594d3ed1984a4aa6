// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/conformance"
)

// TestPluginsForContainers: on systems that are not Linux, the sample plugins for
// containers are in the archive too.
func TestPluginsForContainers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	d, err := read(filepath.Join(root, ".goreleaser.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	prepared := t.TempDir()
	for _, file := range []string{"man/plugproof.1", "plugins/linux_amd64/probe", "plugins/linux_arm64/probe"} {
		g.Expect(os.MkdirAll(filepath.Join(prepared, filepath.Dir(file)), 0o755)).To(Succeed())
		g.Expect(os.WriteFile(filepath.Join(prepared, file), nil, 0o755)).To(Succeed()) //nolint:gosec // stands for a program
	}
	for p, want := range map[platform][]string{
		{"linux", "amd64"}:   {"LICENSE", "README.md", "man/plugproof.1"},
		{"darwin", "arm64"}:  {"LICENSE", "README.md", "man/plugproof.1", "plugins/linux_arm64/probe"},
		{"windows", "amd64"}: {"LICENSE", "README.md", "man/plugproof.1", "plugins/linux_amd64/probe"},
	} {
		files, err := d.files(p, prepared)
		g.Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, file := range files {
			names = append(names, file.name)
		}
		g.Expect(names).To(ConsistOf(want), p.OS)
	}
}

// TestEverythingIsBuiltForAllPlatforms: the archives have the same programs, and
// those that features need.
func TestEverythingIsBuiltForAllPlatforms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	d, err := read(filepath.Join(root, ".goreleaser.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	var plugins []string
	for _, b := range d.Builds {
		g.Expect(b.Goos).To(ConsistOf("linux", "darwin", "windows"), b.ID)
		g.Expect(b.Goarch).To(ConsistOf("amd64", "arm64"), b.ID)
		g.Expect(filepath.Join(root, b.Dir, b.Main)).To(BeADirectory())
		if name, ok := strings.CutPrefix(b.Binary, "plugins/"); ok {
			plugins = append(plugins, name)
		} else {
			g.Expect(b.Flags).To(ContainElement("-buildvcs=true"), "version, commit and date are stamped")
		}
	}
	g.Expect(plugins).To(ConsistOf(conformance.SamplePlugins()))
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var stdout, stderr strings.Builder
	for _, args := range [][]string{{}, {"archive"}, {"archive", "d", "linux"}, {"prepare", "d", "linux", "amd64"}, {"other", "d"}} {
		stderr.Reset()
		g.Expect(execute(t.Context(), args, &stdout, &stderr)).To(Equal(2))
		g.Expect(stderr.String()).To(ContainSubstring("usage"))
	}
	_, err := read(filepath.Join(root, "go.mod"))
	g.Expect(err).To(HaveOccurred())
	d, err := read(filepath.Join(root, ".goreleaser.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = d.archive(t.Context(), platform{"plan9", "386"}, t.TempDir(), t.TempDir())
	g.Expect(err).To(MatchError(ContainSubstring("not built for plan9/386")))
}
