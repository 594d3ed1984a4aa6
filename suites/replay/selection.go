// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Selection chooses cases: those whose name fits one of Cases, patterns with *
// and ?, and whose area is one of Areas. The zero Selection chooses all.
type Selection struct {
	Cases, Areas []string
}

// Choose deletes the cases that are not chosen from all sets, of which some may
// become empty. The error names the value that chooses nothing in any of them,
// and then nothing was deleted.
func (s *Selection) Choose(sets ...map[string]*Case) error {
	all := &Recording{Cases: map[string]*Case{}}
	for _, set := range sets {
		maps.Copy(all.Cases, set)
	}
	for _, pattern := range s.Cases {
		if err := checkPattern(pattern); err != nil {
			return fmt.Errorf("--case: %w", err)
		}
		if one := (&Selection{Cases: []string{pattern}}); !one.choosesAny(all) {
			return fmt.Errorf("no case is chosen by --case %q", pattern)
		}
	}
	for _, area := range s.Areas {
		if one := (&Selection{Areas: []string{area}}); !one.choosesAny(all) {
			return fmt.Errorf("no case is chosen by --area %q: there are %s", area, strings.Join(all.Areas(), ", "))
		}
	}
	if !s.choosesAny(all) {
		return errors.New("no case is chosen: --case and --area have none in common")
	}
	for _, set := range sets {
		maps.DeleteFunc(set, func(id string, c *Case) bool { return !s.chooses(id, c) })
	}
	return nil
}

func (s *Selection) choosesAny(rec *Recording) bool {
	return slices.ContainsFunc(rec.IDs(), func(id string) bool { return s.chooses(id, rec.Cases[id]) })
}

// chooses reports whether a case is chosen.
func (s *Selection) chooses(id string, c *Case) bool {
	matches := func(pattern string) bool { return match(pattern, id) }
	return (len(s.Cases) == 0 || slices.ContainsFunc(s.Cases, matches)) &&
		(len(s.Areas) == 0 || slices.Contains(s.Areas, c.Area))
}

// match reports whether an identifier fits a pattern as of file names.
func match(pattern, id string) bool {
	ok, err := path.Match(pattern, id)
	return err == nil && ok
}

// checkPattern finds patterns that fit nothing because they are broken.
func checkPattern(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is a broken pattern: [ begins a list of characters, \\ takes the next one as it is", pattern)
	}
	return nil
}
