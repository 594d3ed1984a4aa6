// SPDX-License-Identifier: MPL-2.0

package mounts

import "strings"

// pathSet is a list of special paths of a backend: exact ones, prefixes that
// end in `*`, and patterns with `+` for one segment. The rules are those of
// logical.Paths.
type pathSet struct {
	exact    map[string]struct{}
	prefixes []string
	patterns []pattern
}

type pattern struct {
	segments []string
	prefix   bool
}

func newPathSet(paths []string) *pathSet {
	s := &pathSet{exact: map[string]struct{}{}}
	for _, p := range paths {
		trimmed, prefix := strings.CutSuffix(p, "*")
		switch {
		case strings.Contains(p, "+"):
			s.patterns = append(s.patterns, pattern{segments: strings.Split(trimmed, "/"), prefix: prefix})
		case prefix:
			s.prefixes = append(s.prefixes, trimmed)
		default:
			s.exact[p] = struct{}{}
		}
	}
	return s
}

// has reports whether path, without the mount's own, is in the set.
func (s *pathSet) has(path string) bool {
	if _, ok := s.exact[path]; ok {
		return true
	}
	for _, p := range s.prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	for _, p := range s.patterns {
		if p.matches(path) {
			return true
		}
	}
	return false
}

func (p pattern) matches(path string) bool {
	segments := strings.Split(path, "/")
	if len(segments) < len(p.segments) || !p.prefix && len(segments) > len(p.segments) {
		return false
	}
	last := len(p.segments) - 1
	for i, want := range p.segments {
		switch got := segments[i]; {
		case want == "+", want == got:
		case p.prefix && i == last && strings.HasPrefix(got, want):
		default:
			return false
		}
	}
	return true
}
