// SPDX-License-Identifier: MPL-2.0

package namespace_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	team := &namespace.Namespace{ID: "abcdef", Path: "team/"}
	for id, want := range map[string]string{
		"s.token.abcdef": "abcdef", "hvs.token.abcdef": "abcdef", "b.token": "", "accessor.abcdef": "abcdef",
		"accessor": "", "": "", "kv/creds/a.b/xyz.abcdef": "abcdef", "kv/creds/a.b/xyz": "", "auth/token/create/h1": "",
	} {
		if got := namespace.MarkOf(id); got != want {
			t.Errorf("MarkOf(%q) is %q, want %q", id, got, want)
		}
		if got := team.Owns(id); got != (want == "abcdef") {
			t.Errorf("Owns(%q): %v", id, got)
		}
		if got := namespace.Root().Owns(id); got != (want == "") {
			t.Errorf("the root owns %q: %v", id, got)
		}
	}
	if got := namespace.Unmark(team.Mark("b.token")); got != "b.token" {
		t.Errorf("marked and unmarked: %q", got)
	}
	if got := namespace.Root().Mark("s.token"); got != "s.token" {
		t.Errorf("marked in the root: %q", got)
	}
}

// open returns a store with team/, team/sub/ and teams/.
func open(t *testing.T, storage logical.Storage) *namespace.Store {
	t.Helper()
	s, err := namespace.Open(t.Context(), storage, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"team/", "team/sub/", "teams/"} {
		if _, err := s.At(path); err == nil {
			continue
		}
		if _, err := s.Create(t.Context(), path, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestResolve(t *testing.T) {
	t.Parallel()
	s := open(t, &logical.InmemStorage{})
	for _, test := range []struct{ header, path, namespace, rest string }{
		{"", "sys/mounts", "", "sys/mounts"},
		{"team", "sys/mounts", "team/", "sys/mounts"},
		{"/team/", "sub/sys/mounts", "team/sub/", "sys/mounts"},
		{"", "team/sub/kv/a", "team/sub/", "kv/a"},
		{"", "team", "team/", "team"},
		{"", "teamx/sys/mounts", "", "teamx/sys/mounts"},
		{"", "sub/kv/a", "", "sub/kv/a"},
	} {
		n, rest, err := s.Resolve(test.header, test.path)
		if err != nil || n.Path != test.namespace || rest != test.rest {
			t.Errorf("Resolve(%q, %q): %v %q %v, want %q %q", test.header, test.path, n, rest, err, test.namespace, test.rest)
		}
	}
	for _, header := range []string{"none", "root", "team/none", "te"} {
		if _, _, err := s.Resolve(header, "sys/mounts"); !errors.Is(err, namespace.ErrNotFound) {
			t.Errorf("Resolve(%q): %v", header, err)
		}
	}
}

// TestReopened: what is stored is there again, and locks count for all below.
func TestReopened(t *testing.T) {
	t.Parallel()
	storage := &logical.InmemStorage{}
	s := open(t, storage)
	if _, err := s.Update(t.Context(), "team/", func(n *namespace.Namespace) error { n.UnlockKey = "key"; return nil }); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("no")
	if _, err := s.Update(t.Context(), "teams/", func(n *namespace.Namespace) error { n.UnlockKey = "key"; return failed }); !errors.Is(err, failed) {
		t.Errorf("a change that fails: %v", err)
	}
	s = open(t, storage)
	sub, err := s.At("team/sub/")
	if err != nil {
		t.Fatal(err)
	}
	if locking, err := s.Locking(sub); err != nil || locking.Path != "team/" {
		t.Errorf("locked by %v %v", locking, err)
	}
	teams, err := s.At("teams/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Locking(teams); !errors.Is(err, namespace.ErrNotFound) {
		t.Errorf("a neighbour is locked: %v", err)
	}
	if got := s.Below(namespace.Root(), false); len(got) != 2 || got[0].Path != "team/" {
		t.Errorf("below the root: %v", got)
	}
	if got := s.Below(namespace.Root(), true); len(got) != 3 {
		t.Errorf("all below the root: %v", got)
	}
	if err := s.Delete(t.Context(), sub); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ByID(sub.ID); !errors.Is(err, namespace.ErrNotFound) {
		t.Errorf("after its deletion: %v", err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"team": "", "team/": "", "/team": "", "té-am_1": "", "": "namespace name cannot be empty", "a/b": "namespace name cannot contain /",
		"root": `"root/" is a reserved path and cannot be used as a namespace name`, "a+": `"a+" contains wildcard characters that cannot be used in a namespace name: '+'`,
		"a b": `"a b" contains space characters that cannot be used in a namespace name`,
	} {
		parsed, err := namespace.ParseName(name)
		if err == nil {
			err = namespace.CheckName(parsed)
		}
		if got := ""; err != nil {
			if got = err.Error(); got != want {
				t.Errorf("%q: %q, want %q", name, got, want)
			}
		} else if want != "" {
			t.Errorf("%q is a name", name)
		}
	}
}

// TestScoped: each namespace has its own part, and clearing one leaves the others.
func TestScoped(t *testing.T) {
	t.Parallel()
	base := &logical.InmemStorage{}
	s := namespace.Scoped(base, "things/")
	root := t.Context()
	team := namespace.With(root, &namespace.Namespace{ID: "abcdef", UUID: "1", Path: "team/"})
	for ctx, value := range map[context.Context]string{root: "root's", team: "team's"} {
		if err := s.Put(ctx, &logical.StorageEntry{Key: "a", Value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := namespace.Clear(root, base); err != nil {
		t.Fatal(err)
	}
	if entry, err := s.Get(team, "a"); err != nil || entry == nil || string(entry.Value) != "team's" {
		t.Errorf("in the namespace: %v %v", entry, err)
	}
	if err := namespace.Clear(team, base); err != nil {
		t.Fatal(err)
	}
	if keys, err := s.List(team, ""); err != nil || len(keys) != 0 {
		t.Errorf("cleared: %v %v", keys, err)
	}
	if entry, err := s.Get(root, "a"); err != nil || entry == nil || string(entry.Value) != "root's" {
		t.Errorf("in the root: %v %v", entry, err)
	}
}
