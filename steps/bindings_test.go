// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"io/fs"
	"regexp"
	"strconv"
	"testing"

	gherkin "github.com/cucumber/gherkin/go/v26"

	"github.com/plugproof/plugproof/features"
)

// sentences gives every sentence of all features, outlines filled in, with the
// scenario that it stands in.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, in := range []struct {
		files   fs.FS
		pattern string
	}{{features.FS, "*.feature"}, {features.Plugin, "plugin/*.feature"}} {
		names, err := fs.Glob(in.files, in.pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("features %s: %v %v", in.pattern, names, err)
		}
		for _, name := range names {
			file, err := in.files.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			next := 0
			newID := func() string { next++; return strconv.Itoa(next) }
			document, err := gherkin.ParseGherkinDocument(file, newID)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, pickle := range gherkin.Pickles(*document, name, newID) {
				for _, step := range pickle.Steps {
					found[step.Text] = name + ": " + pickle.Name
				}
			}
		}
	}
	return found
}

// TestEverySentenceIsDefined finds undefined and ambiguous sentences without a
// server, and bindings that no feature uses any more.
func TestEverySentenceIsDefined(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	list := newWorld(&Suite{}).bindings()
	for sentence, where := range sentences(t) {
		var matching []string
		for _, binding := range list {
			if regexp.MustCompile(binding.expression).MatchString(sentence) {
				matching = append(matching, binding.expression)
				used[binding.expression] = true
			}
		}
		if len(matching) != 1 {
			t.Errorf("%s: %q fits %d bindings: %v", where, sentence, len(matching), matching)
		}
	}
	for _, binding := range list {
		if !used[binding.expression] {
			t.Errorf("no feature uses %s", binding.expression)
		}
	}
}
