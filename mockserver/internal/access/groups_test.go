// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// Paths of policies may have names of the caller's groups, as they are at the moment.
// Measured on OpenBao 2.6.2.
func TestTemplatesWithGroups(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	team := s.give("identity/group", "id", object{"name": "team", "type": "external", "metadata": object{"k": "meta"}})
	s.give("identity/group-alias", "id", object{"name": "t", "mount_accessor": s.accessor(), "canonical_id": team})
	s.give("sys/policies/acl/reads", "", object{"policy": `
		path "p/kv/{{identity.groups.ids.` + team + `.name}}" { capabilities = ["read"] }
		path "p/kv/{{identity.groups.names.team.id}}" { capabilities = ["read"] }
		path "p/kv/{{identity.groups.names.team.metadata.k}}" { capabilities = ["read"] }
		path "p/kv/{{identity.groups.names.other.name}}x" { capabilities = ["read"] }`})
	s.plugin.login.Policies = []string{"reads"}
	s.plugin.login.GroupAliases = []*logical.Alias{{Name: "t"}}
	id := s.must(request{path: "auth/a/login"}).Auth.ClientToken
	may := func(keys ...string) {
		t.Helper()
		for _, key := range keys {
			s.must(request{op: read, path: "p/kv/" + key, token: id})
		}
	}
	may("team", team, "meta")
	if a := s.do(request{op: read, path: "p/kv/otherx", token: id}); a.status != 403 {
		t.Errorf("in place of a name: %d %s", a.status, a.err)
	}
	s.give("identity/group/id/"+team, "", object{"name": "crew"})
	may("crew")
	for _, key := range []string{"team", "meta"} {
		if a := s.do(request{op: read, path: "p/kv/" + key, token: id}); a.status != 403 {
			t.Errorf("%s after the group was renamed: %d %s", key, a.status, a.err)
		}
	}
}

// A renewal of a token that another one made takes its entity out of the groups of auth
// methods, as it names none. Measured on OpenBao 2.6.2.
func TestRenewalsAndGroups(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.give("sys/policies/acl/makes", "", object{"policy": `path "auth/token/*" { capabilities = ["update", "sudo"] }`})
	group := s.give("identity/group", "id", object{"type": "external"})
	s.give("identity/group-alias", "id", object{"name": "readers", "mount_accessor": s.accessor(), "canonical_id": group})
	members := func(want int) {
		t.Helper()
		if got := s.must(request{op: read, path: "identity/group/id/" + group, token: "root"}).Data["member_entity_ids"].([]string); len(got) != want {
			t.Errorf("members: %v, want %d", got, want)
		}
	}
	s.plugin.login.Policies = []string{"makes"}
	s.plugin.login.GroupAliases = []*logical.Alias{{Name: "readers"}}
	parent := s.must(request{path: "auth/a/login"}).Auth.ClientToken
	members(1)
	s.must(request{path: "auth/token/renew-self", token: parent})
	members(1)
	child := s.must(request{path: "auth/token/create", token: parent}).Auth.ClientToken
	s.must(request{path: "auth/token/renew-self", token: child})
	members(0)
	s.plugin.login.GroupAliases = []*logical.Alias{{Name: ""}}
	s.refused(request{path: "auth/a/login"}, 500, "missing alias name")
}

// A role can't make tokens of a disabled entity. Measured on OpenBao 2.6.2.
func TestAliasOfDisabledEntity(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.give("auth/token/roles/r", "", object{"allowed_entity_aliases": "u"})
	create := request{path: "auth/token/create/r", token: "root", data: object{"entity_alias": "u"}}
	id := s.must(create).Auth.EntityID
	s.give("identity/entity/id/"+id, "", object{"disabled": true})
	s.refused(create, 403, "entity from given entity alias is disabled")
}

// What aliases were called before: alias is one, and writing a persona writes an entity.
// Measured on OpenBao 2.6.2.
func TestOldNamesOfAliases(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	e := s.give("identity/persona", "id", object{"name": "e", "metadata": object{"k": "v"}, "policies": "p"})
	alias := s.give("identity/alias", "id", object{"name": "u", "mount_accessor": s.accessor(), "canonical_id": e, "custom_metadata": object{"k": "v"}})
	for _, at := range []string{"entity-alias", "alias", "persona"} {
		got := s.must(request{op: read, path: "identity/" + at + "/id/" + alias, token: "root"}).Data
		if got["canonical_id"] != e || got["name"] != "u" || len(got["custom_metadata"].(map[string]string)) > 0 {
			t.Errorf("%s: %v", at, got)
		}
	}
	s.steps([]step{
		{"", "identity/persona/id/" + alias, object{"name": "x"}, "entity not found from id"},
		{"", "identity/alias/id/" + alias, object{"name": "v"}, ""},
		{read, "identity/persona", nil, "unsupported operation"},
		{logical.DeleteOperation, "identity/persona/id/" + alias, nil, ""},
	})
	got := s.must(request{op: read, path: "identity/entity/id/" + e, token: "root"}).Data
	if got["name"] != "e" || len(got["aliases"].([]any)) > 0 || len(got["policies"].([]string)) > 0 {
		t.Errorf("the entity: %v", got)
	}
}
