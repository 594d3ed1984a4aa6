// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"cmp"
	"strings"
)

// hasSegmentWildcard reports whether a path has a segment that is just `+`.
// Vault also counts segments that only begin with it, so those are matched
// segment by segment too.
func hasSegmentWildcard(path string) bool {
	return path == "+" || strings.HasPrefix(path, "+/") || strings.Contains(path, "/+")
}

// segmented is a pattern with `+` for one segment and perhaps `*` at the end.
type segmented struct {
	rank
	parts []string
	grant *grant
}

// rank says how specific a pattern is.
type rank struct {
	// first is where the first wildcard is: the later, the more specific.
	first int
	// prefix: it ends in `*`, which is less specific than an end.
	prefix bool
	// wildcards is the number of `+`: the fewer, the more specific.
	wildcards int
	// path without the star: longer is more specific, then the greater text.
	path string
}

func newSegmented(pattern string, g *grant) segmented {
	path, prefix := strings.CutSuffix(pattern, "*")
	s := segmented{
		rank:  rank{first: strings.Index(pattern, "+"), prefix: prefix, path: path},
		parts: strings.Split(path, "/"),
		grant: g,
	}
	for _, part := range s.parts {
		if part == "+" {
			s.wildcards++
		}
	}
	return s
}

// compare is positive if the rank is more specific than the other. The order
// of the criteria is Vault's.
func (r rank) compare(other rank) int {
	if c := cmp.Compare(r.first, other.first); c != 0 {
		return c
	}
	if r.prefix != other.prefix {
		if r.prefix {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(other.wildcards, r.wildcards); c != 0 {
		return c
	}
	if c := cmp.Compare(len(r.path), len(other.path)); c != 0 {
		return c
	}
	return cmp.Compare(r.path, other.path)
}

func (s segmented) matches(parts []string) bool {
	if len(parts) < len(s.parts) || !s.prefix && len(parts) != len(s.parts) {
		return false
	}
	for i, want := range s.parts {
		last := i == len(s.parts)-1
		switch {
		case want == "+", want == parts[i]:
		case s.prefix && last && strings.HasPrefix(parts[i], want):
		default:
			return false
		}
	}
	return true
}
