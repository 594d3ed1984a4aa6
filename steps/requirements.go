// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"
)

// Requirements reads every requirement from the *.feature files at the top of
// fsys, ordered by area and identifier. A scenario without identifier or level,
// a repeated identifier, an unknown tag, an unknown sentence and a missing tag for
// what a sentence needs are errors: reports would differ from the features.
func Requirements(fsys fs.FS) ([]Requirement, error) {
	files, err := fs.Glob(fsys, "*.feature")
	if err != nil {
		return nil, fmt.Errorf("list the features: %w", err)
	}
	known := boundSteps()
	var all []Requirement
	for _, file := range files {
		read, err := requirementsOf(fsys, file, known)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, read...)
	}
	slices.SortFunc(all, func(a, b Requirement) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			return nil, fmt.Errorf("%s is the identifier of two requirements, %q and %q", all[i].ID, all[i-1].Title, all[i].Title)
		}
	}
	return all, checkOrder(all)
}

// checkOrder refuses requirements that build on each other, since if both failed neither
// would be said to, and those that build on what binds less, since a failure that counts
// would be left out for one that does not.
func checkOrder(all []Requirement) error {
	buildsOn, levels := make(map[string][]string), make(map[string]Level)
	for _, r := range all {
		buildsOn[r.ID], levels[r.ID] = r.BuildsOn, r.Level
	}
	binding := []Level{May, Should, Must}
	for _, r := range all {
		for _, base := range r.BuildsOn {
			if level, known := levels[base]; known && slices.Index(binding, level) < slices.Index(binding, r.Level) {
				return fmt.Errorf("%s (%s) builds on %s, which is only %s", r.ID, r.Level, base, level)
			}
		}
	}
	var path []string
	done := make(map[string]bool)
	var visit func(id string) error
	visit = func(id string) error {
		if i := slices.Index(path, id); i >= 0 {
			return fmt.Errorf("%s builds on itself: %s", id, strings.Join(append(path[i:], id), ", "))
		}
		if done[id] {
			return nil
		}
		path = append(path, id)
		for _, base := range buildsOn[id] {
			if err := visit(base); err != nil {
				return err
			}
		}
		path, done[id] = path[:len(path)-1], true
		return nil
	}
	for _, r := range all {
		if err := visit(r.ID); err != nil {
			return err
		}
	}
	return nil
}

func requirementsOf(fsys fs.FS, file string, known []boundStep) ([]Requirement, error) {
	reader, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	next := 0
	newID := func() string { next++; return strconv.Itoa(next) }
	document, err := gherkin.ParseGherkinDocument(reader, newID)
	if err != nil {
		return nil, err
	}
	if document.Feature == nil {
		return nil, fmt.Errorf("the file has no feature")
	}
	feature := document.Feature
	area := strings.TrimSuffix(path.Base(file), ".feature")
	above := heading{tags: feature.Tags, description: feature.Description}
	// Scenarios as they are run: backgrounds added, outlines filled in.
	pickles := make(map[string][]*messages.Pickle)
	for _, pickle := range gherkin.Pickles(*document, file, newID) {
		pickles[pickle.AstNodeIds[0]] = append(pickles[pickle.AstNodeIds[0]], pickle)
	}
	read := func(scenario *messages.Scenario, rule heading) (Requirement, error) {
		requirement, err := requirementOf(scenario, area, above, rule)
		if err == nil {
			err = checkSteps(requirement.Needs, known, pickles[scenario.Id])
		}
		if err != nil {
			return Requirement{}, fmt.Errorf("scenario %q: %w", scenario.Name, err)
		}
		return requirement, nil
	}
	var all []Requirement
	for _, child := range feature.Children {
		switch {
		case child.Scenario != nil:
			requirement, err := read(child.Scenario, heading{})
			if err != nil {
				return nil, err
			}
			all = append(all, requirement)
		case child.Rule != nil:
			rule := heading{name: child.Rule.Name, tags: child.Rule.Tags, description: child.Rule.Description}
			for _, in := range child.Rule.Children {
				if in.Scenario == nil {
					continue
				}
				requirement, err := read(in.Scenario, rule)
				if err != nil {
					return nil, err
				}
				all = append(all, requirement)
			}
		}
	}
	return all, nil
}

// heading is what a feature or rule says for all of its scenarios.
type heading struct {
	name        string
	tags        []*messages.Tag
	description string
}

func requirementOf(scenario *messages.Scenario, area string, feature, rule heading) (Requirement, error) {
	var names []string
	for _, list := range [][]*messages.Tag{feature.tags, rule.tags, scenario.Tags} {
		names = append(names, tagNames(list)...)
	}
	read, err := readTags(names)
	if err != nil {
		return Requirement{}, err
	}
	requirement := Requirement{
		ID: read.id, Title: titleOf(scenario.Name), Area: area, Rule: rule.name, Level: read.level,
		Needs: read.needs, BuildsOn: read.buildsOn, Applies: read.applies.String(), Cases: 1,
		Remedy: lastLine("Remedy:", feature.description, rule.description, scenario.Description),
	}
	if requirement.ID == "" || requirement.Level == "" || requirement.Title == "" {
		return Requirement{}, errors.New("no identifier (@REG-001), no level (@must, @should, @may) or no title before its values")
	}
	if len(scenario.Examples) > 0 {
		var applies []string
		requirement.Cases = 0
		for _, examples := range scenario.Examples {
			requirement.Cases += len(examples.TableBody)
			with, err := readTags(append(slices.Clone(names), tagNames(examples.Tags)...))
			if err != nil {
				return Requirement{}, err
			}
			if text := with.applies.String(); !slices.Contains(applies, text) {
				applies = append(applies, text)
			}
		}
		requirement.Applies = strings.Join(applies, "; ")
	}
	requirement.Sources = slices.Compact(append(read.contract,
		everyLine("Source:", feature.description, rule.description, scenario.Description)...))
	if len(requirement.Sources) == 0 {
		return Requirement{}, errors.New(`no source (@contract-2 or a line "Source: …")`)
	}
	return requirement, nil
}

// checkSteps refuses unknown sentences, and those that need a capability without a
// tag for it: on a target that lacks the capability the scenario would be an ERROR
// instead of UNSUPPORTED.
func checkSteps(stated []Capability, known []boundStep, pickles []*messages.Pickle) error {
	for _, pickle := range pickles {
		for _, sentence := range pickle.Steps {
			index := slices.IndexFunc(known, func(step boundStep) bool { return step.expression.MatchString(sentence.Text) })
			if index < 0 {
				return &UnknownSentenceError{Sentence: sentence.Text, Nearest: Nearest(sentence.Text)}
			}
			if needs := known[index].needs; needs != none && !slices.Contains(stated, needs) {
				return fmt.Errorf("the tag @needs-%s is missing, for %q", needs, sentence.Text)
			}
		}
	}
	return nil
}

// UnknownSentenceError is a sentence of a feature that is not in Sentences.
type UnknownSentenceError struct {
	Sentence string
	// Nearest are the known sentences that it most resembles.
	Nearest []Sentence
}

// Error names the sentence and the nearest known ones.
func (e *UnknownSentenceError) Error() string {
	text := fmt.Sprintf("no such sentence: %s", e.Sentence)
	for i, near := range e.Nearest {
		if i == 0 {
			text += "\n  the nearest:"
		}
		text += "\n    " + near.Text
	}
	return text
}

func tagNames(list []*messages.Tag) []string {
	names := make([]string, 0, len(list))
	for _, tag := range list {
		names = append(names, strings.TrimPrefix(tag.Name, "@"))
	}
	return names
}

// titleOf removes an outline's values, which are at the end: "a path, <path>".
func titleOf(name string) string {
	title, _, _ := strings.Cut(name, "<")
	return cmp.Or(strings.TrimRight(title, " ,:"), name)
}

// everyLine returns the rest of each line that begins with the mark.
func everyLine(mark string, descriptions ...string) []string {
	var found []string
	for _, description := range descriptions {
		for line := range strings.Lines(description) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), mark); ok {
				found = append(found, strings.TrimSpace(rest))
			}
		}
	}
	return found
}

// lastLine returns the most special of them: the scenario's before the feature's.
func lastLine(mark string, descriptions ...string) string {
	found := everyLine(mark, descriptions...)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
