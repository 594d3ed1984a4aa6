// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"github.com/plugproof/plugproof/suites/replay"
)

// prepareBuiltins makes builtin engines that are asked as much as plugins: kv of both
// versions (that of version 2 is secret/, which development servers have) and a database.
func (g generator) prepareBuiltins() []replay.Step {
	return []replay.Step{
		{HTTP: "POST sys/mounts/k1", Body: raw(map[string]any{"type": "kv"})},
		{HTTP: "POST k1/a", Body: raw(map[string]any{"value": "v"})},
		{HTTP: "POST k1/b/c", Body: raw(map[string]any{"ttl": "1h"})},
		{HTTP: "POST k1/d/e/f", Body: raw(map[string]any{"value": 1})},
		{HTTP: "POST k1/z", Body: raw(map[string]any{"value": 1})},
		{HTTP: "POST secret/data/d/e", Body: raw(map[string]any{"data": map[string]any{"x": 1}})},
		{HTTP: "POST secret/data/z", Body: raw(map[string]any{"data": map[string]any{"x": 1}})},
		{HTTP: "POST secret/data/a", Body: raw(map[string]any{"data": map[string]any{"a": "b", "n": map[string]any{"x": 1}}})},
		{HTTP: "POST secret/data/b/c", Body: raw(map[string]any{"data": map[string]any{"a": "b"}})},
		{HTTP: "PUT sys/plugins/catalog/database/memdb", Body: raw(map[string]any{"command": "memdb", "sha256": "{sha_memdb}"})},
		{HTTP: "POST sys/mounts/db", Body: raw(map[string]any{"type": "database"})},
		{HTTP: "POST db/config/c", Body: raw(map[string]any{"plugin_name": "memdb", "connection_url": "memdb://{plugin_dir}/users.json", "username": "root", "password": "planted-password", "allowed_roles": "*"})},
		{HTTP: "POST db/roles/r", Body: raw(map[string]any{"db_name": "c", "creation_statements": "CREATE USER {{name}}", "default_ttl": "1h"})},
	}
}

// unversioned is a request to kv version 1.
func (g generator) unversioned() replay.Step {
	path := "k1/" + pick(g, "a", "a", "b/c", "b", "b/", "ä", "x%20y", "none", "", "a/b/c/d", "A")
	switch g.rng.IntN(8) {
	case 0, 1, 2:
		return replay.Step{HTTP: "GET " + path}
	case 3:
		return replay.Step{HTTP: pick(g, "LIST ", "LIST ", "SCAN ", "GET ") + path + pick(g, "", "/", "?list=true", "?after=a&limit=1", "?limit=2", "?after=b/")}
	case 4:
		return replay.Step{HTTP: pick(g, "DELETE ", "DELETE ", "PATCH ", "HEAD ", "OPTIONS ") + path}
	}
	return replay.Step{HTTP: pick(g, "POST ", "PUT ") + path, Body: g.body(map[string]any{
		"value": g.odds(), "ttl": pick[any](g, "1h", 60, "x", "-1h", "0", nil, []string{"a"}), "lease": pick[any](g, "2h", "x"), "ä": "ö", "deep": map[string]any{"a": []any{1, nil, map[string]any{"b": 1.5}}},
	})}
}

// odds are values that encodings treat differently.
func (g generator) odds() any {
	return pick[any](g, 12345678901234567, 1e21, 0.1, 1e-7, "", "\u2028<&>", "😀", "\x00", nil, true, []any{}, map[string]any{}, "a\nb", 9007199254740993)
}

// versioned is a request to kv version 2.
func (g generator) versioned() replay.Step {
	name := pick(g, "a", "a", "a", "b/c", "b/c", "b", "b/", "ä", "none", "", "a/", "x%20y")
	versions := pick[any](g, []int{1}, []int{1, 2}, "1,2", []int{}, 1, []int{99}, []int{-1}, []string{"x"}, nil)
	patch := map[string]string{"Content-Type": pick(g, "application/merge-patch+json", "application/merge-patch+json", "application/merge-patch+json", "application/json", "")}
	switch g.rng.IntN(12) {
	case 0:
		return replay.Step{HTTP: "GET secret/" + pick(g, "data/", "data/", "subkeys/") + name + pick(g, "", "", "?version=1", "?version=2", "?version=0", "?version=-1", "?version=x", "?version=99", "?depth=1", "?depth=-1")}
	case 1:
		return replay.Step{HTTP: "PATCH secret/data/" + name, Headers: patch, Body: g.need(g.fields(map[string]any{"options": map[string]any{"cas": pick[any](g, 0, 1, 2, "1", "x", -1)}}), map[string]any{"data": pick[any](g, map[string]any{"a": nil}, map[string]any{"n": map[string]any{"y": g.odds()}}, map[string]any{}, nil, "x")})}
	case 2:
		return replay.Step{HTTP: "DELETE secret/" + pick(g, "data/", "data/", "metadata/", "delete/") + name}
	case 3, 4:
		return replay.Step{HTTP: pick(g, "POST", "PUT") + " secret/" + pick(g, "delete/", "undelete/", "destroy/") + name, Body: g.need(map[string]any{}, map[string]any{"versions": versions})}
	case 5, 6:
		return replay.Step{HTTP: pick(g, "POST", "PUT", "PATCH") + " secret/metadata/" + name, Headers: patch, Body: g.metadata()}
	case 7:
		return replay.Step{HTTP: "GET secret/metadata/" + name}
	case 8:
		return replay.Step{HTTP: pick(g, "LIST ", "SCAN ", "GET ", "LIST ") + pick(g, "secret/metadata/", "secret/metadata/", "secret/metadata", "secret/detailed-metadata/", "secret/data/", "secret/metadata/b", "secret/metadata/b/", "secret/metadata/a", "secret/subkeys/") + pick(g, "", "", "?list=true", "?after=a&limit=1", "?limit=1", "?exclude_deleted=true")}
	case 9:
		return replay.Step{HTTP: pick(g, "POST", "POST", "GET") + " secret/config", Body: g.body(map[string]any{"max_versions": pick[any](g, 1, 2, 0, -1, "x"), "cas_required": pick(g, true, false), "delete_version_after": pick[any](g, "1h", "-1s", "0s", "x", 60)})}
	}
	return replay.Step{HTTP: pick(g, "POST", "PUT") + " secret/data/" + name, Body: g.need(g.fields(map[string]any{"options": pick[any](g, map[string]any{"cas": pick[any](g, 0, 1, 2, "1", "x", -1, 1.5)}, map[string]any{"x": 1}, "x", nil)}), map[string]any{"data": pick[any](g, map[string]any{"a": "c"}, map[string]any{"a": g.odds()}, map[string]any{}, nil, "x", []any{1})})}
}

// metadata is what kv version 2 keeps of a key.
func (g generator) metadata() []byte {
	return g.body(map[string]any{
		"max_versions": pick[any](g, 1, 2, 0, -1, nil, "x"), "cas_required": pick[any](g, true, false, nil), "delete_version_after": pick[any](g, "1h", "-1s", "0s", "x", 60),
		"custom_metadata": pick[any](g, map[string]any{"a": "b"}, map[string]any{"a": nil}, map[string]any{"a": 1}, map[string]any{"": "b"}, map[string]any{"ä": "ö"}, nil, "x", map[string]any{}),
		"metadata_cas":    pick[any](g, 0, 1, 2, "x"), "metadata_cas_required": pick(g, true, false, false),
	})
}

// database is a request to the database engine. What it makes up is not compared.
func (g generator) database() replay.Step {
	random := []string{"errors", "warnings"}
	name := pick(g, "c", "c", "c", "d", "none", "C", "ä")
	role := pick(g, "r", "r", "s", "none", "a/b")
	switch g.rng.IntN(12) {
	case 0:
		return replay.Step{HTTP: pick(g, "GET ", "GET ", "DELETE ", "LIST ", "PATCH ") + "db/config/" + name}
	case 1:
		return replay.Step{HTTP: pick(g, "LIST ", "GET ") + pick(g, "db/config", "db/roles", "db/static-roles", "db/config/", "db/roles/", "db/roles?list=true", "db/roles?after=q&limit=1", "db", "db/nonsense")}
	case 2, 3:
		return replay.Step{HTTP: pick(g, "POST", "PUT") + " db/config/" + name, Body: g.need(g.fields(map[string]any{
			"allowed_roles": pick[any](g, "*", []string{"r"}, "r,s", []string{}), "verify_connection": pick(g, true, false), "root_rotation_statements": []string{"x"}, "password_policy": pick(g, "", "none"),
			"plugin_version": pick(g, "", "v1.0.0", "x"), "nonsense": 1, "username": "root", "password": pick(g, "planted-password", "wrong"), "username_template": pick(g, "u-{{random 8}}", "{{x"),
		}), map[string]any{"plugin_name": pick(g, "memdb", "memdb", "memdb", "none", "mysql-database-plugin", "probe"), "connection_url": pick(g, "memdb://{plugin_dir}/users.json", "memdb://{plugin_dir}/users.json", "x", "memdb:///none/x")})}
	case 4, 5:
		return replay.Step{HTTP: pick(g, "POST", "PUT", "PATCH") + " db/roles/" + role, Body: g.need(g.fields(map[string]any{
			"default_ttl": pick[any](g, "1h", 60, "x", "1000h", "-1"), "max_ttl": pick[any](g, "2h", 30, "x"), "revocation_statements": []string{"x"}, "renew_statements": "y", "rollback_statements": []string{},
			"credential_type": pick(g, "password", "rsa_private_key", "x"), "credential_config": pick[any](g, map[string]any{"password_policy": "none"}, map[string]any{"key_bits": 1}, "x"),
		}), map[string]any{"db_name": pick(g, "c", "c", "none", ""), "creation_statements": pick[any](g, "CREATE USER {{name}}", []string{"CREATE USER {{name}}", "GRANT"}, []string{}, "")})}
	case 6:
		return replay.Step{HTTP: pick(g, "GET ", "DELETE ", "GET ") + "db/" + pick(g, "roles/", "static-roles/") + role}
	case 7:
		return replay.Step{HTTP: pick(g, "GET ", "GET ", "POST ") + "db/creds/" + role, Keep: random, Save: map[string]string{leaseName: "lease_id"}}
	case 8:
		return replay.Step{HTTP: pick(g, "POST ", "PUT ") + "db/static-roles/" + role, Body: g.need(g.fields(map[string]any{
			"rotation_statements": []string{"x"}, "rotation_period": pick[any](g, "1h", 1, "x", 86400), "rotation_schedule": pick(g, "0 0 * * *", "x"), "rotation_window": pick[any](g, "1h", "1s"), "credential_type": "password",
		}), map[string]any{"db_name": pick(g, "c", "c", "none"), "username": pick(g, "root", "nobody", "")}), Keep: random}
	case 9:
		return replay.Step{HTTP: "GET db/static-creds/" + role, Keep: random}
	}
	return replay.Step{HTTP: pick(g, "POST ", "POST ", "GET ") + "db/" + pick(g, "reset/", "rotate-root/", "rotate-role/", "reload/") + pick(g, name, role, "memdb"), Keep: random}
}

// described asks for help and for the description of a plugin's paths, and other forms of
// a request: of wrapped answers, of other content types.
func (g generator) described() replay.Step {
	path := pick(g, "m", "m/", "m/kv/a", "m/kv", "m/none", "m/lease", "auth/pa", "auth/pa/login", "k1", "k1/a", "n/kv/a", "none/a", "auth/none/a")
	switch g.rng.IntN(3) {
	case 0:
		return replay.Step{HTTP: "GET " + path + "?help=1"}
	case 1:
		return withHeader(replay.Step{HTTP: pick(g, "GET ", "LIST ", "POST ") + path}, pick(g, "X-Vault-Wrap-Format", "Accept", "Origin", "X-Vault-Index", "X-Vault-Forward", "X-Http-Method-Override", "Accept-Encoding", "X-Vault-Namespace"), pick(g, "jwt", "x", "", "GET", "application/xml", "root"))
	}
	return replay.Step{HTTP: pick(g, "HEAD ", "OPTIONS ", "HELP ", "CONNECT ", "PATCH ") + path}
}
