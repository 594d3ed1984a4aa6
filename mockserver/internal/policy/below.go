// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// Below reports whether anything may be done on the path, which ends in a slash,
// or somewhere below it: whether its mount is shown to the caller.
func (a *ACL) Below(path string) bool {
	if g := a.find(path, logical.ListOperation); a.isRoot() || g.grants() {
		return true
	}
	full := a.at + path
	path, within := a.local(path)
	if !within {
		// What lies above the policies' namespace holds all that they allow.
		if !strings.HasPrefix(a.home, full) {
			return false
		}
		path = ""
	}
	for p, g := range a.exact {
		if strings.HasPrefix(p, path) && g.grants() {
			return true
		}
	}
	found := false
	a.prefixes.WalkPrefix(path, func(_ string, v any) bool {
		g, _ := v.(*grant)
		found = g.grants()
		return found
	})
	if found {
		return true
	}
	for _, s := range a.segments {
		if s.grant.grants() && s.reaches(strings.Split(strings.TrimSuffix(path, "/"), "/")) {
			return true
		}
	}
	return false
}

// grants reports whether there is a grant and it isn't a denial.
func (g *grant) grants() bool {
	return g != nil && g.capabilities != 0 && g.capabilities&Deny == 0
}

// reaches reports whether the pattern has matches below the segments.
func (s segmented) reaches(parts []string) bool {
	if len(s.parts) < len(parts) {
		return false
	}
	for i, part := range parts {
		if s.parts[i] != "+" && s.parts[i] != part {
			return false
		}
	}
	return true
}
