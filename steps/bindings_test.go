// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"io/fs"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	gherkin "github.com/cucumber/gherkin/go/v26"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/features"
)

// sentences returns every sentence of all features, outlines filled in, with the
// scenario that it stands in.
func sentencesOfFeatures(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, files := range []fs.FS{features.Server(), features.Plugin()} {
		names, err := fs.Glob(files, "*.feature")
		if err != nil || len(names) == 0 {
			t.Fatalf("features: %v %v", names, err)
		}
		for _, name := range names {
			file, err := files.Open(name)
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
	// These are for the features of plugin authors.
	forAuthors := []string{
		`"NAME" logs in at "PATH" with JSON`,
		`the answer has the field "FIELD" of type JSONTYPE`,
		`the clock moves on by DURATION`,
		`the lease "NAME" is valid`, `the lease "NAME" is revoked`, `the lease "NAME" expires`, `the lease "NAME" is gone`,
		`the plugin's log has "TEXT"`, `the plugin's log has no "TEXT"`,
	}
	used := make(map[string]bool)
	for _, text := range forAuthors {
		used[text] = true
	}
	known := Sentences()
	for text, where := range sentencesOfFeatures(t) {
		var matching []string
		for _, sentence := range known {
			if sentence.Matches(text) {
				matching = append(matching, sentence.Text)
				used[sentence.Text] = true
			}
		}
		if len(matching) != 1 {
			t.Errorf("%s: %q fits %d sentences: %v", where, text, len(matching), matching)
		}
	}
	for _, sentence := range known {
		if !used[sentence.Text] {
			t.Errorf("no feature uses %s", sentence.Text)
		}
	}
}

// TestBindingsAreComplete holds that every sentence is documented, that its
// example is one of it and of no other, that its step takes what it has
// placeholders for, and that the step is in a file of its group's name.
func TestBindingsAreComplete(t *testing.T) {
	t.Parallel()
	all := boundSteps()
	for _, group := range vocabulary() {
		for _, binding := range group.bindings {
			t.Run(binding.sentence, func(t *testing.T) {
				g := NewWithT(t)
				var matching []string
				values := 0
				for _, step := range all {
					if step.expression.MatchString(binding.example) {
						matching = append(matching, step.sentence)
						values = step.expression.NumSubexp()
					}
				}
				g.Expect(matching).To(ConsistOf(binding.sentence), "sentences that the example %q is one of", binding.example)
				g.Expect(binding.about).To(HaveSuffix("."))

				step := reflect.TypeOf(binding.step)
				g.Expect(step.In(0)).To(Equal(reflect.TypeFor[*world]()))
				taken := step.NumIn() - 1
				if taken > 0 && step.In(1) == reflect.TypeFor[context.Context]() {
					taken--
				}
				if binding.argument() != "" {
					taken--
				}
				g.Expect(taken).To(Equal(values), "values that the step takes")
				g.Expect(binding.argument() != "").To(Equal(strings.HasSuffix(binding.sentence, ":")), "a table or text follows a colon")

				function := runtime.FuncForPC(reflect.ValueOf(binding.step).Pointer())
				path, _ := function.FileLine(function.Entry())
				file := strings.TrimSuffix(filepath.Base(path), ".go")
				g.Expect(file).To(Or(Equal(group.name), HavePrefix(group.name+"_")))
			})
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`the answer should be 200`:                      `the answer is STATUS`,
		`the plugin "p" sees REGION=eu`:                 `the plugin at "MOUNT" sees NAME=VALUE`,
		`"probe" is mounted on "my-secrets"`:            `"PLUGIN" is mounted at "PATH"`,
		`the server gets restarted`:                     `the server restarts`,
		`the process "first" was killed`:                `the process "NAME" is killed`,
		`the secret plugin "probe" was registered with`: `the TYPE plugin "NAME" is registered with:`,
	} {
		g := NewWithT(t)
		near := Nearest(text)
		g.Expect(len(near)).To(And(BeNumerically(">", 0), BeNumerically("<=", 3)), text)
		g.Expect(near[0].Text).To(Equal(want), text)
	}
	NewWithT(t).Expect(Nearest("x")).To(BeEmpty())
	NewWithT(t).Expect(Nearest("")).To(BeEmpty())
}

func TestExpressionOfASentence(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	processes := expression(`COUNT process(es) of "BINARY" run(s)`)
	g.Expect(processes.FindStringSubmatch(`1 process of "probe" runs`)).To(HaveExactElements(Not(BeEmpty()), "1", "probe"))
	g.Expect(processes.FindStringSubmatch(`2 processes of "probe" run`)).To(HaveExactElements(Not(BeEmpty()), "2", "probe"))
	g.Expect(processes.MatchString(`no process of "probe" runs`)).To(BeFalse())
	sends := expression(`ACTOR METHODs "PATH"`)
	g.Expect(sends.FindStringSubmatch(`a stranger GETs "sys/mounts"`)).To(HaveExactElements(Not(BeEmpty()), "a stranger", "GET", "sys/mounts"))
	g.Expect(sends.MatchString(`she GETs "sys/mounts"`)).To(BeFalse())
	dotted := expression(`a dot. NAME`)
	g.Expect(dotted.MatchString("a dotX x")).To(BeFalse(), "what is not a placeholder is literal")
}
