// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

const (
	read = logical.ReadOperation
	list = logical.ListOperation
)

// Recorded in reg-no-token, req-no-root and, for newer servers, versions.md.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	for name, bogus := range map[string]string{"vault-1.14": denied, "vault-1.20": badTwice, "openbao-2.5": denied} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, mustDialect(t, name), &logical.InmemStorage{})
			defer s.stop()
			s.refused(request{op: read, path: "p/kv/x"}, 403, denied)
			s.refused(request{op: read, path: "p/kv/x", token: "bogus"}, 403, bogus)
			token := s.create(map[string]any{"policies": []string{"default"}})
			s.refused(request{op: read, path: "p/kv/x", token: token}, 403, notByACL)
		})
	}
}

// Recorded in req-rooted.
func TestRootPathsNeedSudo(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.policy("nosudo", `path "p/*" { capabilities = ["read"] }`)
	s.policy("sudo", `path "p/*" { capabilities = ["read","sudo"] }`)
	s.refused(request{op: read, path: "p/rooted", token: s.create(map[string]any{"policies": []string{"nosudo"}})}, 403, notByACL)
	s.must(request{op: read, path: "p/rooted", token: s.create(map[string]any{"policies": []string{"sudo"}})})
	s.must(request{op: read, path: "p/rooted", token: "root"})
}

// Recorded in req-acl.
func TestPolicyChangesCountAtOnce(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.policy("pol", `path "p/kv/*" { capabilities = ["read"] }`)
	token := s.create(map[string]any{"policies": []string{"pol"}, "ttl": "1h"})
	s.must(request{op: read, path: "p/kv/a", token: token})
	a := s.must(request{path: "sys/capabilities-self", token: token, data: map[string]any{"paths": []string{"p/kv/a", "sys/mounts"}}})
	want := map[string]any{"p/kv/a": []string{"read"}, "sys/mounts": []string{"deny"}}
	if !reflect.DeepEqual(a.Data, want) {
		t.Errorf("capabilities-self = %v, want %v", a.Data, want)
	}
	if got := s.must(request{op: list, path: "sys/policies/acl", token: "root"}).Data["keys"]; !reflect.DeepEqual(got, []string{"default", "pol", "root"}) {
		t.Errorf("policies = %v", got)
	}
	s.must(request{op: logical.DeleteOperation, path: "sys/policies/acl/pol", token: "root"})
	s.refused(request{op: read, path: "p/kv/a", token: token}, 403, notByACL)
	s.refused(request{path: "sys/policies/acl/bad", token: "root", data: map[string]any{"policy": "path {{{"}}, 400,
		"failed to parse policy: At 1:7: expected: IDENT | STRING got: LBRACE")
}

// Recorded in auth-basic.
func TestLoginMakesAToken(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	auth := s.must(request{path: "auth/a/login"}).Auth
	if !strings.HasPrefix(auth.ClientToken, "hvs.") || len(auth.ClientToken) != 95 {
		t.Errorf("token of %d characters, want one of 95 that begins with hvs.", len(auth.ClientToken))
	}
	if !slices.Equal(auth.Policies, []string{"default", "dev"}) || !auth.Orphan || auth.TTL != 768*time.Hour || auth.EntityID == "" {
		t.Errorf("auth = policies %q, orphan %v, ttl %s, entity %q", auth.Policies, auth.Orphan, auth.TTL, auth.EntityID)
	}
	self := s.must(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken}).Data
	for key, want := range map[string]any{
		"display_name": "a-u", "path": "auth/a/login", "type": "service", "orphan": true, "renewable": true,
		"num_uses": 0, "entity_id": auth.EntityID, "id": auth.ClientToken, "creation_ttl": int64(2764800),
	} {
		if !reflect.DeepEqual(self[key], want) {
			t.Errorf("lookup-self %s = %v, want %v", key, self[key], want)
		}
	}
	if again := s.must(request{path: "auth/a/login"}).Auth; again.EntityID != auth.EntityID {
		t.Error("the second login has another entity")
	}
	if e := s.must(request{op: read, path: "identity/entity/id/" + auth.EntityID, token: auth.ClientToken}).Data; e["id"] != auth.EntityID {
		t.Errorf("entity = %v", e)
	}
	s.must(request{path: "auth/token/revoke-self", token: auth.ClientToken})
	s.refused(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken}, 403, denied)
}

// Recorded in auth-ttl.
func TestLoginTTLIsBounded(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.mounts[1].DefaultTTL, s.mounts[1].MaxTTL = 10*time.Minute, 20*time.Minute
	if got := s.must(request{path: "auth/a/login"}).Auth.TTL; got != 10*time.Minute {
		t.Errorf("ttl = %s, want the mount's default", got)
	}
	s.plugin.login.TTL = 2 * time.Hour
	a := s.must(request{path: "auth/a/login"})
	want := []string{`TTL of "2h" exceeded the effective max_ttl of "20m"; TTL value is capped accordingly`}
	if a.Auth.TTL != 20*time.Minute || !slices.Equal(a.Warnings, want) {
		t.Errorf("ttl %s, warnings %q", a.Auth.TTL, a.Warnings)
	}
}

func TestLoginCannotGiveRoot(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.plugin.login.Policies = []string{"root"}
	s.refused(request{path: "auth/a/login"}, 400, "auth methods cannot create root tokens")
}

// Recorded in auth-tune.
func TestBatchTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		s.plugin.login.TokenType, s.mounts[1].DefaultTTL = logical.TokenTypeBatch, 30*time.Minute
		auth := s.must(request{path: "auth/a/login"}).Auth
		if auth.TokenType != logical.TokenTypeBatch || auth.Renewable || !strings.HasPrefix(auth.ClientToken, "hvb.") {
			t.Errorf("type %s, renewable %v", auth.TokenType, auth.Renewable)
		}
		s.must(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken})
		s.refused(request{path: "auth/token/revoke-self", token: auth.ClientToken}, 400, "batch tokens cannot be revoked")
		s.refused(request{path: "auth/token/renew-self", token: auth.ClientToken}, 400, "batch tokens cannot be renewed")
		s.refused(request{op: read, path: "p/kv/a", token: auth.ClientToken + "x"}, 403, denied)
		time.Sleep(31 * time.Minute)
		s.refused(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken}, 403, denied)
	})
}

// Recorded in req-no-root.
func TestRootToken(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	self := s.must(request{op: read, path: "auth/token/lookup-self", token: "root"}).Data
	for key, want := range map[string]any{
		"id": "root", "path": "auth/token/create", "display_name": "token", "policies": []string{"root"}, "orphan": true,
		"renewable": false, "ttl": int64(0), "expire_time": nil, "creation_ttl": int64(0), "type": "service", "meta": map[string]string(nil),
	} {
		if !reflect.DeepEqual(self[key], want) {
			t.Errorf("lookup-self %s = %#v, want %#v", key, self[key], want)
		}
	}
	auth := s.must(request{path: "auth/token/create", token: "root", data: map[string]any{"policies": []string{"root"}}}).Auth
	if auth.TTL != 0 || auth.Renewable || auth.Orphan || len(auth.ClientToken) != len("hvs.")+24 {
		t.Errorf("root's child: ttl %s, renewable %v, orphan %v, %d characters", auth.TTL, auth.Renewable, auth.Orphan, len(auth.ClientToken))
	}
}

// Recorded in req-no-root.
func TestLimitedUses(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	one := s.create(map[string]any{"display_name": "x", "num_uses": 1, "ttl": "5s"})
	if got := s.must(request{op: read, path: "auth/token/lookup-self", token: one}).Data["num_uses"]; got != -1 {
		t.Errorf("num_uses in the last use = %v, want -1", got)
	}
	s.refused(request{op: read, path: "auth/token/lookup-self", token: one}, 403, denied)

	two := s.create(map[string]any{"num_uses": 2, "policies": []string{"default"}})
	s.refused(request{op: read, path: "p/kv/x", token: two}, 403, notByACL) // counts, too
	s.refused(request{path: "auth/token/create", token: two}, 403, notByACL)
	s.refused(request{op: read, path: "auth/token/lookup-self", token: two}, 403, denied)

	last := s.create(map[string]any{"num_uses": 1})
	s.refused(request{op: read, path: "p/lease/x", token: last}, 400,
		"Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.")
}

func TestTokensGoWithTheirParents(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	child := func(parent, path string) string {
		t.Helper()
		return s.must(request{path: path, token: parent, data: map[string]any{"ttl": "1h"}}).Auth.ClientToken
	}
	alive := func(token string) bool {
		return s.do(request{op: read, path: "auth/token/lookup-self", token: token}).status == 200
	}
	parent := s.create(map[string]any{"ttl": "1h"})
	kid := child(parent, "auth/token/create")
	grandkid := child(kid, "auth/token/create")
	orphan := child(parent, "auth/token/create-orphan")
	s.must(request{path: "auth/token/revoke", token: "root", data: map[string]any{"token": parent}})
	for name, want := range map[string]bool{parent: false, kid: false, grandkid: false, orphan: true} {
		if alive(name) != want {
			t.Errorf("alive = %v, want %v", alive(name), want)
		}
	}

	parent = s.create(map[string]any{"ttl": "1h"})
	kid = child(parent, "auth/token/create")
	s.must(request{path: "auth/token/revoke-orphan", token: "root", data: map[string]any{"token": parent}})
	if alive(parent) || !alive(kid) {
		t.Errorf("after revoke-orphan: parent alive %v, child alive %v", alive(parent), alive(kid))
	}
	if got := s.must(request{op: read, path: "auth/token/lookup-self", token: kid}).Data["orphan"]; got != true {
		t.Error("the child isn't an orphan")
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	auth := s.must(request{path: "auth/token/create", token: "root", data: map[string]any{"ttl": "1h"}}).Auth
	by := map[string]any{"accessor": auth.Accessor}
	if got := s.must(request{path: "auth/token/lookup-accessor", token: "root", data: by}).Data["id"]; got != "" {
		t.Errorf("lookup-accessor tells the token")
	}
	if got := s.must(request{path: "auth/token/renew-accessor", token: "root", data: by}).Auth; got.ClientToken != "" || got.TTL != time.Hour {
		t.Errorf("renew-accessor: ttl %s", got.TTL)
	}
	keys := s.must(request{op: list, path: "auth/token/accessors", token: "root"}).Data["keys"].([]string)
	if !slices.Contains(keys, auth.Accessor) {
		t.Errorf("accessors %q don't have %q", keys, auth.Accessor)
	}
	s.must(request{path: "auth/token/revoke-accessor", token: "root", data: by})
	s.refused(request{path: "auth/token/lookup-accessor", token: "root", data: by}, 400, "1 error occurred:\n\t* invalid accessor\n\n")
	s.refused(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken}, 403, denied)
}

func TestTokensRightsToCreate(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.policy("maker", `path "auth/token/*" { capabilities = ["create", "update"] }`)
	maker := s.create(map[string]any{"policies": []string{"maker"}})
	createBy := func(data map[string]any) request {
		return request{path: "auth/token/create", token: maker, data: data}
	}
	s.must(createBy(map[string]any{"policies": []string{"maker"}}))
	s.refused(createBy(map[string]any{"policies": []string{"other"}}), 400, "child policies must be subset of parent")
	s.refused(createBy(map[string]any{"policies": []string{"root"}}), 400, "child policies must be subset of parent")
	s.refused(createBy(map[string]any{"id": "mine"}), 400, "root or sudo privileges required to specify token id")
	s.refused(createBy(map[string]any{"no_parent": true}), 400, "root or sudo privileges required to create orphan token")
	s.refused(createBy(map[string]any{"period": "1h"}), 400, "root or sudo privileges required to create periodic token")
	s.refused(createBy(map[string]any{"ttl": "-1s"}), 400, "ttl must be positive")
	s.refused(createBy(map[string]any{"type": "odd"}), 400, "invalid 'token_type' value")
	s.refused(createBy(map[string]any{"type": "batch", "num_uses": 2}), 400, `batch tokens cannot have "num_uses" set`)
	s.refused(request{path: "auth/token/create", token: "root", data: map[string]any{"policies": []string{"response-wrapping"}}}, 400,
		`cannot assign policy "response-wrapping"`)
	a := s.must(request{path: "auth/token/create", token: "root", data: map[string]any{"id": "mine", "policies": []string{"nope"}}})
	if a.Auth.ClientToken != "mine" || len(a.Warnings) != 2 || a.Warnings[1] != `Policy "nope" does not exist` {
		t.Errorf("chosen ID: warnings %q", a.Warnings)
	}
	s.refused(request{path: "auth/token/create", token: "root", data: map[string]any{"id": "mine"}}, 400, "cannot create a token with a duplicate ID")
	s.refused(request{path: "auth/token/create", token: "root", data: map[string]any{"id": "hvs.x"}}, 400, "custom token ID cannot have the 'hvs.' prefix")
}

func TestRoles(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	role := func(name string, data map[string]any) {
		t.Helper()
		s.must(request{path: "auth/token/roles/" + name, token: "root", data: data})
	}
	role("r", map[string]any{"allowed_policies": "dev", "orphan": true, "token_period": "10m", "path_suffix": "v-1"})
	auth := s.must(request{path: "auth/token/create/r", token: "root", data: map[string]any{"ttl": "2h"}}).Auth
	if !auth.Orphan || auth.TTL != 10*time.Minute || !slices.Equal(auth.Policies, []string{"default", "dev"}) {
		t.Errorf("orphan %v, ttl %s, policies %q", auth.Orphan, auth.TTL, auth.Policies)
	}
	self := s.must(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken}).Data
	if self["role"] != "r" || self["path"] != "auth/token/create/r/v-1" {
		t.Errorf("role %v, path %v", self["role"], self["path"])
	}
	s.refused(request{path: "auth/token/create/r", token: "root", data: map[string]any{"policies": []string{"ops"}}}, 400,
		`token policies (["default" "ops"]) must be subset of the role's allowed policies (["default" "dev"]) or glob policies ([])`)
	s.refused(request{path: "auth/token/create/none", token: "root"}, 400, "unknown role none")
	role("d", map[string]any{"disallowed_policies_glob": "op*"})
	s.refused(request{path: "auth/token/create/d", token: "root", data: map[string]any{"policies": []string{"ops"}}}, 400, `token policy "ops" is disallowed by this role`)
	s.refused(request{path: "auth/token/roles/b", token: "root", data: map[string]any{"token_type": "batch", "orphan": true}}, 400,
		"'token_type' cannot be 'batch' when role is set to generate renewable tokens")
	if got := s.must(request{op: list, path: "auth/token/roles", token: "root"}).Data["keys"]; !reflect.DeepEqual(got, []string{"d", "r"}) {
		t.Errorf("roles = %v", got)
	}
	warnings := s.must(request{path: "auth/token/roles/old", token: "root", data: map[string]any{
		"period": "1h", "token_period": "1h", "bound_cidrs": "127.0.0.1/32", "token_bound_cidrs": "127.0.0.1/32", "explicit_max_ttl": "1h", "token_explicit_max_ttl": "1h",
	}}).Warnings
	var order []string
	for _, warning := range warnings {
		order = append(order, strings.Split(warning, "'")[1])
	}
	if !slices.Equal(order, []string{"token_period", "token_bound_cidrs", "token_explicit_max_ttl"}) {
		t.Errorf("warnings = %q", warnings)
	}
	s.must(request{op: logical.DeleteOperation, path: "auth/token/roles/r", token: "root"})
	if a := s.do(request{op: read, path: "auth/token/roles/r", token: "root"}); a.status != 404 {
		t.Errorf("deleted role: %d", a.status)
	}
	s.refused(request{path: "auth/token/renew-self", token: auth.ClientToken}, 500,
		"1 error occurred:\n\t* failed to renew entry: original token role \"r\" could not be found, not renewing\n\n")
}

func TestCubbyholesArePrivate(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	one, two := s.create(map[string]any{"ttl": "1h"}), s.create(map[string]any{"ttl": "1h"})
	s.must(request{op: logical.CreateOperation, path: "cubbyhole/a/b", token: one, data: map[string]any{"v": "1"}})
	if got := s.must(request{op: read, path: "cubbyhole/a/b", token: one}).Data["v"]; got != "1" {
		t.Errorf("own cubbyhole: %v", got)
	}
	if got := s.must(request{op: list, path: "cubbyhole/", token: one}).Data["keys"]; !reflect.DeepEqual(got, []string{"a/"}) {
		t.Errorf("list: %v", got)
	}
	if a := s.do(request{op: read, path: "cubbyhole/a/b", token: two}); a.status != 404 {
		t.Errorf("another's cubbyhole: %d", a.status)
	}
	s.must(request{path: "auth/token/revoke", token: "root", data: map[string]any{"token": one}})
	for _, key := range s.keys() {
		if strings.HasPrefix(key, "cubbyhole/") {
			t.Errorf("%s outlived its token", key)
		}
	}
}

// keys lists everything in storage.
func (s *server) keys() []string {
	s.t.Helper()
	keys, err := logical.CollectKeys(context.Background(), s.storage)
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}

func TestNotEmulatedSaysSo(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	a := s.do(request{path: "identity/oidc/role/r", token: "root", data: map[string]any{"name": "g"}})
	if a.status != 501 || !strings.Contains(a.err, "identity/oidc/role/r (update) is not emulated by plugproof's mock server") {
		t.Errorf("%d %s", a.status, a.err)
	}
}
