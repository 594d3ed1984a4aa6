// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Selection are the flags that choose cases. The zero Selection chooses all.
type Selection struct {
	Cases, Areas []string
}

// AddFlags adds the flags.
func (s *Selection) AddFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.Cases, "case", nil, "only cases of this `NAME` (may hold * and ?); may be repeated")
	flags.StringSliceVar(&s.Areas, "area", nil, "only cases of this `AREA`; may be repeated")
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

// chooses tells whether a case is chosen.
func (s *Selection) chooses(id string, c *Case) bool {
	matches := func(pattern string) bool { return match(pattern, id) }
	return (len(s.Cases) == 0 || slices.ContainsFunc(s.Cases, matches)) &&
		(len(s.Areas) == 0 || slices.Contains(s.Areas, c.Area))
}

// match tells whether an identifier fits a pattern as of file names.
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
