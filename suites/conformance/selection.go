// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cucumber/godog"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// selection is which requirements were asked for, checked against those that
// there are, so that a typo does not run nothing and pass.
type selection struct {
	files []string // feature files that may have some, in the order of the areas
	tags  string   // godog's tag expression
	// conditions are the tags without the identifiers that keep adds.
	conditions string
	// scenarios is how many fit, and ids are their requirements, once they are
	// counted; perID is how many each has.
	scenarios int
	ids       []string
	perID     map[string]int
}

// keep leaves the requirements that ok returns true for.
func (s *selection) keep(ok func(id string) bool) {
	s.ids = slices.DeleteFunc(slices.Clone(s.ids), func(id string) bool { return !ok(id) })
	s.scenarios = 0
	for _, id := range s.ids {
		s.scenarios += s.perID[id]
	}
	// A tag that no scenario has chooses nothing.
	chosen := "@" + strings.Join(append(slices.Clone(s.ids), "nothing"), ",@")
	if s.conditions != "" {
		chosen = s.conditions + " && " + chosen
	}
	s.tags = chosen
}

// among reports whether a value is one of those chosen; none chooses all.
func among(value string, chosen []string) bool {
	return len(chosen) == 0 || slices.Contains(chosen, value)
}

// choose makes the selection. Conditions of different kinds must all hold; of
// one kind, any.
func choose(all []steps.Requirement, only, areas, levels []string, tags string) (selection, error) {
	ids := identifiers(all)
	var known []string
	for _, requirement := range all {
		if !slices.Contains(known, requirement.Area) {
			known = append(known, requirement.Area)
		}
	}
	slices.Sort(known)
	for _, id := range only {
		if !slices.Contains(ids, id) {
			return selection{}, unknownRequirement(id, all)
		}
	}
	for _, area := range areas {
		if !slices.Contains(known, area) {
			return selection{}, usage.Errorf("there is no area %q; there are %s", area, strings.Join(known, ", "))
		}
	}
	for _, level := range levels {
		if !slices.Contains([]string{string(steps.Must), string(steps.Should), string(steps.May)}, level) {
			return selection{}, usage.Errorf("there is no level %q; there are must, should and may", level)
		}
	}
	var chosen selection
	for _, area := range known {
		if slices.ContainsFunc(all, func(r steps.Requirement) bool {
			return r.Area == area && among(area, areas) && among(r.ID, only) && among(string(r.Level), levels)
		}) {
			chosen.files = append(chosen.files, area+".feature")
		}
	}
	var conditions []string
	for _, anyOf := range [][]string{only, levels} {
		if len(anyOf) > 0 {
			conditions = append(conditions, "@"+strings.Join(anyOf, ",@"))
		}
	}
	if tags = strings.TrimSpace(tags); tags != "" {
		if err := checkTags(tags); err != nil {
			return selection{}, err
		}
		conditions = append(conditions, tags)
	}
	chosen.tags = strings.Join(conditions, " && ")
	return chosen, nil
}

// startWith has the scenarios of some areas run before the others.
func (s *selection) startWith(areas ...string) {
	rank := func(file string) int {
		if at := slices.Index(areas, strings.TrimSuffix(file, ".feature")); at >= 0 {
			return at
		}
		return len(areas)
	}
	slices.SortStableFunc(s.files, func(a, b string) int { return rank(a) - rank(b) })
}

// count counts the scenarios of the features that fit. None is a mistake of the
// user's.
func (s *selection) count(from fs.FS) error {
	nothing := usage.Errorf("no scenario fits --only, --area, --level and --tags together")
	if len(s.files) == 0 {
		return nothing
	}
	suite := godog.TestSuite{Options: &godog.Options{FS: from, Paths: s.files, Tags: s.tags, NoColors: true}}
	parsed, err := suite.RetrieveFeatures()
	if err != nil {
		return fmt.Errorf("read the features: %w", err)
	}
	s.scenarios, s.ids, s.perID, s.conditions = 0, nil, map[string]int{}, s.tags
	for _, feature := range parsed {
		for _, pickle := range feature.Pickles {
			s.scenarios++
			for _, tag := range pickle.Tags {
				if id := strings.TrimPrefix(tag.Name, "@"); steps.IsID(id) {
					s.perID[id]++
				}
			}
		}
	}
	s.ids = slices.Sorted(maps.Keys(s.perID))
	if s.scenarios == 0 {
		return nothing
	}
	return nil
}

// tagCondition is one tag of an expression, which may be negated.
var tagCondition = regexp.MustCompile(`^~?@?[A-Za-z0-9][A-Za-z0-9.<>=-]*$`)

// checkTags refuses what is not an expression: godog takes any text for a tag that no
// scenario has.
func checkTags(expression string) error {
	for and := range strings.SplitSeq(expression, "&&") {
		for or := range strings.SplitSeq(and, ",") {
			if or = strings.TrimSpace(or); !tagCondition.MatchString(or) {
				return usage.Errorf("--tags %q: %q is not a tag; && is and, a comma is or, ~ is not: '@a && ~@b, @c'", expression, or)
			}
		}
	}
	return nil
}
