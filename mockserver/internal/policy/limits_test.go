// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// TestExpiration: a stanza or a whole policy allows nothing once it has expired, also
// for callers whose rights were asked before.
func TestExpiration(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	s, err := NewStore(ctx, &logical.InmemStorage{}, Extras{Keys: []string{"expiration"}, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	text := `path "a" { capabilities = ["read"] expiration = "2026-01-01T01:00:00Z" } path "b" { capabilities = ["read"] }`
	if err := s.Put(ctx, Stored{Name: "p", Raw: text, Expiration: start.Add(2 * time.Hour)}, nil); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration][2]string{0: {"read", "read"}, time.Hour + 1: {"deny", "read"}, 2*time.Hour + 1: {"deny", "deny"}} {
		now = start
		for _, at := range []time.Duration{0, after} {
			now = start.Add(at)
			acl, err := s.ACL(ctx, []string{"p"}, Caller{})
			if err != nil {
				t.Fatal(err)
			}
			if got := [2]string{acl.Capabilities("a")[0], acl.Capabilities("b")[0]}; at == after && got != want {
				t.Errorf("after %s: %v, want %v", after, got, want)
			}
		}
		now = start
		if err := s.Put(ctx, Stored{Name: "p", Raw: text, Expiration: start.Add(2 * time.Hour)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	now = start.Add(3 * time.Hour)
	if _, err := s.Get(ctx, "p"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an expired policy: %v", err)
	}
	if names, err := s.List(ctx, ""); err != nil || slices.Contains(names, "p") {
		t.Errorf("policies %q %v", names, err)
	}
	if _, err := Parse("p", `path "a" { capabilities = ["read"] expiration = "soon" }`, Extras{Keys: []string{"expiration"}}); err == nil || !strings.Contains(err.Error(), `path "a": invalid expiration time`) {
		t.Errorf("a time that is none: %v", err)
	}
}

// TestPaginationLimit: a list of more entries than the policies allow is refused, and
// one that names no number gets theirs.
func TestPaginationLimit(t *testing.T) {
	t.Parallel()
	extras := Extras{Keys: []string{"pagination_limit"}}
	for _, test := range []struct {
		texts   []string
		limit   any // nil for none
		allowed bool
		want    any
	}{
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 }`}, nil, true, "5"},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 }`}, "3", true, "3"},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 }`}, "6", false, "6"},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 }`}, "max", true, "5"},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 }`}, "x", false, "x"},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 required_parameters = ["limit"] }`}, nil, false, nil},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 required_parameters = ["limit"] }`}, "max", true, "5"},
		{[]string{`path "a/" { capabilities = ["list"] pagination_limit = 5 }`, `path "a/" { capabilities = ["list"] pagination_limit = 2 }`, `path "a/" { capabilities = ["list"] }`}, nil, true, "2"},
		{[]string{`path "a/" { capabilities = ["list"] }`}, "max", true, "0"},
		{[]string{`path "a/" { capabilities = ["list"] }`}, nil, true, nil},
		{[]string{`path "a/" { capabilities = ["read"] pagination_limit = 5 }`}, "1", false, "1"},
	} {
		var policies []*Policy
		for _, text := range test.texts {
			p, err := Parse("p", text, extras)
			if err != nil {
				t.Fatal(err)
			}
			policies = append(policies, p)
		}
		req := &logical.Request{Operation: logical.ListOperation, Path: "a/"}
		if test.limit != nil {
			req.Data = map[string]any{"limit": test.limit}
		}
		allowed := newACL(namespace.Root(), policies, Caller{}, extras).Allow(req).Allowed
		if allowed != test.allowed || req.Data["limit"] != test.want {
			t.Errorf("%s, limit %v: allowed %v with %v, want %v with %v", test.texts, test.limit, allowed, req.Data["limit"], test.allowed, test.want)
		}
	}
}

// TestTemplateLimits: a path that a value gives a slash or a wildcard allows nothing,
// unless the policy allows that.
func TestTemplateLimits(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := NewStore(ctx, &logical.InmemStorage{}, Extras{TemplateLimits: true})
	if err != nil {
		t.Fatal(err)
	}
	const text = `path "kv/+/{{identity.entity.metadata.team}}/*" { capabilities = ["read"] }`
	for i, test := range []struct {
		team              string
		slashes, wildcard bool
		path, want        string
	}{
		{"red", false, false, "kv/x/red/y", "read"},
		{"red/blue", false, false, "kv/x/red/blue/y", "deny"},
		{"red/blue", true, false, "kv/x/red/blue/y", "read"},
		{"+", false, false, "kv/x/any/y", "deny"},
		{"+", false, true, "kv/x/any/y", "read"},
		{"+", true, false, "kv/x/any/y", "deny"},
	} {
		name := string(rune('a' + i))
		if err := s.Put(ctx, Stored{Name: name, Raw: text, AllowSlashes: test.slashes, AllowWildcards: test.wildcard}, nil); err != nil {
			t.Fatal(err)
		}
		acl, err := s.ACL(ctx, []string{name}, Caller{Entity: &logical.Entity{ID: name, Metadata: map[string]string{"team": test.team}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := acl.Capabilities(test.path)[0]; got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
