// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// readFeatures returns the features that a command checks and those of the user's
// directories, and the requirements in them.
func readFeatures(command string, directories []string) (fs.FS, []steps.Requirement, error) {
	ours := featuresFor(command)
	if len(directories) == 0 {
		all, err := requirementsFor(command)
		return ours, all, err
	}
	about, err := withOwn(ours, directories)
	if err != nil {
		return nil, nil, err
	}
	all, err := steps.Requirements(about)
	if err != nil { // what is wrong with the user's features is the user's to correct
		err = usage.Errorf("--features: %w", err)
	}
	return about, all, err
}

// withOwn returns the features of base and those of the user's directories.
func withOwn(base fs.FS, directories []string) (fs.FS, error) {
	all := fstest.MapFS{}
	names, err := fs.Glob(base, "*.feature")
	if err != nil {
		return nil, fmt.Errorf("list the features: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(base, name)
		if err != nil {
			return nil, fmt.Errorf("read the features: %w", err)
		}
		all[name] = &fstest.MapFile{Data: text}
	}
	own := ownFeatures{}
	for _, directory := range directories {
		if _, err := os.ReadDir(directory); err != nil {
			return nil, usage.Errorf("--features: %w", err)
		}
		files, err := filepath.Glob(filepath.Join(directory, "*.feature"))
		if err != nil || len(files) == 0 {
			return nil, usage.Errorf("--features %s: there are no *.feature files", directory)
		}
		for _, file := range files {
			name := filepath.Base(file)
			if _, taken := all[name]; taken {
				return nil, usage.Errorf("--features: %s: there is a feature of that name already; rename the file", file)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, usage.Errorf("--features: %w", err)
			}
			if text, err = own.complete(file, text); err != nil {
				return nil, usage.Errorf("--features: %s: %w", file, err)
			}
			all[name] = &fstest.MapFile{Data: text}
		}
	}
	return all, nil
}

// ownFeatures completes the features of users: their scenarios need no
// identifier, level, source and tags for what their sentences need.
type ownFeatures struct {
	// scenarios counts those that got an identifier.
	scenarios int
}

// complete returns the text with what its scenarios leave out.
func (o *ownFeatures) complete(file string, text []byte) ([]byte, error) {
	next := 0
	newID := func() string { next++; return strconv.Itoa(next) }
	document, err := gherkin.ParseGherkinDocument(bytes.NewReader(text), newID)
	if err != nil {
		return nil, err
	}
	if document.Feature == nil {
		return nil, fmt.Errorf("the file has no feature")
	}
	lines := strings.Split(string(text), "\n")
	needs := make(map[string][]string)
	for _, pickle := range gherkin.Pickles(*document, path.Base(file), newID) {
		for _, step := range pickle.Steps {
			for _, sentence := range steps.Sentences() {
				if sentence.Matches(step.Text) && sentence.Needs != "" {
					needs[pickle.AstNodeIds[0]] = append(needs[pickle.AstNodeIds[0]], "@needs-"+string(sentence.Needs))
				}
			}
		}
	}
	scenario := func(s *messages.Scenario, above ...[]*messages.Tag) {
		var has []string
		for _, tags := range append(above, s.Tags) {
			for _, tag := range tags {
				has = append(has, tag.Name)
			}
		}
		add := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(needs[s.Id]))), func(tag string) bool { return slices.Contains(has, tag) })
		if !slices.ContainsFunc(has, func(tag string) bool { return steps.IsID(strings.TrimPrefix(tag, "@")) }) {
			o.scenarios++
			add = append(add, fmt.Sprintf("@OWN-%03d", o.scenarios))
		}
		if !slices.ContainsFunc([]string{"@must", "@should", "@may"}, func(level string) bool { return slices.Contains(has, level) }) {
			add = append(add, "@must")
		}
		at := s.Location.Line - 1
		lines[at] = strings.Join(add, " ") + "\n" + lines[at] + "\n" + fmt.Sprintf("Source: %s:%d", file, s.Location.Line)
	}
	feature := document.Feature
	for _, child := range feature.Children {
		switch {
		case child.Scenario != nil:
			scenario(child.Scenario, feature.Tags)
		case child.Rule != nil:
			for _, in := range child.Rule.Children {
				if in.Scenario != nil {
					scenario(in.Scenario, feature.Tags, child.Rule.Tags)
				}
			}
		}
	}
	return []byte(strings.Join(lines, "\n")), nil
}
