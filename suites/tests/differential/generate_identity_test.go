// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"maps"

	"github.com/plugproof/plugproof/suites/replay"
)

// Names of IDs that requests save.
const (
	mountName      = "ma" // the accessor of auth/pa/
	entityName     = "en"
	otherName      = "eo" // any other entity
	groupName      = "gr"
	externalName   = "gx"
	aliasName      = "al"
	groupAliasName = "ga"
)

// prepareIdentity makes an entity that logs in, a group that it is in and one that the
// auth method says.
func (g generator) prepareIdentity() []replay.Step {
	return []replay.Step{
		{HTTP: "POST sys/auth/pa", Body: raw(map[string]any{"type": "pauth"})},
		{HTTP: "GET sys/auth/pa", Save: map[string]string{mountName: "data.accessor"}},
		{HTTP: "PUT sys/policies/acl/q", Body: raw(map[string]any{"policy": g.templated()})},
		{HTTP: "POST identity/entity", Body: raw(map[string]any{"name": "one", "policies": []string{"q"}, "metadata": map[string]any{"k": "a"}}), Save: map[string]string{entityName: "data.id"}},
		{HTTP: "POST identity/entity-alias", Body: raw(map[string]any{"name": "u", "mount_accessor": "$" + mountName, "canonical_id": "$" + entityName}), Save: map[string]string{aliasName: "data.id"}},
		{HTTP: "POST identity/group", Body: raw(map[string]any{"name": "team", "policies": []string{"p"}, "member_entity_ids": []string{"$" + entityName}}), Save: map[string]string{groupName: "data.id"}},
		{HTTP: "POST identity/group", Body: raw(map[string]any{"name": "ext", "type": "external", "policies": []string{"q"}}), Save: map[string]string{externalName: "data.id"}},
		{HTTP: "POST identity/group-alias", Body: raw(map[string]any{"name": "ops", "mount_accessor": "$" + mountName, "canonical_id": "$" + externalName}), Save: map[string]string{groupAliasName: "data.id"}},
		{HTTP: "POST auth/pa/login", Token: "none", Body: raw(map[string]any{"user": "u", "groups": "ops,dev"}), Save: map[string]string{loginName: "auth.client_token", accessorName: "auth.accessor"}},
	}
}

// templated is a policy whose paths hold what the server knows of who asks.
func (g generator) templated() string {
	text := ""
	for range 1 + g.rng.IntN(3) {
		text += `path "m/kv/` + pick(g, "{{identity.entity.name}}", "{{identity.entity.id}}", "{{identity.entity.metadata.k}}", "{{identity.entity.metadata.none}}",
			"{{identity.entity.aliases.$"+mountName+".name}}", "{{identity.entity.aliases.$"+mountName+".id}}", "{{identity.groups.ids.$"+groupName+".name}}", "{{identity.groups.names.team.id}}", "{{identity.groups.names.ext.name}}",
			"{{identity.groups.names.team.metadata.k}}", "{{identity.nonsense}}", "{{x}}", "{{identity.entity.name", "a") + `" { capabilities = ["` + g.capability() + `", "read"] }` + "\n"
	}
	return text
}

// anyEntity is an ID of an entity, or of none.
func (g generator) anyEntity() string {
	return pick(g, "$"+entityName, "$"+entityName, "$"+otherName, "$"+otherName, "none", "", "$"+groupName)
}

// anyGroup is an ID of a group, or of none.
func (g generator) anyGroup() string {
	return pick(g, "$"+groupName, "$"+groupName, "$"+externalName, "$"+externalName, "none", "", "$"+entityName)
}

func (g generator) anyMount() string {
	return pick(g, "$"+mountName, "$"+mountName, "$"+mountName, "none", "")
}

// identityRequest is a request to identity/.
func (g generator) identityRequest() replay.Step {
	return pick(g, g.entity, g.entity, g.entityAlias, g.group, g.group, g.groupAlias, g.identityLookup, g.identityLookup, g.identityLists, g.merge, g.identityLogin, g.identityLogin, g.identityOdd, g.aliasToken)()
}

// entity is a request about entities.
func (g generator) entity() replay.Step {
	path := "identity/entity" + pick(g, "", "", "/id/"+g.anyEntity(), "/id/"+g.anyEntity(), "/name/"+g.entityLabel(), "/name/"+g.entityLabel())
	switch g.rng.IntN(6) {
	case 0, 1:
		return replay.Step{HTTP: "GET " + path}
	case 2:
		if g.chance(3) {
			return replay.Step{HTTP: "POST identity/entity/batch-delete", Body: g.body(map[string]any{"entity_ids": pick[any](g, []string{"$" + otherName}, "none", []string{})})}
		}
		return replay.Step{HTTP: "DELETE " + path}
	}
	return replay.Step{HTTP: pick(g, "POST", "POST", "PUT", "PATCH") + " " + path, Body: g.body(map[string]any{
		"name": g.entityLabel(), "id": g.anyEntity(), "policies": pick[any](g, []string{"p"}, "p,q", []string{"root"}, []string{"P"}, []string{}, nil), "disabled": pick(g, true, false, false),
		"metadata": pick[any](g, map[string]any{"k": "a"}, map[string]any{"k": 1}, []string{"k=b"}, "x", map[string]any{}, nil), "nonsense": 1,
	}), Save: map[string]string{otherName: "data.id"}}
}

func (g generator) entityLabel() string {
	return pick(g, "one", "two", "One", "a%20b", "a/b", "team", "")
}

func (g generator) entityAlias() replay.Step {
	path := "identity/" + pick(g, "entity-alias", "entity-alias", "entity-alias", "alias", "persona") + pick(g, "", "", "/id/"+pick(g, "$"+aliasName, "$"+aliasName, "none", "$"+groupAliasName))
	switch g.rng.IntN(4) {
	case 0:
		return replay.Step{HTTP: pick(g, "GET ", "GET ", "DELETE ") + path}
	}
	return replay.Step{HTTP: pick(g, "POST", "PUT") + " " + path, Body: g.need(g.fields(map[string]any{
		"id": pick(g, "$"+aliasName, "none"), "canonical_id": g.anyEntity(), "entity_id": g.anyEntity(),
		"custom_metadata": pick[any](g, map[string]any{"k": "a"}, map[string]any{"": "a"}, map[string]any{"k": 1}, "x", nil), "metadata": map[string]any{"k": "a"},
	}), map[string]any{"name": pick(g, "u", "v", "U", "a b"), "mount_accessor": g.anyMount()}), Save: map[string]string{aliasName: "data.id"}}
}

// group is a request about groups.
func (g generator) group() replay.Step {
	path := "identity/group" + pick(g, "", "", "/id/"+g.anyGroup(), "/id/"+g.anyGroup(), "/name/"+pick(g, "team", "ext", "Team", "new", "a%20b"))
	switch g.rng.IntN(6) {
	case 0, 1:
		return replay.Step{HTTP: "GET " + path}
	case 2:
		return replay.Step{HTTP: pick(g, "DELETE ", "PATCH ") + path}
	}
	body := g.fields(map[string]any{
		"name": pick(g, "team", "ext", "new", "Team", ""), "id": g.anyGroup(), "type": pick(g, "internal", "external", "x", ""), "policies": pick[any](g, []string{"p"}, "p,q", []string{"root"}, []string{}),
		"member_entity_ids": pick[any](g, []string{g.anyEntity()}, []string{g.anyEntity(), g.anyEntity()}, []string{}, "x"), "metadata": pick[any](g, map[string]any{"k": "a"}, []string{"k=b"}, map[string]any{}),
	})
	if g.chance(3) {
		body["member_group_ids"] = pick[any](g, []string{g.anyGroup()}, []string{"$" + groupName, "$" + externalName}, []string{}, nil)
	}
	return replay.Step{HTTP: pick(g, "POST", "POST", "PUT") + " " + path, Body: raw(body), Save: map[string]string{pick(g, groupName, externalName): "data.id"}}
}

func (g generator) groupAlias() replay.Step {
	path := "identity/group-alias" + pick(g, "", "", "/id/"+pick(g, "$"+groupAliasName, "$"+groupAliasName, "none", "$"+aliasName))
	if g.chance(4) {
		return replay.Step{HTTP: pick(g, "GET ", "GET ", "DELETE ", "PATCH ") + path}
	}
	return replay.Step{HTTP: pick(g, "POST", "PUT") + " " + path, Body: g.need(g.fields(map[string]any{
		"id": pick(g, "$"+groupAliasName, "none"), "canonical_id": g.anyGroup(),
	}), map[string]any{"name": pick(g, "ops", "dev", "Ops"), "mount_accessor": g.anyMount()}), Save: map[string]string{groupAliasName: "data.id"}}
}

func (g generator) identityLookup() replay.Step {
	if g.chance(2) {
		return replay.Step{HTTP: pick(g, "POST", "PUT") + " identity/lookup/entity", Body: g.lookedUp(map[string]any{"id": g.anyEntity(), "name": g.entityLabel(), "alias_id": pick(g, "$"+aliasName, "none")}, pick(g, "u", "v", "U"))}
	}
	return replay.Step{HTTP: pick(g, "POST", "PUT") + " identity/lookup/group", Body: g.lookedUp(map[string]any{"id": g.anyGroup(), "name": pick(g, "team", "ext", "Team"), "alias_id": pick(g, "$"+groupAliasName, "none")}, pick(g, "ops", "dev", "Ops"))}
}

// lookedUp is one of the fields that a lookup goes by, mostly.
func (g generator) lookedUp(by map[string]any, alias string) []byte {
	body := map[string]any{}
	switch {
	case g.chance(3):
		body["alias_name"], body["alias_mount_accessor"] = alias, g.anyMount()
	case g.chance(6):
		body = g.fields(by)
		body["alias_name"] = alias
	default:
		name := pick(g, sortedKeys(by)...)
		body[name] = by[name]
	}
	return raw(body)
}

func (g generator) identityLists() replay.Step {
	return replay.Step{HTTP: pick(g, "LIST ", "LIST ", "GET ", "SCAN ") + "identity/" + pick(g, "entity/id", "entity/name", "entity/name/", "group/id", "group/name", "entity-alias/id", "group-alias/id", "persona/id", "alias/id", "entity", "group", "lookup", "") +
		pick(g, "", "", "", "?list=true", "?limit=1", "?after=one")}
}

func (g generator) merge() replay.Step {
	return replay.Step{HTTP: pick(g, "POST", "PUT") + " identity/entity/merge", Body: g.need(g.fields(map[string]any{
		"force": pick(g, true, false), "conflicting_alias_ids_to_keep": pick[any](g, []string{"$" + aliasName}, []string{}, "x"),
	}), map[string]any{"to_entity_id": g.anyEntity(), "from_entity_ids": pick[any](g, []string{g.anyEntity()}, []string{g.anyEntity(), g.anyEntity()}, []string{})})}
}

// identityLogin logs in somebody whose groups the auth method knows.
func (g generator) identityLogin() replay.Step {
	switch g.rng.IntN(4) {
	case 0:
		return replay.Step{HTTP: "POST auth/token/renew-self", Token: "$" + loginName, Body: raw(map[string]any{})}
	case 1:
		return replay.Step{HTTP: "GET " + pick(g, "auth/token/lookup-self", "m/kv/one", "m/kv/a", "m/kv/u", "m/kv/team", "m/kv/$"+entityName, "m/kv/$"+groupName, "m/kv/ext"), Token: "$" + loginName}
	}
	body := map[string]any{"user": pick(g, "u", "u", "v", "U", "w")}
	maps.Copy(body, g.fields(map[string]any{"groups": pick[any](g, "ops", []string{"ops", "dev"}, []string{}, "Ops", "", "ops,"), "policies": "p", "ttl": 600}))
	return replay.Step{HTTP: "POST auth/pa/login", Token: "none", Body: raw(body), Save: map[string]string{loginName: "auth.client_token", accessorName: "auth.accessor"}}
}

// aliasToken makes a token for somebody whom a role lets name an alias.
func (g generator) aliasToken() replay.Step {
	if g.chance(3) {
		return replay.Step{HTTP: "POST auth/token/roles/r", Body: g.need(map[string]any{}, map[string]any{"allowed_policies": "p,q", "allowed_entity_aliases": pick[any](g, []string{"u"}, "u,v*", []string{"U"}, []string{})})}
	}
	return replay.Step{HTTP: "POST auth/token/create/r", Body: g.need(g.fields(map[string]any{"type": pick(g, "batch", "service"), "num_uses": 3}), map[string]any{"entity_alias": pick(g, "u", "v1", "x", "U"), "policies": "p"}), Save: map[string]string{loginName: "auth.client_token", accessorName: "auth.accessor"}}
}

// identityOdd is what identity/ has or lacks beside.
func (g generator) identityOdd() replay.Step {
	if g.chance(2) {
		return replay.Step{HTTP: pick(g, "GET ", "POST ", "DELETE ", "LIST ") + "identity/" + pick(g, "oidc/key/k", "oidc/key/default", "oidc/key", "oidc/key/k/rotate", "nonsense", "entity/nonsense", "entity/id", "entity/name", "group/id/", "lookup/entity", "lookup/nonsense", "entity/merge", "entity-alias", "entity-alias/name/u"),
			Body: g.body(map[string]any{"name": "x", "rotation_period": pick[any](g, "1h", 1, "x"), "verification_ttl": "1h", "algorithm": pick(g, "RS256", "x", "ES256"), "allowed_client_ids": pick[any](g, "*", []string{"a"})})}
	}
	return replay.Step{HTTP: "POST sys/capabilities-self", Token: "$" + loginName, Body: raw(map[string]any{"paths": []string{"m/kv/one", "m/kv/u", "m/kv/team", "m/kv/$" + entityName, "m/kv/a", "m/kv/ext", "m/kv/$" + groupName}})}
}
