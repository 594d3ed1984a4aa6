// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"
)

// Requirements reads every requirement from the *.feature files at the top of
// fsys, ordered by area and identifier. A scenario without identifier or level,
// an identifier that stands twice, an unknown tag and a missing tag for what a
// sentence needs are errors: they would make a report say something else than
// the features do.
func Requirements(fsys fs.FS) ([]Requirement, error) {
	files, err := fs.Glob(fsys, "*.feature")
	if err != nil {
		return nil, fmt.Errorf("list the features: %w", err)
	}
	needing := needySentences()
	var all []Requirement
	for _, file := range files {
		read, err := requirementsOf(fsys, file, needing)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, read...)
	}
	slices.SortFunc(all, func(a, b Requirement) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			return nil, fmt.Errorf("%s stands twice: %q and %q", all[i].ID, all[i-1].Title, all[i].Title)
		}
	}
	return all, nil
}

func requirementsOf(fsys fs.FS, file string, needing []needy) ([]Requirement, error) {
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
		return nil, fmt.Errorf("no feature in it")
	}
	feature := document.Feature
	area := strings.TrimSuffix(path.Base(file), ".feature")
	above := heading{tags: feature.Tags, description: feature.Description}
	for _, child := range feature.Children {
		above.add(child.Background)
	}
	var all []Requirement
	for _, child := range feature.Children {
		switch {
		case child.Scenario != nil:
			read, err := requirementOf(child.Scenario, area, needing, above, heading{})
			if err != nil {
				return nil, err
			}
			all = append(all, read)
		case child.Rule != nil:
			rule := heading{name: child.Rule.Name, tags: child.Rule.Tags, description: child.Rule.Description}
			for _, in := range child.Rule.Children {
				rule.add(in.Background)
			}
			for _, in := range child.Rule.Children {
				if in.Scenario == nil {
					continue
				}
				read, err := requirementOf(in.Scenario, area, needing, above, rule)
				if err != nil {
					return nil, err
				}
				all = append(all, read)
			}
		}
	}
	return all, nil
}

// heading is what stands above a scenario and holds for it too.
type heading struct {
	name        string
	tags        []*messages.Tag
	description string
	// background are the sentences that every scenario below begins with.
	background []*messages.Step
}

func (h *heading) add(background *messages.Background) {
	if background != nil {
		h.background = append(h.background, background.Steps...)
	}
}

func requirementOf(scenario *messages.Scenario, area string, needing []needy, feature, rule heading) (Requirement, error) {
	var names []string
	for _, list := range [][]*messages.Tag{feature.tags, rule.tags, scenario.Tags} {
		names = append(names, tagNames(list)...)
	}
	read, err := readTags(names)
	if err != nil {
		return Requirement{}, fmt.Errorf("scenario %q: %w", scenario.Name, err)
	}
	requirement := Requirement{
		ID: read.id, Title: titleOf(scenario.Name), Area: area, Rule: rule.name, Level: read.level,
		Needs: read.needs, Applies: read.applies.String(), Cases: 1,
		Remedy: lastLine("Remedy:", feature.description, rule.description, scenario.Description),
	}
	if requirement.ID == "" || requirement.Level == "" || requirement.Title == "" {
		return Requirement{}, fmt.Errorf("scenario %q: no identifier (@REG-001), no level (@must, @should, @may) or no title before its values", scenario.Name)
	}
	if err := statesNeeds(read.needs, needing, feature.background, rule.background, scenario.Steps); err != nil {
		return Requirement{}, fmt.Errorf("scenario %q: %w", scenario.Name, err)
	}
	if len(scenario.Examples) > 0 {
		var applies []string
		requirement.Cases = 0
		for _, examples := range scenario.Examples {
			requirement.Cases += len(examples.TableBody)
			with, err := readTags(append(slices.Clone(names), tagNames(examples.Tags)...))
			if err != nil {
				return Requirement{}, fmt.Errorf("scenario %q: %w", scenario.Name, err)
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
		return Requirement{}, fmt.Errorf("scenario %q: no source (@contract-2 or a line \"Source: …\")", scenario.Name)
	}
	return requirement, nil
}

// needy is a sentence that needs a capability.
type needy struct {
	sentence *regexp.Regexp
	needs    Capability
}

// needySentences gives them, of all that features may use.
func needySentences() []needy {
	var all []needy
	for _, binding := range newWorld(&Suite{}).bindings() {
		if binding.needs != none {
			all = append(all, needy{regexp.MustCompile(binding.expression), binding.needs})
		}
	}
	return all
}

// statesNeeds refuses sentences that need a capability which no tag of their
// scenario names: on a target that lacks it they would break the run instead of
// leaving the scenario UNSUPPORTED.
func statesNeeds(stated []Capability, all []needy, sentences ...[]*messages.Step) error {
	for _, step := range slices.Concat(sentences...) {
		for _, one := range all {
			if !slices.Contains(stated, one.needs) && one.sentence.MatchString(step.Text) {
				return fmt.Errorf("the tag @needs-%s is missing, for %q", one.needs, step.Text)
			}
		}
	}
	return nil
}

func tagNames(list []*messages.Tag) []string {
	names := make([]string, 0, len(list))
	for _, tag := range list {
		names = append(names, strings.TrimPrefix(tag.Name, "@"))
	}
	return names
}

// titleOf drops an outline's values, which stand at the end: "a path, <path>".
func titleOf(name string) string {
	title, _, _ := strings.Cut(name, "<")
	return strings.TrimRight(title, " ,:")
}

// everyLine gives what stands behind the mark in the descriptions' lines.
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

// lastLine gives the most special of them: the scenario's before the feature's.
func lastLine(mark string, descriptions ...string) string {
	found := everyLine(mark, descriptions...)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
