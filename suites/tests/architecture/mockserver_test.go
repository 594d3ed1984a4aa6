// SPDX-License-Identifier: MPL-2.0

package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mockLayers returns the folders of mockserver/internal, lowest first. Code of one
// may import those before it, and none of those behind it.
func mockLayers() []string {
	return []string{
		"storage", "envelope", "namespace",
		"quota", "lease", "policy", "token", "mounts", "process", "catalog",
		"builtin", "access", "core", "sys", "httpapi",
	}
}

// TestMockLayers holds the mock to the order in which mockserver/ARCHITECTURE.md
// names its folders: requests go down, and nothing below knows what is above it.
func TestMockLayers(t *testing.T) {
	t.Parallel()
	inside := filepath.Join(root, "mockserver", "internal")
	layers := mockLayers()
	entries, err := os.ReadDir(inside)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(layers, e.Name()) {
			t.Errorf("mockserver/internal/%s has no place in the order: add it to mockLayers and to mockserver/ARCHITECTURE.md", e.Name())
		}
	}
	architecture, err := os.ReadFile(filepath.Join(root, "mockserver", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	if order := strings.Join(layers, " "); !strings.Contains(string(architecture), order) {
		t.Errorf("mockserver/ARCHITECTURE.md does not name the order: %s", order)
	}
	for layer, name := range layers {
		checkLayer(t, filepath.Join(inside, name), layers[layer:])
	}
}

// checkLayer reports imports of the code below directory that go to the folders
// above, of which the first is its own.
func checkLayer(t *testing.T, directory string, above []string) {
	t.Helper()
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imported := range file.Imports {
			name, own := strings.CutPrefix(strings.Trim(imported.Path.Value, `"`), module+"mockserver/internal/")
			if to, _, _ := strings.Cut(name, "/"); own && slices.Contains(above[1:], to) {
				t.Errorf("%s imports %s, which is above %s", path, name, above[0])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
