// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
)

// accessor is that of the auth method at auth/a/.
func (s *server) accessor() string {
	i := slices.IndexFunc(s.mounts, func(m access.Mount) bool { return m.Path == "auth/a/" })
	return s.mounts[i].Accessor
}

// give writes to a path as root and returns a field of the answer.
func (s *server) give(path, field string, data map[string]any) string {
	s.t.Helper()
	a := s.must(request{path: path, token: "root", data: data})
	if a.Response == nil {
		return ""
	}
	text, _ := a.Data[field].(string)
	return text
}

// steps carries requests out as root and looks for their errors; an empty text is none.
func (s *server) steps(steps []step) {
	s.t.Helper()
	for _, st := range steps {
		a := s.do(request{op: st.op, path: st.path, token: "root", data: st.data})
		if (st.err == "") != (a.err == "") || !strings.Contains(a.err, st.err) {
			s.t.Errorf("%s %s %v: %d %q, want %q", st.op, st.path, st.data, a.status, a.err, st.err)
		}
	}
}

type step struct {
	op   logical.Operation
	path string
	data object
	err  string
}

type object = map[string]any

// Measured on OpenBao 2.6.2.
func TestEntitiesAndTheirAliases(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	e := s.give("identity/entity", "id", object{"name": "E1", "policies": "p1, P2,p1", "metadata": object{"k": "v"}})
	other := s.give("identity/entity", "id", object{"name": "e2"})
	id, at := "identity/entity-alias/id/", s.accessor()
	alias := s.give("identity/entity-alias", "id", object{"name": "u1", "mount_accessor": at, "canonical_id": e})
	s.steps([]step{
		{"", "identity/entity", object{"name": "e1"}, ""}, // the same one
		{"", "identity/entity", object{"policies": "root"}, "policies cannot contain root"},
		{"", "identity/entity", object{"id": "nope"}, "entity not found from id"},
		{"", "identity/entity", object{"id": e, "name": "E2"}, "entity name is already in use"},
		{"", "identity/entity", object{"metadata": object{"vault-x": "y"}}, `invalid entity metadata: failed to load metadata pair ("vault-x", "y"): key prefix "vault-" is reserved for internal use`},
		{"", "identity/entity/batch-delete", nil, "missing entity ids to delete"},
		{"", "identity/entity-alias", object{"name": "u"}, "'id' or 'mount_accessor' and 'name' must be provided"},
		{"", "identity/entity-alias", object{"name": "u", "mount_accessor": "nope"}, `invalid mount accessor "nope"`},
		{"", "identity/entity-alias", object{"name": "u", "mount_accessor": at, "canonical_id": "nope"}, "invalid canonical ID"},
		{"", "identity/entity-alias", object{"name": "u2", "mount_accessor": at, "canonical_id": e}, "Alias already exists for requested entity and mount accessor"},
		{"", id + alias, object{"canonical_id": "nope"}, "given 'canonical_id' is not associated with an entity"},
		{"", id + "nope", object{"name": "x"}, "invalid alias ID provided"},
		{"", id + alias, object{"canonical_id": other, "name": "U9"}, ""},
		{"", "identity/lookup/entity", object{"name": "e1", "id": e}, "query parameter conflict; please supply distinct set of query parameters"},
		{"", "identity/lookup/entity", object{"alias_name": "u9"}, "both 'alias_name' and 'alias_mount_accessor' needs to be set"},
		{"", "identity/lookup/entity", nil, "query parameter not supplied"},
	})
	got := s.must(request{op: read, path: "identity/entity/name/E1", token: "root"}).Data
	for key, want := range map[string]any{"id": e, "name": "e1", "policies": []string{"p1", "p2"}, "aliases": []any{}, "metadata": map[string]string{"k": "v"}} {
		if !reflect.DeepEqual(got[key], want) {
			t.Errorf("%s = %#v, want %#v", key, got[key], want)
		}
	}
	// The alias is found where it is now, and logs in as its new entity.
	s.plugin.login.Alias = &logical.Alias{Name: "u9"}
	if auth := s.must(request{path: "auth/a/login"}).Auth; auth.EntityID != other {
		t.Errorf("logged in as %q, want %q", auth.EntityID, other)
	}
	s.must(request{op: logical.DeleteOperation, path: id + alias, token: "root"})
	if a := s.must(request{path: "identity/lookup/entity", token: "root", data: object{"alias_name": "u9", "alias_mount_accessor": at}}); a.Response != nil {
		t.Errorf("a deleted alias is found: %v", a.Data)
	}
}

// Measured on OpenBao 2.6.2.
func TestGroups(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	e := s.give("identity/entity", "id", nil)
	one := s.give("identity/group", "id", object{"name": "G1", "member_entity_ids": e})
	two := s.give("identity/group", "id", object{"name": "g2", "member_group_ids": one})
	external := s.give("identity/group", "id", object{"type": "external"})
	alias := s.give("identity/group-alias", "id", object{"name": "grp", "mount_accessor": s.accessor(), "canonical_id": external})
	s.steps([]step{
		{"", "identity/group", object{"name": "g3", "type": "x"}, `invalid group type "x"`},
		{"", "identity/group", object{"name": "g1", "type": "external"}, "group type cannot be changed"},
		{"", "identity/group", object{"name": "g3", "policies": "root"}, "policies cannot contain root"},
		{"", "identity/group", object{"name": "g3", "member_entity_ids": "nope"}, `invalid entity ID "nope"`},
		{"", "identity/group", object{"name": "g3", "member_group_ids": "nope"}, `invalid member group ID "nope"`},
		{"", "identity/group", object{"name": "g1", "member_group_ids": two}, `cyclic relationship detected for member group ID "` + two + `"`},
		{"", "identity/group", object{"id": one, "name": "G2"}, "group name is already in use"},
		{"", "identity/group", object{"id": external, "member_entity_ids": e}, "member entities can't be set manually for external groups"},
		{"", "identity/group/id/nope", nil, "invalid group ID"},
		{"", "identity/group-alias", object{"name": "grp2", "mount_accessor": s.accessor(), "canonical_id": one}, "alias can't be set on an internal group"},
		{"", "identity/group-alias", object{"name": "GRP", "mount_accessor": s.accessor()}, "combination of mount and group alias name is already in use"},
		{"", "identity/group-alias", object{"name": "grp"}, "missing mount_accessor"},
		{"", "identity/group-alias/id/nope", object{"name": "grp"}, "invalid group alias ID"},
	})
	// What is refused changes nothing: not the members that were found, nor those that go.
	s.steps([]step{
		{"", "identity/group", object{"id": two, "member_group_ids": external + ",nope"}, `invalid member group ID "nope"`},
		{"", "identity/group", object{"id": two, "member_group_ids": external + "," + two}, `member group ID "` + two + `" is same as the ID of the group`},
	})
	if got := s.must(request{op: read, path: "identity/group/id/" + two, token: "root"}).Data; !reflect.DeepEqual(got["member_group_ids"], []string{one}) {
		t.Errorf("members after refusals: %v", got)
	}
	got := s.must(request{op: read, path: "identity/entity/id/" + e, token: "root"}).Data
	if !reflect.DeepEqual(got["direct_group_ids"], []string{one}) || !reflect.DeepEqual(got["inherited_group_ids"], []string{two}) {
		t.Errorf("groups of the entity: %v", got)
	}
	if got := s.must(request{op: read, path: "identity/group-alias/id/" + alias, token: "root"}).Data; got["canonical_id"] != external || got["name"] != "grp" {
		t.Errorf("alias of a group: %v", got)
	}
	s.must(request{op: logical.DeleteOperation, path: "identity/entity/id/" + e, token: "root"})
	if got := s.must(request{op: read, path: "identity/group/name/g1", token: "root"}).Data; len(got["member_entity_ids"].([]string)) > 0 {
		t.Errorf("a deleted entity is a member: %v", got)
	}
}

// A login's token may do what its entity and its groups may, as long as they may; the
// groups of an auth method are those of the last login. Measured on OpenBao 2.6.2.
func TestTokensHaveThePoliciesOfTheirEntity(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"vault-1.14", "openbao-2.6"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := start(t, mustDialect(t, version), &logical.InmemStorage{})
			defer s.stop()
			s.give("sys/policies/acl/reads", "", object{"policy": `path "p/kv/*" { capabilities = ["read"] }`})
			group := s.give("identity/group", "id", object{"type": "external", "policies": "reads"})
			s.give("identity/group-alias", "id", object{"name": "readers", "mount_accessor": s.accessor(), "canonical_id": group})
			reads := request{op: read, path: "p/kv/a", token: s.must(request{path: "auth/a/login"}).Auth.ClientToken}
			if a := s.do(reads); a.status != 403 {
				t.Errorf("without a group: %d %s", a.status, a.err)
			}
			s.plugin.login.GroupAliases = []*logical.Alias{{Name: "Readers"}, {Name: "others"}}
			auth := s.must(request{path: "auth/a/login"}).Auth
			if !slices.Equal(auth.IdentityPolicies, []string{"reads"}) || !slices.Contains(auth.Policies, "reads") || slices.Contains(auth.TokenPolicies, "reads") {
				t.Errorf("policies %q, of the token %q, of its entity %q", auth.Policies, auth.TokenPolicies, auth.IdentityPolicies)
			}
			s.must(reads) // the earlier token too
			if got := s.must(request{op: read, path: "auth/token/lookup-self", token: auth.ClientToken}).Data["identity_policies"]; !reflect.DeepEqual(got, []string{"reads"}) {
				t.Errorf("identity_policies = %v", got)
			}
			s.give("identity/entity/id/"+auth.EntityID, "", object{"disabled": true})
			s.refused(reads, 403, "permission denied")
			if a := s.do(request{path: "auth/a/login"}); a.status != 403 {
				t.Errorf("login of a disabled entity: %d %s", a.status, a.err)
			}
			s.refused(request{path: "sys/capabilities", token: "root", data: object{"token": reads.token, "paths": "p/kv/a"}}, 400, "1 error occurred:\n\t* invalid token\n\n")
			s.give("identity/entity/id/"+auth.EntityID, "", object{"disabled": false})
			s.must(reads)
			s.plugin.login.GroupAliases = nil
			s.must(request{path: "auth/a/login"})
			if a := s.do(reads); a.status != 403 {
				t.Errorf("after a login without the group: %d %s", a.status, a.err)
			}
		})
	}
}

// Tokens of an entity that became part of another one are that one's.
func TestMergedEntities(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	auth := s.must(request{path: "auth/a/login"}).Auth
	s.give("sys/policies/acl/reads", "", object{"policy": `path "p/kv/*" { capabilities = ["read"] }`})
	to := s.give("identity/entity", "id", object{"policies": "reads"})
	merge := func(data object) step { return step{"", "identity/entity/merge", data, ""} }
	refused := func(st step, err string) step { st.err = err; return st }
	s.steps([]step{
		refused(merge(nil), "missing entity id to merge to"),
		refused(merge(object{"to_entity_id": to}), "missing entity ids to merge from"),
		refused(merge(object{"to_entity_id": to, "from_entity_ids": to}), "to_entity_id should not be present in from_entity_ids"),
		refused(merge(object{"to_entity_id": to, "from_entity_ids": "nope"}), "entity id to merge from is invalid"),
		merge(object{"to_entity_id": to, "from_entity_ids": auth.EntityID}),
	})
	s.must(request{op: read, path: "p/kv/a", token: auth.ClientToken})
	got := s.must(request{op: read, path: "identity/entity/id/" + to, token: "root"}).Data
	if !reflect.DeepEqual(got["merged_entity_ids"], []string{auth.EntityID}) || len(got["aliases"].([]any)) != 1 {
		t.Errorf("merged: %v", got)
	}
	if again := s.must(request{path: "auth/a/login"}).Auth; again.EntityID != to {
		t.Errorf("the next login is of %q, want %q", again.EntityID, to)
	}
	clash := s.give("identity/entity-alias", "canonical_id", object{"name": "x", "mount_accessor": s.accessor()})
	s.steps([]step{refused(merge(object{"to_entity_id": to, "from_entity_ids": clash}),
		"toEntity and at least one fromEntity have aliases with the same mount accessor, repeat the merge request specifying exactly one fromEntity")})
}
