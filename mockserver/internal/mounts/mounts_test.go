// SPDX-License-Identifier: MPL-2.0

package mounts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// fake is a backend that is only told apart by its name.
type fake struct {
	logical.Backend
	name  string
	paths *logical.Paths
}

func (f *fake) SpecialPaths() *logical.Paths { return f.paths }

// newRoute returns a route whose backends are named by starts.
func newRoute(e *mounts.Entry, start func() (string, error)) *mounts.Route {
	return mounts.NewRoute(e, nil, func(context.Context, *mounts.Route) (*mounts.Backend, error) {
		name, err := start()
		if err != nil {
			return nil, err
		}
		return mounts.NewBackend(&fake{name: name}), nil
	})
}

func always(name string) func() (string, error) {
	return func() (string, error) { return name, nil }
}

// table returns a table with mounts at the full paths, in reach of requests.
func table(t *testing.T, entries ...*mounts.Entry) *mounts.Table {
	t.Helper()
	table := mounts.NewTable()
	for _, e := range entries {
		r := newRoute(e, always(e.Path))
		if err := table.Reserve(r); err != nil {
			t.Fatal(err)
		}
		table.Ready(r)
	}
	return table
}

// TestWithAccessor: a mount is found by its accessor from the time that requests reach it
// until it is removed.
func TestWithAccessor(t *testing.T) {
	t.Parallel()
	table := mounts.NewTable()
	r := newRoute(&mounts.Entry{Path: "a/", Accessor: "kv_1"}, always("a"))
	found := func() bool {
		got, err := table.WithAccessor("kv_1")
		return err == nil && got == r
	}
	if err := table.Reserve(r); err != nil || found() {
		t.Fatalf("found %t before it is ready: %v", found(), err)
	}
	table.Ready(r)
	if err := table.Move(r, "a/", "b/"); err != nil || !found() {
		t.Errorf("found %t after a move: %v", found(), err)
	}
	if _, err := table.WithAccessor("kv_2"); !errors.Is(err, mounts.ErrNotFound) {
		t.Errorf("another one: %v", err)
	}
	if err := r.Modify(func(e *mounts.Entry) error { e.Path = "b/"; return nil }); err != nil {
		t.Fatal(err)
	}
	table.Remove(r)
	if found() {
		t.Error("found after its removal")
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	table := table(t, &mounts.Entry{Path: "a/"}, &mounts.Entry{Path: "team/a/"}, &mounts.Entry{Path: "a/", Auth: true})
	for path, want := range map[string]string{
		"a/":       "a/",
		"a":        "a/", // without its slash
		"a/b/c":    "a/",
		"ab":       "",
		"team/a/x": "team/a/",
		"team/b":   "",
		"auth/a/x": "auth/a/",
		"auth":     "",
		"":         "",
	} {
		_, got, err := table.Match(path)
		if got != want || (want == "") != errors.Is(err, mounts.ErrNotFound) {
			t.Errorf("Match(%q): %q %v, want %q", path, got, err, want)
		}
	}
	if r, err := table.Exact("auth/a/"); err != nil || !r.Entry().Auth {
		t.Errorf("Exact: %v", err)
	}
	if _, err := table.Exact("auth/a/x"); !errors.Is(err, mounts.ErrNotFound) {
		t.Errorf("Exact below a mount: %v", err)
	}
	var all []string
	for _, r := range table.All() {
		all = append(all, r.Entry().FullPath())
	}
	if len(all) != 3 || all[0] != "a/" || all[1] != "auth/a/" || all[2] != "team/a/" {
		t.Errorf("All: %q", all)
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	table := table(t, &mounts.Entry{Path: "a/b/"})
	for path, want := range map[string]string{"a/b/": "a/b/", "a/b/c/": "a/b/", "a/": "a/b/", "a/c/": "", "a/bc/": ""} {
		r := newRoute(&mounts.Entry{Path: path}, always(path))
		err := table.Reserve(r)
		var inUse *mounts.InUseError
		if errors.As(err, &inUse) != (want != "") || inUse != nil && inUse.Path != want {
			t.Errorf("Reserve(%q): %v, want in use by %q", path, err, want)
		}
		if err != nil {
			continue
		}
		if _, _, err := table.Match(path); !errors.Is(err, mounts.ErrNotFound) {
			t.Errorf("%s is reached before it is ready: %v", path, err)
		}
		table.Remove(r)
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	table := table(t, &mounts.Entry{Path: "a/"}, &mounts.Entry{Path: "b/"})
	r, err := table.Exact("a/")
	if err != nil {
		t.Fatal(err)
	}
	var inUse *mounts.InUseError
	if err := table.Move(r, "a/", "b/c/"); !errors.As(err, &inUse) || inUse.Path != "b/" {
		t.Errorf("below another mount: %v", err)
	}
	if got, err := table.Exact("a/"); err != nil || got != r {
		t.Errorf("after a move that was refused: %v", err)
	}
	if err := table.Move(r, "a/", "a/x/"); err != nil { // below itself is free
		t.Errorf("below itself: %v", err)
	}
	if _, _, err := table.Match("a/y"); !errors.Is(err, mounts.ErrNotFound) {
		t.Errorf("the old path: %v", err)
	}
	if err := table.Move(r, "a/", "c/"); !errors.Is(err, mounts.ErrNotFound) {
		t.Errorf("from where it is not: %v", err)
	}
}

func TestSpecialPaths(t *testing.T) {
	t.Parallel()
	b := mounts.NewBackend(&fake{paths: &logical.Paths{
		Unauthenticated: []string{"login", "login/*", "oidc/+/callback", "role/+/id*"},
		Root:            []string{"config"},
	}})
	for path, want := range map[string]bool{
		"login": true, "login/": true, "login/bob": true, "logins": false, "log": false,
		"oidc/google/callback": true, "oidc/google/callback/x": false, "oidc/callback": false,
		"role/a/id": true, "role/a/id-2/x": true, "role/a/name": false, "role/a": false,
		"config": false,
	} {
		if got := b.Login(path); got != want {
			t.Errorf("Login(%q) is %v", path, got)
		}
	}
	if !b.Root("config") || b.Root("config/a") || b.Root("login") {
		t.Error("the root paths are not those that the backend declares")
	}
	if none := mounts.NewBackend(&fake{}); none.Root("") || none.Login("login") {
		t.Error("a backend that declares nothing has special paths")
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		entry      mounts.Entry
		path, name string
		kind       consts.PluginType
		accessor   string
	}{
		{mounts.Entry{Path: "s/", Type: "generic"}, "s/", "kv", consts.PluginTypeSecrets, "generic_"},
		{mounts.Entry{Path: "s/", Type: "aws-ec2", Auth: true}, "auth/s/", "aws", consts.PluginTypeCredential, "auth_aws-ec2_"},
		{mounts.Entry{Path: "s/", Type: "aws-ec2"}, "s/", "aws-ec2", consts.PluginTypeSecrets, "aws-ec2_"},
		{mounts.Entry{Path: "s/", Type: "x", Auth: true, UUID: "u"}, "auth/s/", "x", consts.PluginTypeCredential, "auth_x_"},
	} {
		e := test.entry
		if err := e.Identify(); err != nil {
			t.Fatal(err)
		}
		if e.FullPath() != test.path || e.PluginName() != test.name || e.PluginType() != test.kind {
			t.Errorf("%+v: %s %s %s", test.entry, e.FullPath(), e.PluginName(), e.PluginType())
		}
		if len(e.Accessor) != len(test.accessor)+8 || e.Accessor[:len(test.accessor)] != test.accessor {
			t.Errorf("accessor %s, want %s and 8 digits", e.Accessor, test.accessor)
		}
		if e.UUID == "" || e.BackendUUID == "" || test.entry.UUID != "" && e.UUID != test.entry.UUID {
			t.Errorf("identifiers %q %q", e.UUID, e.BackendUUID)
		}
	}
	for from, want := range map[string]string{"a": "a/", "a/": "a/", "/a": "a/", "a/b": "a/b/", "": "", "/": ""} {
		if got := mounts.CleanPath(from); got != want {
			t.Errorf("CleanPath(%q) is %q", from, got)
		}
	}
}

func TestCheckPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"a/b/": "", "a/ü/": "", "a//b/": "path 'a//b/' does not match cleaned path 'a/b/'", "a/../b/": "path 'a/../b/' does not match cleaned path 'b/'",
		"": "path '' does not match cleaned path '.'", "/": "path '/' does not match cleaned path '//'", "a\x01/": "path cannot contain non-printable characters",
	} {
		got := ""
		if err := mounts.CheckPath(path); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckPath(%q): %q, want %q", path, got, want)
		}
	}
}

// TestFailedStartIsTriedAgain: the error is the caller's, and the next request
// starts the backend once more.
func TestFailedStartIsTriedAgain(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	failures := 1
	r := newRoute(&mounts.Entry{Path: "a/"}, func() (string, error) {
		if failures > 0 {
			failures--
			return "", boom
		}
		return "second", nil
	})
	if _, _, err := r.Enter(t.Context()); !errors.Is(err, boom) || r.Running() != nil {
		t.Errorf("the first start: %v", err)
	}
	for range 2 {
		b, leave, err := r.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave()
		if b.Backend.(*fake).name != "second" {
			t.Errorf("entered %s", b.Backend.(*fake).name)
		}
	}
}

// TestExchange: it waits for the request that is inside, requests that come
// meanwhile get the new backend, and those that give up get their context's error.
func TestExchange(t *testing.T) {
	t.Parallel()
	starts := 0
	r := newRoute(&mounts.Entry{Path: "a/"}, func() (string, error) {
		starts++
		return map[int]string{1: "old", 2: "new"}[starts], nil
	})
	_, leave, err := r.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	exchanged := make(chan error, 1)
	go func() {
		exchanged <- r.Exchange(t.Context(), func(b *mounts.Backend) { ended <- b.Backend.(*fake).name })
	}()
	// A request waits as soon as the exchange has begun.
	waits := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		_, leave, err := r.Enter(ctx)
		if err == nil {
			leave()
		}
		return errors.Is(err, context.DeadlineExceeded)
	}
	for deadline := time.Now().Add(10 * time.Second); !waits(); {
		if time.Now().After(deadline) {
			t.Fatal("requests go on during an exchange")
		}
	}
	if len(ended) > 0 {
		t.Error("the old backend ended while a request was inside")
	}
	leave()
	if err := <-exchanged; err != nil {
		t.Fatal(err)
	}
	if got := <-ended; got != "old" {
		t.Errorf("%s was ended", got)
	}
	b, leave, err := r.Enter(t.Context())
	if err != nil || b.Backend.(*fake).name != "new" {
		t.Errorf("after the exchange: %+v %v", b, err)
	}
	leave()
}

func TestOneMoveOrRemovalAtATime(t *testing.T) {
	t.Parallel()
	r := newRoute(&mounts.Entry{Path: "a/"}, always("a"))
	if !r.TryMove() || r.TryMove() || r.TryRemove() || r.Removing() {
		t.Error("a mount that is moved was moved or removed once more")
	}
	r.EndOp()
	if !r.TryRemove() || r.TryMove() || !r.Removing() {
		t.Error("a mount that is removed was moved")
	}
	err := r.Modify(func(e *mounts.Entry) error {
		e.Description = "changed"
		return errors.New("boom")
	})
	if err == nil || r.Entry().Description != "" {
		t.Errorf("a change that failed was kept: %v %+v", err, r.Entry())
	}
}
