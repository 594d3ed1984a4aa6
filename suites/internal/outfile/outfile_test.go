// SPDX-License-Identifier: MPL-2.0

package outfile_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/outfile"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// save checks and writes, as commands do.
func save(t *testing.T, name string) {
	t.Helper()
	if err := outfile.Check(name); err != nil {
		t.Fatal(err)
	}
	if err := outfile.Write(name, []byte("new"), io.Discard); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreMadeAndReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := outfile.Check(old); err != nil || read(t, old) != "old" {
		t.Errorf("a check changed the file: %v", err)
	}
	for _, name := range []string{old, filepath.Join(dir, "made")} {
		save(t, name)
		if read(t, name) != "new" {
			t.Errorf("%s: %q", name, read(t, name))
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLinksStayLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first time there is no target
		save(t, link)
		if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
			t.Fatalf("the link is %v, %v", info, err)
		}
		if read(t, target) != "new" {
			t.Errorf("the target holds %q", read(t, target))
		}
	}
}

func TestStandardOutput(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := outfile.Write(outfile.Stdout, []byte("new"), &out); err != nil || out.String() != "new" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestWhatCanNotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "none", "x"): "no such file or directory",
		dir:                             dir + " can't be written: it is a directory",
		"":                              "a file without a name",
		loop:                            "too many links",
	} {
		for what, err := range map[string]error{"check": outfile.Check(name), "write": outfile.Write(name, nil, io.Discard)} {
			if err == nil || !strings.Contains(err.Error(), " can't be written") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: %v, want %s", what, name, err, want)
			}
		}
	}
}
