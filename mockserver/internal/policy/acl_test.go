// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse("p", text, Extras{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func acl(t testing.TB, texts ...string) *ACL {
	t.Helper()
	var policies []*Policy
	for _, text := range texts {
		policies = append(policies, mustParse(t, text))
	}
	return newACL(namespace.Root(), policies, Caller{}, Extras{})
}

// The first group is recorded in req-acl; the rest is read in OpenBao's acl.go.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	recorded := `path "p/kv/*" { capabilities = ["create","read","list"] }
path "p/kv/denied" { capabilities = ["deny"] }
path "p/kv/+/deep" { capabilities = ["delete"] }`
	tests := []struct {
		name, policy, path string
		want               []string
	}{
		{"prefix", recorded, "p/kv/a", []string{"create", "list", "read"}},
		{"exact denial", recorded, "p/kv/denied", []string{"deny"}},
		{"nothing said", recorded, "sys/mounts", []string{"deny"}},
		{"plus beats star at the same place", recorded, "p/kv/b/deep", []string{"delete"}},
		{"star where plus doesn't match", recorded, "p/kv/b/c/deep", []string{"create", "list", "read"}},
		{"list of the folder", recorded, "p/kv/", []string{"create", "list", "read"}},
		{"list finds the rule without slash", `path "p/kv" { capabilities = ["list"] }`, "p/kv/", []string{"list"}},
		{"folder rule isn't for the path without slash", `path "p/kv/" { capabilities = ["list"] }`, "p/kv", []string{"deny"}},
		{"longer prefix wins", `path "a/*" { capabilities = ["read"] } path "a/b*" { capabilities = ["list"] }`, "a/bc", []string{"list"}},
		{"later wildcard wins", `path "a/+/c" { capabilities = ["read"] } path "a/b*" { capabilities = ["list"] }`, "a/b/c", []string{"list"}},
		{"end beats star", `path "a/+/c" { capabilities = ["read"] } path "a/+/c*" { capabilities = ["list"] }`, "a/b/c", []string{"read"}},
		{"fewer plus win", `path "a/+/+/d" { capabilities = ["read"] } path "a/+/c/d" { capabilities = ["list"] }`, "a/b/c/d", []string{"list"}},
		{"longer pattern wins", `path "a/+/c*" { capabilities = ["read"] } path "a/+/cd*" { capabilities = ["list"] }`, "a/b/cde", []string{"list"}},
		{"plus is one segment", `path "a/+" { capabilities = ["read"] }`, "a/b/c", []string{"deny"}},
		{"plus alone", `path "+" { capabilities = ["read"] }`, "anything", []string{"read"}},
		{"plus with text isn't a wildcard", `path "a/+b/c" { capabilities = ["read"] }`, "a/xb/c", []string{"deny"}},
		{"everything", `path "*" { capabilities = ["sudo"] }`, "x/y", []string{"sudo"}},
		{"leading slash", `path "/a" { capabilities = ["read"] }`, "a", []string{"read"}},
		{"deny with others", `path "a" { capabilities = ["read", "deny"] }`, "a", []string{"deny"}},
		{"old style", `path "a" { policy = "write" }`, "a", []string{"create", "delete", "list", "read", "update"}},
		{"json", `{"path": {"a": {"capabilities": ["patch"]}}}`, "a", []string{"patch"}},
		{"twice in one policy adds up", `path "a" { capabilities = ["read"] } path "a" { capabilities = ["list"] }`, "a", []string{"list", "read"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := acl(t, tt.policy).Capabilities(tt.path); !slices.Equal(got, tt.want) {
				t.Errorf("Capabilities(%q) = %q, want %q", tt.path, got, tt.want)
			}
		})
	}
}

func TestPoliciesAddUpAndDenialWins(t *testing.T) {
	t.Parallel()
	read, list, deny := `path "a/*" { capabilities = ["read"] }`, `path "a/*" { capabilities = ["list"] }`, `path "a/*" { capabilities = ["deny"] }`
	if got := acl(t, read, list).Capabilities("a/b"); !slices.Equal(got, []string{"list", "read"}) {
		t.Errorf("two policies: %q", got)
	}
	for _, order := range [][]string{{read, deny}, {deny, read}} {
		if got := acl(t, order...).Capabilities("a/b"); !slices.Equal(got, []string{"deny"}) {
			t.Errorf("with a denial: %q", got)
		}
		if acl(t, order...).Allow(&logical.Request{Operation: logical.ReadOperation, Path: "a/b"}).Allowed {
			t.Error("allowed in spite of a denial")
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	policy := func(extra string) string { return `path "a" { capabilities = ["update"] ` + extra + ` }` }
	data := func(kv ...any) map[string]any {
		m := make(map[string]any)
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	tests := []struct {
		name, policy string
		data         map[string]any
		want         bool
	}{
		{"no lists", policy(""), data("x", "1"), true},
		{"denied value", policy(`denied_parameters = { "x" = ["1"] }`), data("x", "1"), false},
		{"other value", policy(`denied_parameters = { "x" = ["1"] }`), data("x", "2"), true},
		{"denied by glob", policy(`denied_parameters = { "x" = ["ab*"] }`), data("x", "abc"), false},
		{"any value denied", policy(`denied_parameters = { "x" = [] }`), data("x", true), false},
		{"case of names", policy(`denied_parameters = { "X" = [] }`), data("x", "1"), false},
		{"all denied", policy(`denied_parameters = { "*" = [] }`), data("y", "1"), false},
		{"all denied, none given", policy(`denied_parameters = { "*" = [] }`), nil, true},
		{"not allowed", policy(`allowed_parameters = { "x" = [] }`), data("y", "1"), false},
		{"allowed value", policy(`allowed_parameters = { "x" = ["1"] }`), data("x", "1"), true},
		{"value not allowed", policy(`allowed_parameters = { "x" = ["1"] }`), data("x", "2"), false},
		{"others allowed", policy(`allowed_parameters = { "x" = ["1"], "*" = [] }`), data("y", "2"), true},
		{"others allowed, but this value", policy(`allowed_parameters = { "x" = ["1"], "*" = [] }`), data("x", "2"), false},
		{"required missing", policy(`required_parameters = ["x"]`), data("y", "1"), false},
		{"required missing without data", policy(`required_parameters = ["x"]`), nil, false},
		{"required given", policy(`required_parameters = ["x"]`), data("x", "1"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &logical.Request{Operation: logical.UpdateOperation, Path: "a", Data: tt.data}
			if got := acl(t, tt.policy).Allow(req).Allowed; got != tt.want {
				t.Errorf("allowed = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestParametersOfTwoPoliciesAddUp(t *testing.T) {
	t.Parallel()
	a := acl(t,
		`path "a" { capabilities = ["update"] allowed_parameters = { "x" = ["1"] } }`,
		`path "a" { capabilities = ["update"] allowed_parameters = { "x" = ["2"], "y" = [] } }`)
	for value, want := range map[string]bool{"1": true, "2": true, "3": false} {
		req := &logical.Request{Operation: logical.UpdateOperation, Path: "a", Data: map[string]any{"x": value, "y": "any"}}
		if got := a.Allow(req).Allowed; got != want {
			t.Errorf("x=%s: allowed = %v, want %v", value, got, want)
		}
	}
}

func TestWrappingBounds(t *testing.T) {
	t.Parallel()
	a := acl(t, `path "a" { capabilities = ["read"] min_wrapping_ttl = "1m" max_wrapping_ttl = 120 }`)
	for ttl, want := range map[time.Duration]bool{0: false, 30 * time.Second: false, time.Minute: true, 2 * time.Minute: true, 3 * time.Minute: false} {
		req := &logical.Request{Operation: logical.ReadOperation, Path: "a"}
		if ttl > 0 {
			req.WrapInfo = &logical.RequestWrapInfo{TTL: ttl}
		}
		if got := a.Allow(req).Allowed; got != want {
			t.Errorf("wrapped for %s: allowed = %v, want %v", ttl, got, want)
		}
	}
}

func TestHelpIsAlwaysAllowed(t *testing.T) {
	t.Parallel()
	v := acl(t).Allow(&logical.Request{Operation: logical.HelpOperation, Path: "sys/raw"})
	if !v.Allowed || !v.Sudo {
		t.Errorf("help: %+v", v)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	extras := Extras{Capabilities: []string{"scan"}, Keys: []string{"list_scan_response_keys_filter_path"}}
	tests := []struct{ name, text, want string }{
		// Recorded in req-acl.
		{"syntax", "path {{{", "failed to parse policy: At 1:7: expected: IDENT | STRING got: LBRACE"},
		{"capability", `path "a" { capabilities = ["fly"] }`, `failed to parse policy: path "a": invalid capability "fly"`},
		{"old style", `path "a" { policy = "fly" }`, `failed to parse policy: path "a": invalid policy "fly"`},
		{"wildcards", `path "a/+*" { capabilities = ["read"] }`, `failed to parse policy: path "a/+*": invalid use of wildcards ('+*' is forbidden)`},
		{"wrapping", `path "a" { capabilities = ["read"] min_wrapping_ttl = 2 max_wrapping_ttl = 1 }`,
			"failed to parse policy: max_wrapping_ttl cannot be less than min_wrapping_ttl"},
		{"filter without list", `path "a" { capabilities = ["read"] list_scan_response_keys_filter_path = "{{.key}}" }`,
			"failed to parse policy: list_scan_response_keys_filter_path needs to be used on a path with the list capability"},
		{"filter without key", `path "a" { capabilities = ["list"] list_scan_response_keys_filter_path = "x" }`,
			"failed to parse policy: list_scan_response_keys_filter_path resulted in same path for two different keys"},
		{"filter that is no template", `path "a" { capabilities = ["list"] list_scan_response_keys_filter_path = "{{" }`,
			"failed to parse policy: unable to compile template for list_scan_response_keys_filter_path: unable to parse template: template: template:1: unclosed action"},
		{"known capability", `path "a" { capabilities = ["scan"] }`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("p", tt.text, extras)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnknownKeysAreErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`paths "a" {}`, `path "a" { capability = ["read"] }`, `path "a" { pagination_limit = 3 }`} {
		if _, err := Parse("p", text, Extras{}); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// FuzzParse: no text makes the parser panic.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"path {{{", `path "a" { policy = "read" }`, `{"path":{"a":{"capabilities":[]}}}`, `path "{{identity.entity.id}}" {}`, "path", `path "+" { x = }`, `{"\0`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		p, err := Parse("p", text, Extras{Keys: []string{"expiration"}})
		if err != nil {
			return
		}
		newACL(namespace.Root(), []*Policy{p}, Caller{}, Extras{}).Capabilities("a/b")
	})
}

func BenchmarkAllow(b *testing.B) {
	text := `path "secret/+/config" { capabilities = ["read"] }`
	for _, path := range []string{"a/*", "a/b/*", "a/b/c/*", "secret/data/*", "x", "y"} {
		text += "\npath \"" + path + "\" { capabilities = [\"read\"] }"
	}
	a := acl(b, text)
	req := &logical.Request{Operation: logical.ReadOperation, Path: "secret/data/app"}
	b.ReportAllocs()
	for b.Loop() {
		if !a.Allow(req).Allowed {
			b.Fatal("denied")
		}
	}
}
