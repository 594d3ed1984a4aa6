// SPDX-License-Identifier: MPL-2.0

package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkout is the root of the project.
const checkout = "../../.."

var (
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.+)$`)
	codeBlock  = regexp.MustCompile("(?ms)^```.*?^```")
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	// notInAnchor matches what GitHub leaves out of a heading's anchor.
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	// projectPath matches a path that begins with a folder of the project.
	projectPath = regexp.MustCompile(`^(features|steps|mockserver|plugins|suites|\.github|\.ci)/[\w./-]+$`)
)

// documents returns the project's Markdown files by path, slash-separated and
// relative to the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := fs.WalkDir(os.DirFS(checkout), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if hidden := strings.HasPrefix(entry.Name(), ".") && path != "." && path != ".github"; hidden || entry.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(checkout, path))
		all[path] = codeBlock.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 4 {
		t.Fatalf("%d documents found, more were expected", len(all))
	}
	return all
}

// anchors returns the anchors that GitHub gives the headings of a document.
func anchors(text string) []string {
	var all []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		plain := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(match[1])), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}

// TestLinks checks that relative links in documents lead to files, and their
// fragments to headings.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := documents(t)
	for name, text := range all {
		for _, match := range linkTarget.FindAllStringSubmatch(codeSpan.ReplaceAllString(text, ""), -1) {
			path, fragment, _ := strings.Cut(match[1], "#")
			if strings.Contains(path, "://") || strings.HasPrefix(path, "mailto:") {
				continue
			}
			target := name
			if path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), path))
			}
			if _, err := os.Stat(filepath.Join(checkout, target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, match[1])
				continue
			}
			if document, ok := all[target]; ok && fragment != "" && !slices.Contains(anchors(document), fragment) {
				t.Errorf("%s links to %s: there is no such heading", name, match[1])
			}
		}
	}
}

// TestPaths checks that the files and folders that documents name exist: the
// walks of CONTRIBUTING are of use only as long as they do.
func TestPaths(t *testing.T) {
	t.Parallel()
	for name, text := range documents(t) {
		for _, match := range codeSpan.FindAllStringSubmatch(text, -1) {
			path := match[1]
			if !projectPath.MatchString(path) {
				continue
			}
			if _, err := os.Stat(filepath.Join(checkout, path)); err != nil {
				t.Errorf("%s names %s, which does not exist", name, path)
			}
		}
	}
}
