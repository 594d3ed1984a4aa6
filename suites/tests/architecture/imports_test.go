// SPDX-License-Identifier: MPL-2.0

// Package architecture holds the project's directories to what they may know of
// each other.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/plugproof/plugproof/"

// root is the checkout.
var root = filepath.Join("..", "..", "..")

// mayImport says which of the project's top directories the code of another may
// import. Tests may build plugins wherever they are, so they are not held to it.
func mayImport() map[string][]string {
	return map[string][]string{
		"features":   {},
		"plugins":    {"plugins"},
		"mockserver": {"mockserver"},
		"steps":      {"features", "steps"},
		"suites":     {"features", "mockserver", "steps", "suites", "plugins"},
	}
}

// TestImports keeps the parts apart: features know nothing, steps see a server
// only over HTTP and through Target, the mock knows nothing of its checks.
func TestImports(t *testing.T) {
	t.Parallel()
	files := 0
	for _, inside := range goFiles(t) {
		top, _, below := strings.Cut(inside, "/")
		allowed, held := mayImport()[top]
		if !below || !held || strings.HasSuffix(inside, "_test.go") {
			continue
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, inside), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range file.Imports {
			name, own := strings.CutPrefix(strings.Trim(imported.Path.Value, `"`), module)
			if to, _, _ := strings.Cut(name, "/"); own && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may import only %v of the project", inside, name, top, allowed)
			}
			if name == "github.com/hashicorp/cli" && !strings.HasPrefix(inside, "suites/vaultcli/") {
				t.Errorf("%s imports %s: only suites/vaultcli is like Vault's command line", inside, name)
			}
			if strings.HasPrefix(name, "github.com/spf13/") && !strings.HasPrefix(inside, "suites/cli/") {
				t.Errorf("%s imports %s: only suites/cli knows the command line", inside, name)
			}
		}
	}
	if files < 50 {
		t.Errorf("only %d files were looked at: the test does not see the project", files)
	}
}

// goFiles returns the paths of the project's Go files below root, with slashes. Those
// that the go command leaves out are not among them.
func goFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || strings.HasPrefix(entry.Name(), "_") || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		inside, err := filepath.Rel(root, path)
		if err == nil && filepath.Ext(path) == ".go" {
			files = append(files, filepath.ToSlash(inside))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
