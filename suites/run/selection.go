// SPDX-License-Identifier: MPL-2.0

package run

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/cucumber/godog"

	"github.com/plugproof/plugproof/steps"
)

// selection is which requirements were asked for, checked against those that
// there are, so that a typo does not run nothing and pass.
type selection struct {
	files []string // feature files, in the order of the areas
	tags  string   // godog's tag expression
	// scenarios is how many fit, once they are counted.
	scenarios int
}

// choose makes the selection. Conditions of different kinds must all hold; of
// one kind, any.
func choose(all []steps.Requirement, only, areas, levels []string, tags string) (selection, error) {
	ids := make([]string, 0, len(all))
	var known []string
	for _, requirement := range all {
		ids = append(ids, requirement.ID)
		if !slices.Contains(known, requirement.Area) {
			known = append(known, requirement.Area)
		}
	}
	slices.Sort(known)
	for _, id := range only {
		if !slices.Contains(ids, id) {
			return selection{}, &configError{fmt.Errorf("there is no requirement %q; 'plugproof requirements' lists them", id)}
		}
	}
	for _, area := range areas {
		if !slices.Contains(known, area) {
			return selection{}, &configError{fmt.Errorf("there is no area %q; there are %s", area, strings.Join(known, ", "))}
		}
	}
	for _, level := range levels {
		if !slices.Contains([]string{string(steps.Must), string(steps.Should), string(steps.May)}, level) {
			return selection{}, &configError{fmt.Errorf("there is no level %q; there are must, should and may", level)}
		}
	}
	var chosen selection
	for _, area := range known {
		if len(areas) == 0 || slices.Contains(areas, area) {
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

// count counts the scenarios of the features that fit. None is a mistake of the
// user's.
func (s *selection) count(from fs.FS) error {
	suite := godog.TestSuite{Options: &godog.Options{FS: from, Paths: s.files, Tags: s.tags, NoColors: true}}
	parsed, err := suite.RetrieveFeatures()
	if err != nil {
		return fmt.Errorf("read the features: %w", err)
	}
	s.scenarios = 0
	for _, feature := range parsed {
		s.scenarios += len(feature.Pickles)
	}
	if s.scenarios == 0 {
		return &configError{errors.New("no scenario fits --only, --area, --level and --tags together")}
	}
	return nil
}

// tagCondition is one tag of an expression, which may be negated.
var tagCondition = regexp.MustCompile(`^~?@?[A-Za-z0-9][A-Za-z0-9.<>=-]*$`)

// checkTags refuses what is no expression: godog takes any text for a tag that no
// scenario has.
func checkTags(expression string) error {
	for and := range strings.SplitSeq(expression, "&&") {
		for or := range strings.SplitSeq(and, ",") {
			if or = strings.TrimSpace(or); !tagCondition.MatchString(or) {
				return &configError{fmt.Errorf("--tags %q: %q is no tag; && is and, a comma is or, ~ is not: '@a && ~@b, @c'", expression, or)}
			}
		}
	}
	return nil
}
