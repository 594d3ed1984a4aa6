// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"fmt"

	"github.com/plugproof/plugproof/suites/replay"
)

func (g generator) policy() string {
	text := ""
	for range 1 + g.rng.IntN(5) {
		path := pick(g, "m/*", "m/kv/+", "m/kv/+/+", "m/k*", "+/kv/a", "sys/mounts", "sys/mounts/*", "sys/plugins/catalog/*", "sys/auth/+", "auth/token/*", "sys/+/acl/*", "cubbyhole/*", "sys/remount", "sys/plugins/reload/*", "sys/leases/*", "sys/internal/ui/mounts/*", "sys/wrapping/*", "auth/token/create", "*", "+/*", "m/", "m")
		text += fmt.Sprintf("path %q { capabilities = [%q, %q] %s}\n", path, g.capability(), g.capability(), g.limits())
	}
	return text
}

// limits are further words of a policy's path.
func (g generator) limits() string {
	return pick(g, "", "", "", "", `allowed_parameters = { "value" = [] } `, `allowed_parameters = { "value" = ["v"], "*" = [] } `, `denied_parameters = { "value" = ["x"] } `,
		`denied_parameters = { "*" = [] } `, `required_parameters = ["value"] `, `min_wrapping_ttl = "1m" `, `max_wrapping_ttl = "2m" `,
		`list_scan_response_keys_filter_path = "{{ .path }}/{{ .key }}" `, `pagination_limit = 2 `)
}

func (g generator) capability() string {
	return pick(g, "create", "read", "update", "delete", "list", "sudo", "patch", "read", "update", "deny", "scan", "create")
}

// tokenRef names a token: one that was saved, or none that exists.
func (g generator) tokenRef() string {
	return pick(g, "$"+tokenName, "$"+tokenName, "$"+childName, "$"+childName, "$"+loginName, "$"+wrapName, "none", "", "hvs.none")
}

func (g generator) token() replay.Step {
	path := "auth/token/create" + pick(g, "", "", "", "-orphan", "/r", "/none")
	return replay.Step{HTTP: pick(g, "POST", "POST", "PUT") + " " + path, Body: g.body(map[string]any{
		"policies": pick[any](g, []string{"p"}, []string{"p"}, []string{"default"}, []string{"root"}, []string{"none"}, "p,default", []string{"P"}, []string{}), "ttl": pick(g, "1h", "10h", "1000h", "0", "30s"), "num_uses": pick(g, 1, 2, 3, -1), "renewable": pick(g, true, false),
		"display_name": pick(g, "d", "a b", "a/b"), "no_parent": true, "no_default_policy": true, "type": pick(g, "service", "batch", "x"), "period": pick(g, "1h", "0"), "meta": map[string]any{"a": "b"},
		"explicit_max_ttl": "2h", "id": pick(g, "own", "own.x", "s.own"), "entity_alias": "e", "lease": "1h",
	}), Save: map[string]string{childName: "auth.client_token", accessorName: "auth.accessor"}}
}

func (g generator) tokenUse() replay.Step {
	switch g.rng.IntN(12) {
	case 0, 1:
		return replay.Step{HTTP: "GET auth/token/lookup-self", Token: pick(g, "$"+tokenName, "root", "none", "$"+childName, "$"+loginName, "$"+wrapName)}
	case 2, 3:
		return replay.Step{HTTP: pick(g, "POST", "PUT") + " auth/token/" + pick(g, "lookup", "renew", "revoke", "revoke-orphan", "lookup", "renew"), Body: g.need(g.fields(map[string]any{"increment": "1h"}), map[string]any{"token": g.tokenRef()})}
	case 4:
		return replay.Step{HTTP: "POST auth/token/" + pick(g, "lookup-accessor", "renew-accessor", "revoke-accessor", "lookup-accessor"), Body: g.need(g.fields(map[string]any{"increment": 60}), map[string]any{"accessor": pick(g, "$"+accessorName, "none", "")})}
	case 5, 6:
		return replay.Step{HTTP: "POST auth/token/renew-self", Body: g.body(map[string]any{"increment": pick[any](g, "1h", 60, "-1", "x")}), Token: pick(g, "$"+tokenName, "root", "$"+childName, "$"+loginName)}
	case 7:
		return replay.Step{HTTP: pick(g, "GET", "POST") + " auth/token/" + pick(g, "lookup", "renew", "revoke") + "/" + pick(g, "$"+tokenName, "none")}
	case 8:
		return replay.Step{HTTP: "POST auth/token/revoke-self", Token: pick(g, "$"+childName, "$"+loginName, "$"+childName, "none")}
	case 9:
		return replay.Step{HTTP: pick(g, "LIST auth/token/accessors", "LIST auth/token/accessors/", "GET auth/token/accessors", "GET auth/token/accessors?list=true"), Keep: []string{"errors", "warnings"}}
	case 10:
		return replay.Step{HTTP: pick(g, "GET auth/token", "POST auth/token/nonsense", "GET auth/token/create", "LIST auth/token", "GET auth/token/")}
	}
	return replay.Step{HTTP: "POST auth/token/create", Body: raw(map[string]any{"policies": []string{pick(g, "p", "default")}, "num_uses": pick(g, 0, 2), "type": pick(g, "service", "batch"), "ttl": "1h"}), Save: map[string]string{childName: "auth.client_token"}}
}

func (g generator) tokenRole() replay.Step {
	path := "auth/token/roles/" + pick(g, "r", "r", "q", "none")
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: "GET " + path}
	case 1:
		return replay.Step{HTTP: pick(g, "DELETE "+path, "LIST auth/token/roles", "GET auth/token/roles?list=true")}
	}
	return replay.Step{HTTP: "POST " + path, Body: g.body(map[string]any{
		"allowed_policies": pick[any](g, []string{"p"}, "p,default", []string{"root"}), "disallowed_policies": []string{"root"}, "allowed_policies_glob": []string{"p*"}, "disallowed_policies_glob": []string{"x*"},
		"orphan": pick(g, true, false), "renewable": pick(g, true, false), "period": "1h", "token_period": "2h", "explicit_max_ttl": "3h", "token_explicit_max_ttl": "1h", "path_suffix": pick(g, "s", "a b", ".."),
		"bound_cidrs": []string{"127.0.0.1/32"}, "token_bound_cidrs": pick[any](g, []string{"10.0.0.0/8"}, []string{"x"}), "token_type": pick(g, "service", "batch", "default-service", "x"), "token_num_uses": 2, "token_no_default_policy": true,
		"allowed_entity_aliases": []string{"e"}, "token_strictly_bind_ip": true,
	})}
}

func (g generator) policies() replay.Step {
	path := pick(g, "sys/policies/acl/", "sys/policy/", "sys/policies/acl/", "sys/policies/rgp/", "sys/policies/egp/", "sys/policies/x/") + pick(g, "p", "q", "p", "q", "default", "root", "Q", "response-wrapping", "a/b", "", "ä", "x%20y")
	switch g.rng.IntN(7) {
	case 0, 1:
		return replay.Step{HTTP: "GET " + path}
	case 2:
		return replay.Step{HTTP: "DELETE " + pick(g, path, "sys/policies/acl/q")}
	case 3:
		return replay.Step{HTTP: pick(g, "LIST", "GET", "LIST") + " " + pick(g, "sys/policies/acl", "sys/policy", "sys/policies/acl/", "sys/policy/", "sys/policies", "sys/policies/acl?list=true", "sys/policies/acl?after=a&limit=1", "sys/policies/rgp", "sys/policies/detailed/acl")}
	}
	return replay.Step{HTTP: pick(g, "PUT", "POST") + " " + path, Body: g.need(g.fields(map[string]any{"expiration": pick(g, "2099-01-01T00:00:00Z", "x"), "ttl": pick(g, "1h", "x"), "cas": pick(g, 1, -1, 0), "cas_required": true, "name": "zz"}), map[string]any{pick(g, "policy", "policy", "policy", "rules"): pick(g, g.policy(), g.policy(), "nonsense", `path "a" { capabilities = ["x"] }`, "", `path "a" { policy = "write" }`, `path "a" { nonsense = 1 }`,
		`{"path": {"a": {"capabilities": ["read"]}}}`, "cGF0aCAiYSIgeyBjYXBhYmlsaXRpZXMgPSBbInJlYWQiXSB9", `path "a/+*" { capabilities = ["read"] }`, `name = "x"`, `path "a" { min_wrapping_ttl = "x" }`, `path "a" { capabilities = "read" }`, `path "b" {`)})}
}

func (g generator) passwords() replay.Step {
	path := "sys/policies/password" + pick(g, "/w", "/w", "/none", "/a/b")
	switch g.rng.IntN(6) {
	case 0:
		return replay.Step{HTTP: "GET " + path}
	case 1:
		return replay.Step{HTTP: "DELETE " + path}
	case 2:
		return replay.Step{HTTP: pick(g, "LIST", "GET") + " sys/policies/password"}
	case 3:
		return replay.Step{HTTP: pick(g, "GET", "LIST", "POST") + " " + path + "/generate", Keep: []string{"errors", "warnings"}}
	}
	return replay.Step{HTTP: "POST " + path, Body: g.body(map[string]any{"policy": pick(g, `length = 20 rule "charset" { charset = "abc" min-chars = 1 }`, `length = 2`, "nonsense", "", `rule "charset" { charset = "abc" }`, `length = 20 rule "x" {}`,
		`length = 20 rule "charset" { charset = "aä" min-chars = 30 }`, `length = "x" rule "charset" { charset = "abc" }`, `length = 20 rule "charset" { charset = "" }`)})}
}

func (g generator) lease() replay.Step {
	reference := pick(g, "$"+leaseName, "$"+leaseName, "m/lease/none", "x", "", "auth/token/create/x")
	switch g.rng.IntN(8) {
	case 0, 1:
		return replay.Step{HTTP: pick(g, "GET m/lease", "GET m/lease", "GET n/lease"), Save: map[string]string{leaseName: "lease_id"}}
	case 2:
		return replay.Step{HTTP: pick(g, "LIST sys/leases/lookup/m", "LIST sys/leases/lookup/", "LIST sys/leases/lookup/m/lease", "GET sys/leases", "GET sys/leases/count?type=irrevocable", "GET sys/leases?type=irrevocable", "LIST sys/leases", "POST sys/leases/tidy", "LIST sys/leases/lookup/auth/token/create", "GET sys/leases/count", "GET sys/leases?type=x")}
	case 3, 4:
		return replay.Step{HTTP: pick(g, "PUT", "POST") + " sys/leases/" + pick(g, "renew", "revoke", "lookup", "renew", "lookup", "renew/"+reference, "revoke/"+reference, "lookup/"+reference), Body: g.need(g.fields(map[string]any{"increment": pick[any](g, 60, "1h", -1), "sync": pick(g, true, false), "url_lease_id": "x"}), map[string]any{"lease_id": reference})}
	case 5:
		return replay.Step{HTTP: "PUT sys/" + pick(g, "renew", "revoke", "renew/x", "revoke/x"), Body: g.need(map[string]any{}, map[string]any{"lease_id": reference})}
	}
	return replay.Step{HTTP: "PUT sys/" + pick(g, "leases/", "leases/", "") + "revoke-" + pick(g, "prefix/", "force/") + pick(g, "m", "m/lease", "none", "auth/pa", "", "m/", "auth"), Body: g.body(map[string]any{"sync": pick(g, true, false)})}
}

func (g generator) wrapping() replay.Step {
	save := map[string]string{wrapName: "wrap_info.token"}
	switch g.rng.IntN(6) {
	case 0, 1:
		return replay.Step{HTTP: pick(g, "GET m/kv/a", "GET sys/mounts/m", "GET auth/token/lookup-self", "GET m/lease", "POST m/kv/a", "LIST m/kv", "GET m/raw", "GET m/warn", "GET sys/policies/acl/p"), Wrap: pick(g, "60", "60", "1m", "x", "0", "2m", "1h"), Save: save}
	case 2:
		return replay.Step{HTTP: "POST auth/token/create", Body: raw(map[string]any{"policies": []string{"p"}, "type": pick(g, "service", "batch")}), Wrap: "60", Save: save}
	case 3:
		return replay.Step{HTTP: "POST sys/wrapping/wrap", Body: pick(g, raw(map[string]any{"a": "b"}), raw(map[string]any{}), raw(map[string]any{"wrap_ttl": 1})), Wrap: pick(g, "60", "60", "", "x"), Save: save}
	case 4:
		return replay.Step{HTTP: pick(g, "POST", "PUT", "GET") + " sys/wrapping/" + pick(g, "unwrap", "lookup"), Token: "$" + wrapName, Body: raw(map[string]any{})}
	}
	return replay.Step{HTTP: "POST sys/wrapping/" + pick(g, "lookup", "unwrap", "rewrap", "lookup", "pubkey"), Body: g.need(map[string]any{}, map[string]any{"token": pick(g, "$"+wrapName, "$"+wrapName, "none", "$"+tokenName, "")}), Save: save}
}

func (g generator) capabilities() replay.Step {
	paths := pick[any](g, []string{"m/kv/a", "m/kv"}, []string{"sys/mounts"}, []string{"x"}, []string{"sys/policies/acl/p", "m/kv/a/b", "m/"}, "m/kv/a", []string{}, []string{""}, []string{"/m/kv/a"}, []string{"auth/token/create", "auth/token/lookup-self"}, nil)
	body := g.need(g.fields(map[string]any{"path": "m/kv/b"}), map[string]any{"paths": paths})
	switch g.rng.IntN(3) {
	case 0:
		return replay.Step{HTTP: pick(g, "POST", "PUT") + " sys/capabilities-self", Body: body, Token: pick(g, "$"+tokenName, "$"+childName, "root", "none")}
	case 1:
		return replay.Step{HTTP: "POST sys/capabilities-accessor", Body: g.need(map[string]any{"accessor": pick(g, "$"+accessorName, "none", "")}, map[string]any{"paths": paths})}
	}
	return replay.Step{HTTP: "POST sys/capabilities", Body: g.need(map[string]any{"token": g.tokenRef()}, map[string]any{"paths": paths})}
}
