// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

func TestStoreForgetsWhatAPolicyWasMadeInto(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := NewStore(ctx, &logical.InmemStorage{}, Extras{})
	if err != nil {
		t.Fatal(err)
	}
	may := func() bool {
		t.Helper()
		a, err := s.ACL(ctx, []string{"default", "pol"}, Caller{})
		if err != nil {
			t.Fatal(err)
		}
		return a.Allow(&logical.Request{Operation: logical.ReadOperation, Path: "x"}).Allowed
	}
	steps := []struct {
		name string
		do   func() error
		want bool
	}{
		{"missing policy", func() error { return nil }, false},
		{"written", func() error { return s.Put(ctx, Stored{Name: "POL", Raw: `path "x" { capabilities = ["read"] }`}, nil) }, true},
		{"changed", func() error { return s.Put(ctx, Stored{Name: "pol", Raw: `path "x" { capabilities = ["list"] }`}, nil) }, false},
		{"back", func() error { return s.Put(ctx, Stored{Name: "pol", Raw: `path "*" { capabilities = ["read"] }`}, nil) }, true},
		{"deleted", func() error { return s.Delete(ctx, "pol") }, false},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := may(); got != step.want {
			t.Errorf("%s: may read = %v, want %v", step.name, got, step.want)
		}
	}
}

func TestDefaultPolicyLacks(t *testing.T) {
	t.Parallel()
	for _, lacks := range []bool{false, true} {
		var extras Extras
		if lacks {
			extras.DefaultLacks = []string{"sys/renew"}
		}
		s, err := NewStore(t.Context(), &logical.InmemStorage{}, extras)
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.ACL(t.Context(), []string{Default}, Caller{})
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]bool{"sys/renew": !lacks, "sys/leases/renew": true} {
			if got := a.Allow(&logical.Request{Operation: logical.UpdateOperation, Path: path}).Allowed; got != want {
				t.Errorf("without %v: %s is allowed: %v, want %v", extras.DefaultLacks, path, got, want)
			}
		}
	}
}

func TestCheckAndSet(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := NewStore(ctx, &logical.InmemStorage{}, Extras{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(cas int) error { return s.Put(ctx, Stored{Name: "p", Raw: `path "x" {}`}, &cas) }
	if err := put(1); err == nil {
		t.Error("version 1 of nothing was accepted")
	}
	if err := put(-1); err != nil {
		t.Errorf("new policy: %v", err)
	}
	if err := put(-1); err == nil {
		t.Error("an existing policy passed for new")
	}
	if err := put(1); err != nil {
		t.Errorf("version 1: %v", err)
	}
	if got, err := s.Get(ctx, "p"); err != nil || got.Version != 2 {
		t.Errorf("version %d, %v, want 2", got.Version, err)
	}
}

func TestBuiltInPolicies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := NewStore(ctx, &logical.InmemStorage{}, Extras{})
	if err != nil {
		t.Fatal(err)
	}
	entity := &logical.Entity{ID: "e1", Name: "n1"}
	a, err := s.ACL(ctx, []string{Default}, Caller{Entity: entity})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"auth/token/lookup-self": "read", "auth/token/renew-self": "update", "sys/capabilities-self": "update",
		"identity/entity/id/e1": "read", "identity/entity/id/e2": "deny", "cubbyhole/x": "create", "sys/wrapping/wrap": "update",
	} {
		if got := a.Capabilities(path)[0]; got != want {
			t.Errorf("default policy on %s: %s, want %s", path, got, want)
		}
	}
	names, err := s.List(ctx, "")
	if err != nil || !slices.Equal(names, []string{"default"}) {
		t.Errorf("List = %q, %v", names, err)
	}
	for _, name := range []string{Root, Default, Wrapping} {
		if err := s.Delete(ctx, name); err == nil {
			t.Errorf("%s was deleted", name)
		}
	}
	if _, err := s.Get(ctx, "nope"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get(nope): %v", err)
	}
}

// TestListOrder: whether a listing asks the patterns for its path with or without
// the slash first differs between servers. Measured on OpenBao 2.6.2.
func TestListOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, path  string
		op          logical.Operation
		slash, bare bool // allowed with the slash first, and without it
	}{
		{`path "kv/+" { capabilities = ["list"] } path "kv/+/+" { capabilities = ["read"] }`, "kv/x/", logical.ListOperation, false, true},
		{`path "k*" { capabilities = ["list"] } path "kv/x/*" { capabilities = ["read"] }`, "kv/x/", logical.ListOperation, false, true},
		{`path "kv/+" { capabilities = ["list"] } path "k*" { capabilities = ["read"] }`, "kv/x/", logical.ListOperation, false, true},
		{`path "kv/*" { capabilities = ["list"] }`, "kv/x/", logical.ListOperation, true, true},
		{`path "kv/x" { capabilities = ["list"] } path "kv/*" { capabilities = ["read"] }`, "kv/x/", logical.ListOperation, true, true},
		{`path "kv/+" { capabilities = ["scan"] }`, "kv/x/", ScanOperation, true, false},
		{`path "kv/+" { capabilities = ["list"] }`, "kv/x/", ScanOperation, false, false},
		{`path "kv/*" { capabilities = ["scan"] }`, "kv/x/", ScanOperation, true, true},
		{`path "kv/x" { capabilities = ["scan"] }`, "kv/x/", ScanOperation, true, true},
	} {
		p, err := Parse("p", test.text, Extras{Capabilities: []string{"scan"}})
		if err != nil {
			t.Fatal(err)
		}
		for slashFirst, want := range map[bool]bool{true: test.slash, false: test.bare} {
			req := &logical.Request{Operation: test.op, Path: test.path}
			if got := newACL(namespace.Root(), []*Policy{p}, Caller{}, Extras{SlashFirst: slashFirst}).Allow(req).Allowed; got != want {
				t.Errorf("%s: %s %s, slash first %v: allowed %v", test.text, test.op, test.path, slashFirst, got)
			}
		}
		if strings.Contains(test.text, "scan") {
			if got := newACL(namespace.Root(), []*Policy{p}, Caller{}, Extras{SlashFirst: true}).Capabilities(test.path); !slices.Equal(got, []string{"scan"}) {
				t.Errorf("%s: capabilities %q", test.text, got)
			}
			if _, err := Parse("p", test.text, Extras{}); err == nil {
				t.Errorf("%s: accepted by a server without scan", test.text)
			}
		}
	}
}
