// SPDX-License-Identifier: MPL-2.0

package mounts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// FuzzMatch: a request goes to the longest mount that its path begins with, or that
// it names without the slash; no two mounts are one in another.
func FuzzMatch(f *testing.F) {
	f.Add("a\nb/c\na/d", "a/x")
	f.Add("a/b\na", "a/b")
	f.Add("auth/a\n\n/\n//", "auth")
	f.Add("ä\na//b\n.\n..", "a//b/..")
	f.Fuzz(func(t *testing.T, list, path string) {
		table := mounts.NewTable()
		var there []string
		for name := range strings.SplitSeq(list, "\n") {
			full := mounts.CleanPath(name)
			if full == "" || mounts.CheckPath(full) != nil || len(there) > 50 {
				continue
			}
			r := newRoute(&mounts.Entry{Path: full}, always(full))
			conflict := false
			for _, other := range there {
				conflict = conflict || strings.HasPrefix(full, other) || strings.HasPrefix(other, full)
			}
			if err := table.Reserve(r); (err != nil) != conflict {
				t.Fatalf("%q beside %q: %v", full, there, err)
			}
			if !conflict {
				table.Ready(r)
				there = append(there, full)
			}
		}
		want := ""
		for _, mount := range there {
			if strings.HasPrefix(path, mount) || path+"/" == mount {
				want = mount
			}
		}
		_, got, err := table.Match(path)
		if got != want || errors.Is(err, mounts.ErrNotFound) != (want == "") {
			t.Errorf("%q of %q goes to %q, want %q (%v)", path, there, got, want, err)
		}
	})
}

// FuzzSpecialPaths: no pattern makes the search panic, and a path without wildcards is
// found exactly.
func FuzzSpecialPaths(f *testing.F) {
	f.Add("login/*", "login/a")
	f.Add("a/+/b*", "a//bc")
	f.Add("+*", "")
	f.Add("*", "x")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		b := mounts.NewBackend(&fake{paths: &logical.Paths{Unauthenticated: []string{pattern}, Root: []string{path}}})
		found := b.Login(path)
		if !strings.ContainsAny(pattern, "*+") && found != (pattern == path) {
			t.Errorf("%q has %q: %v", pattern, path, found)
		}
		if !strings.ContainsAny(path, "*+") && !b.Root(path) {
			t.Errorf("%q does not have itself", path)
		}
	})
}
