// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"fmt"
	"net/url"

	"github.com/plugproof/plugproof/suites/replay"
)

// wide are the requests that every third sequence consists of, for the most part: forms
// of registrations, configuration and tokens that the usual ones have not.
func (g generator) wide() []func() replay.Step {
	return []func() replay.Step{
		g.builtinCatalog, g.builtinCatalog, g.runtimes, g.pins, g.images, g.wholeMount, g.wholeMount, g.wholeMount, g.anyTune, g.anyTune, g.moves,
		g.leaseAdmin, g.tokenKinds, g.tokenKinds, g.tokenKinds, g.useToken, g.useToken, g.wrapForms, g.administration, g.administration, g.protocol, g.protocol, g.encoded, g.internals, g.reloads, g.roleTokens,
	}
}

// builtinCatalog is a request about plugins that the server has, or about versions that
// only some servers take.
func (g generator) builtinCatalog() replay.Step {
	path := "sys/plugins/catalog/" + pick(g, "secret/kv", "secret/pki", "secret/transit", "auth/approle", "auth/userpass", "auth/jwt", "database/mysql-database-plugin", "database/probe", "secret/userpass", "auth/token", "secret/system", "secret/cubbyhole", "secret/identity", "secret/kv-v2", "secret/generic", "auth/pki", "secret/probe", "secret/probe", "auth/pauth")
	version := pick(g, "v1.0.0", "1.0.0", "v1.0", "v1.0.0-beta1", "v1.0.0+meta", "v1.0.0+builtin", "v1.0.0+builtin.bao", "v1.0.0+builtin.vault", "V1.0.0", " v1.0.0", "v01.0.0", "v1.0.0.0", "0", "v0.0.0", "v1.0.0/x", "v99999999999999999999.0.0", "ä", "v1.0.0-", "v1.0.0-rc.1+x.y")
	query := pick(g, "", "?version="+url.QueryEscape(version))
	switch g.rng.IntN(6) {
	case 0, 1:
		return replay.Step{HTTP: pick(g, "GET ", "GET ", "HEAD ", "LIST ") + path + query}
	case 2:
		return replay.Step{HTTP: "DELETE " + path + query, Body: g.body(map[string]any{"version": version})}
	}
	body := g.fields(map[string]any{
		"version": version, "args": pick[any](g, []string{}, "", "-a -b", []any{nil}), "env": pick[any](g, "", []string{}, []string{"A"}, []string{"A=b=c"}, []string{"=", "B="}, map[string]any{"A": "b"}),
		"sha_256": "{sha_probe}", "command": "probe", "name": "other", "type": pick(g, "secret", "auth", "database", "x", ""), "builtin": true,
	})
	return replay.Step{HTTP: pick(g, "PUT ", "POST ", "PATCH ") + path + query, Body: g.need(body, map[string]any{"command": "probe", "sha256": pick(g, "{sha_probe}", "{sha_probe}", "{sha_memdb}")})}
}

// images are registrations of plugins from images and archives.
func (g generator) images() replay.Step {
	return replay.Step{HTTP: pick(g, "PUT ", "POST ") + "sys/plugins/catalog/secret/" + pick(g, "probe", "img", "vault-plugin-x"), Body: g.body(map[string]any{
		"sha256": pick(g, "{sha_probe}", "{sha_zero}", "x", ""), "oci_image": pick(g, "none/image", "none/image:tag", "", "UPPER/x", "a@sha256:{sha_zero}"), "runtime": pick(g, "rt", "none", "", "a b"),
		"command": pick(g, "probe", "", "/probe", "probe;x"), "version": pick(g, "v1.0.0", "v1.0.0+ent", ""), "download": pick[any](g, true, false, "x", nil), "args": []string{"a"}, "env": []string{"A=b"},
	})}
}

// runtimes is a request about the runtimes of containers.
func (g generator) runtimes() replay.Step {
	path := "sys/plugins/runtimes/catalog/" + pick(g, "container", "container", "container", "x", "Container", "unsupported") + "/" + pick(g, "rt", "rt", "none", "a%20b", "a/b", "")
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: pick(g, "GET ", "DELETE ") + path}
	case 1:
		return replay.Step{HTTP: pick(g, "LIST ", "GET ") + "sys/plugins/runtimes/catalog" + pick(g, "", "/", "?list=true", "?type=container"), Body: g.body(map[string]any{"type": pick(g, "container", "x")})}
	}
	return replay.Step{HTTP: pick(g, "PUT ", "POST ") + path, Body: g.body(map[string]any{
		"oci_runtime": pick(g, "runc", "runsc", ""), "cgroup_parent": "/x", "cpu_nanos": pick[any](g, 1, -1, "x", 1.5), "memory_bytes": pick[any](g, 1, -1, "x"), "rootless": pick[any](g, true, false, "x"), "type": pick(g, "container", "x"),
	})}
}

// pins is a request about the versions that plugins are pinned to.
func (g generator) pins() replay.Step {
	return replay.Step{HTTP: pick(g, "GET ", "PUT ", "POST ", "DELETE ", "LIST ") + "sys/plugins/pins" + pick(g, "", "/", "/secret/probe", "/secret/probe", "/auth/pauth", "/secret/kv", "/x/probe", "/secret/none", "/database/memdb", "/secret"),
		Body: g.body(map[string]any{"version": pick(g, "v1.0.0", "v9.0.0", "x", "", "1.0.0")})}
}

// mountConfig has every key that a server of some version knows.
func (g generator) mountConfig() map[string]any {
	ttl := func() any {
		return pick[any](g, "1h", "1h30m", 60, "60", "1d", "0s", 0, "system", "", nil, "x", -1, "1.5h", 1.5, "2000000h", true)
	}
	list := func() any {
		return pick[any](g, []string{"a"}, []string{}, "a, b", []string{"a", "a"}, []string{""}, nil, "", []any{1}, map[string]any{"a": 1})
	}
	flag := func() any { return pick[any](g, true, false, "true", "1", 1, "x", nil, "") }
	all := map[string]any{
		"default_lease_ttl": ttl(), "max_lease_ttl": ttl(), "force_no_cache": flag(), "audit_non_hmac_request_keys": list(), "audit_non_hmac_response_keys": list(), "listing_visibility": pick[any](g, "unauth", "hidden", "", "Unauth", nil, 1),
		"passthrough_request_headers": list(), "allowed_response_headers": list(), "allowed_managed_keys": list(), "token_type": pick[any](g, "service", "batch", "default-service", "default-batch", "", nil, "SERVICE"), "plugin_version": pick[any](g, "v1.0.0", "", "x", nil),
		"plugin_name": pick(g, "probe", ""), "user_lockout_config": pick[any](g, map[string]any{}, nil, "x", map[string]any{"lockout_threshold": 5, "lockout_duration": "1m", "lockout_counter_reset_duration": "2m", "lockout_disable": "true"}, map[string]any{"lockout_threshold": -1}, map[string]any{"lockout_duration": "x"}),
		"delegated_auth_accessors": list(), "identity_token_key": pick(g, "", "default", "none"), "trim_request_trailing_slashes": flag(), "override_pinned_version": flag(), "seal_wrap": flag(),
	}
	some := map[string]any{}
	for _, name := range sortedKeys(all) {
		if g.chance(7) {
			some[name] = all[name]
		}
	}
	return some
}

// wholeMount makes a mount or auth method with any key in its configuration.
func (g generator) wholeMount() replay.Step {
	if g.chance(6) {
		return replay.Step{HTTP: "GET sys/" + pick(g, "mounts", "auth") + pick(g, "", "/m", "/w", "/pa", "/w/tune", "/m/tune", "/token/tune", "/sys/tune", "/none", "/none/tune")}
	}
	if g.chance(6) {
		return replay.Step{HTTP: "DELETE sys/" + pick(g, "mounts", "auth") + "/" + pick(g, "w", "w", "w/x", "none", "sys", "token", "cubbyhole", "auth/w", "identity")}
	}
	return replay.Step{HTTP: "POST sys/" + pick(g, "mounts", "mounts", "auth") + "/" + pick(g, "w", "w", "w/x", "w/", "w%20x", "auth/w", "sys/w", "m/w", "w.x", "+", "w+", "w*", "*"), Body: g.need(g.fields(map[string]any{
		"config": pick[any](g, g.mountConfig(), g.mountConfig(), g.mountConfig(), nil, "x", []any{}), "options": pick[any](g, nil, "x", map[string]any{"version": 2}, map[string]any{"version": "3"}, map[string]any{"plugin": "x"}, "version=2", []any{"a"}),
		"description": pick[any](g, "d", strings1000, nil, "ä"), "local": pick[any](g, true, "x", false), "seal_wrap": pick[any](g, true, "x", false), "external_entropy_access": pick[any](g, true, "x"), "plugin_version": pick(g, "", "v1.0.0", "x", "1.0.0"), "plugin_name": pick(g, "probe", "pauth", "none", "kv"), "path": "elsewhere", "identity_token_key": "default",
	}), map[string]any{"type": pick(g, "probe", "pauth", "probe", "pauth", "kv", "kv-v1", "kv-v2", "KV", "approle", "userpass", "pki", "transit", "generic", "ns_cubbyhole", "ns_system", "system", "Probe", " probe", "memdb", "plugin", "unknown")})}
}

const strings1000 = "a description that is long: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789"

// anyTune tunes with any two keys: servers look at several in an order of their own.
func (g generator) anyTune() replay.Step {
	config := g.mountConfig()
	for _, name := range sortedKeys(config) {
		if len(config) > 2 {
			delete(config, name)
		}
	}
	if g.chance(4) {
		config["description"] = pick[any](g, "", nil, "t", 5)
	}
	return replay.Step{HTTP: pick(g, "POST ", "POST ", "PUT ", "PATCH ") + "sys/" + pick(g, "mounts/m", "mounts/m", "mounts/w", "auth/pa", "auth/pa", "auth/w", "mounts/auth/pa", "auth/token", "mounts/sys", "mounts/identity", "mounts/cubbyhole", "mounts/secret", "auth/m", "mounts/m/x", "mounts/m/", "mounts/w/x") + "/tune", Body: raw(config)}
}

func (g generator) moves() replay.Step {
	if g.chance(3) {
		return replay.Step{HTTP: pick(g, "GET ", "LIST ", "POST ") + "sys/remount/" + pick(g, "status/$"+moveName, "status/none", "status", "status/", "none", "")}
	}
	place := func() string {
		return pick(g, "m", "w", "auth/pa", "auth/w", "auth/pa/", "moved", "auth/moved", "m/x", "sys/mounts", "auth", "/", " ", "cubbyhole/", "identity", "root/m", "ns/m", "m//x", "../m", "m?x", "ä", "secret", "+", "M")
	}
	return replay.Step{HTTP: pick(g, "POST ", "PUT ", "GET ") + "sys/remount", Body: g.body(map[string]any{"from": place(), "to": place(), "x": 1}), Save: map[string]string{moveName: "migration_id"}}
}

func (g generator) leaseAdmin() replay.Step {
	if g.chance(3) {
		return replay.Step{HTTP: "GET m/lease", Save: map[string]string{leaseName: "lease_id"}, Token: pick(g, "", "$"+tokenName, "$"+childName)}
	}
	if g.chance(3) {
		return replay.Step{HTTP: pick(g, "PUT ", "POST ", "GET ") + "sys/leases/" + pick(g, "renew", "revoke", "lookup", "renew", "lookup"), Body: g.need(g.fields(map[string]any{"increment": pick[any](g, "1h", 0, "0", "-1h", "x", 1.5, nil, "10000h"), "sync": pick[any](g, true, "x")}), map[string]any{"lease_id": pick[any](g, "$"+leaseName, "$"+leaseName, "/$"+leaseName, "$"+leaseName+"/", "m/lease/", "a b", "../m", nil, 1, "m//lease/x")})}
	}
	return replay.Step{HTTP: pick(g, "GET ", "GET ", "LIST ", "POST ", "PUT ") + "sys/leases" + pick(g, "/count?type=irrevocable", "/count?type=irrevocable&include_child_namespaces=true", "/count?type=x", "/count", "?type=irrevocable", "?type=irrevocable&limit=1", "?type=irrevocable&limit=none", "?type=irrevocable&limit=x", "?type=irrevocable&limit=-1", "/tidy",
		"/lookup", "/lookup/", "/lookup/m/", "/lookup/m/lease", "/lookup/m/lease/", "/lookup/none", "/lookup/auth", "/lookup/auth/token/", "/lookup/auth/pa/login", "/revoke-prefix", "/revoke-prefix/", "/revoke-prefix/m/lease/", "/revoke-force/m/lease", "/revoke-force", "/revoke-prefix/../m", "/nonsense", "/renew/m/lease/x", "/")}
}

// tokenKinds makes tokens of every kind.
func (g generator) tokenKinds() replay.Step {
	save := map[string]string{childName: "auth.client_token", accessorName: "auth.accessor"}
	body := map[string]any{"policies": pick[any](g, []string{"p"}, []string{"root"}, []string{"default"}, []string{"p", "p", "P"}, nil, "")}
	fields := g.fields(map[string]any{
		"type": pick(g, "service", "batch", "batch", "", "default"), "period": pick[any](g, "1h", "0", 60, "2000h", "-1"), "ttl": pick[any](g, "1h", "2000h", 60, "1s", "0", "-1", "x", nil), "explicit_max_ttl": pick[any](g, "1h", "2000h", "x", 30), "num_uses": pick[any](g, 1, 2, 0, -1, "x", "3"),
		"renewable": pick[any](g, true, false, "x"), "no_default_policy": pick[any](g, true, "x"), "no_parent": pick[any](g, true, false, "x"), "meta": pick[any](g, map[string]any{"a": "b"}, map[string]any{"a": 1}, "x", nil, map[string]any{}), "display_name": pick[any](g, "d", "", "a b!", 1, "ä", "-x-"),
		"id": pick[any](g, "mine", "mine/x", "hvs.x", "s.x", "b.x", "a b", ""), "lease": pick(g, "1h", "x"), "metadata": map[string]any{"a": "b"},
	})
	for _, name := range sortedKeys(fields) {
		if g.chance(2) {
			body[name] = fields[name]
		}
	}
	return replay.Step{HTTP: pick(g, "POST ", "POST ", "PUT ") + "auth/token/" + pick(g, "create", "create", "create", "create-orphan", "create/r", "create/r2", "create/none", "create/", "create-orphan/"), Body: raw(body), Token: pick(g, "", "", "", "$"+tokenName, "$"+childName), Save: save}
}

// useToken asks with, for and about a token that was made.
func (g generator) useToken() replay.Step {
	token := pick(g, "$"+childName, "$"+childName, "$"+tokenName, "$"+loginName, "root", "none")
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: pick(g, "GET auth/token/lookup-self", "POST auth/token/lookup-self", "PUT auth/token/lookup-self", "GET cubbyhole/a", "POST auth/token/renew-self", "GET sys/internal/ui/mounts", "LIST cubbyhole"), Token: token}
	case 1:
		return replay.Step{HTTP: "POST auth/token/renew", Body: g.need(g.fields(map[string]any{"increment": pick[any](g, "1h", 0, "x", -5, "10000h", nil)}), map[string]any{"token": token})}
	case 2:
		return replay.Step{HTTP: "POST auth/token/" + pick(g, "lookup-accessor", "renew-accessor", "revoke-accessor", "lookup-accessor/x", "lookup-accessor/"), Body: g.need(g.fields(map[string]any{"increment": "1h", "urlaccessor": "x"}), map[string]any{"accessor": pick[any](g, "$"+accessorName, "$"+accessorName, "$"+childName, "x", nil, 1)})}
	case 3:
		return replay.Step{HTTP: "POST auth/token/" + pick(g, "lookup", "lookup", "revoke", "revoke-orphan", "tidy", "revoke-self", "revoke/x", "lookup/x"), Body: g.need(map[string]any{}, map[string]any{"token": pick[any](g, "$"+childName, "$"+accessorName, "$"+wrapName, "", nil, 7, "a b", "b.AAAA", "s.AAAA.x")})}
	}
	return replay.Step{HTTP: "POST cubbyhole/a", Body: raw(map[string]any{"value": fmt.Sprint(g.rng.IntN(3))}), Token: token}
}

// roleTokens makes roles that limit tokens.
func (g generator) roleTokens() replay.Step {
	return replay.Step{HTTP: pick(g, "POST ", "PUT ") + "auth/token/roles/" + pick(g, "r", "r2", "a/b", "ä"), Body: g.body(map[string]any{
		"allowed_policies": pick[any](g, "p,default", []string{"p", "root"}, "", []string{"P"}, nil), "disallowed_policies": pick[any](g, "p", "default", []string{}), "allowed_policies_glob": pick[any](g, "*", "p*,d*", []string{""}), "disallowed_policies_glob": pick[any](g, "*", "d*"), "orphan": pick[any](g, true, "x"),
		"token_type": pick(g, "batch", "service", "default-batch", "default-service", "", "X"), "token_period": pick[any](g, "1h", "x", 0, "-1"), "period": pick[any](g, "1h", "x", 0), "renewable": pick[any](g, false, "x"), "token_explicit_max_ttl": pick[any](g, "30m", "x", "-1"), "token_num_uses": pick[any](g, 1, -1, "x"), "token_no_default_policy": pick[any](g, true, false),
		"path_suffix": pick(g, "sfx", "a/b", "", "x%"), "bound_cidrs": pick[any](g, "127.0.0.1/8", "::1/128", "x", ""), "token_bound_cidrs": pick[any](g, "127.0.0.1", "10.0.0.0/8", "x", ""), "allowed_entity_aliases": pick[any](g, "e", []string{"*"}, ""), "token_ttl": "1h", "token_max_ttl": "1h", "token_policies": "p", "nonsense": 1,
	})}
}

// wrapForms asks for wrapped answers in every form of a duration.
func (g generator) wrapForms() replay.Step {
	s := replay.Step{HTTP: pick(g, "GET m/kv/a", "GET m/kv/none", "GET sys/mounts", "POST m/kv/a", "GET sys/health", "GET auth/token/lookup-self", "POST auth/token/create", "GET m/fail", "POST m/fail", "GET m/raw", "GET m/warn", "GET none/x", "POST sys/wrapping/wrap", "DELETE m/kv/a", "LIST m/kv", "GET m/lease", "POST auth/pa/login", "POST sys/wrapping/unwrap", "GET sys/internal/ui/mounts"),
		Wrap: pick(g, "60", "60s", "1m", "1h30m", "1d", "1w", "0", "-5", "1.5", "x", " 60", "60 ", "1e3", "99999h", "9999999999", "0s", "٣", "1H", "+60"), Save: map[string]string{wrapName: "wrap_info.token"}}
	if s.HTTP[:4] == "POST" {
		s.Body = g.body(map[string]any{"value": "v", "user": "u", "policies": []string{"p"}})
	}
	if g.chance(6) {
		return withHeader(s, "X-Vault-Wrap-Format", pick(g, "jwt", "JWT", "x", ""))
	}
	return s
}
