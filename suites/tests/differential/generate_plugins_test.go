// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"github.com/plugproof/plugproof/suites/replay"
)

func (g generator) catalog() replay.Step {
	kind := pick(g, "secret", "auth", "database", "secret", "auth", "secret", "auth", "nonsense", "unknown", "Secret")
	path := "sys/plugins/catalog/" + kind + "/" + g.name()
	switch g.rng.IntN(8) {
	case 0, 1:
		return replay.Step{HTTP: "GET " + path + pick(g, "", "?version=v1.0.0", "?version=", "?version=x", "?version=1.0.0")}
	case 2:
		return replay.Step{HTTP: "DELETE " + path + pick(g, "", "?version=v1.0.0", "?version=x")}
	case 3:
		return replay.Step{HTTP: pick(g, "LIST", "GET") + " sys/plugins/catalog" + pick(g, "", "/secret", "/auth", "/database", "/", "/secret/", "/nonsense", "?list=true", "/auth?list=true", "/secret?list=true&after=kv&limit=2")}
	case 4:
		return replay.Step{HTTP: pick(g, "PUT", "GET", "DELETE") + " sys/plugins/catalog/" + g.name(), Body: g.body(map[string]any{"command": "probe", "sha256": "{sha_probe}", "type": pick(g, "secret", "auth", "x")})}
	}
	body := g.fields(map[string]any{
		"args": pick[any](g, []string{"-x"}, "a,b"), "env": pick[any](g, []string{"A=1"}, []string{"A"}, "A=1,B=2", []string{"=x"}, []string{"A=1", "A=2"}),
		"version": pick(g, "v1.0.0", "v1.0.0", "v2.0.0", "1.0", "", "v1", "v1.0.0+builtin", "v1.2.3-rc1", "latest"),
		"runtime": "", "oci_image": "", "download": false,
	})
	return replay.Step{HTTP: pick(g, "PUT", "POST") + " " + path, Body: g.need(body, map[string]any{
		"command": pick(g, "probe", "probe", "probe", "probe-v4", "../probe", "/bin/sh", "none", "./probe", "probe -x", "a/probe", ""),
		"sha256":  pick(g, "{sha_probe}", "{sha_probe}", "{sha_probe}", "{sha_probe}", "{sha_zero}", "abcd", "xyz", ""),
	})}
}

func (g generator) mount() replay.Step {
	path := "sys/mounts/" + g.name()
	switch g.rng.IntN(6) {
	case 0:
		return replay.Step{HTTP: "GET " + pick(g, path, "sys/mounts", "sys/mounts/", "sys/mounts?after=m&limit=1")}
	case 1:
		return replay.Step{HTTP: "DELETE " + path}
	}
	return replay.Step{HTTP: pick(g, "POST", "POST", "PUT") + " " + path, Body: g.need(g.fields(map[string]any{
		"description": "d", "config": g.config(), "options": pick[any](g, map[string]any{"version": "2"}, map[string]any{"version": "1"}, map[string]any{"a": "b"}),
		"local": true, "seal_wrap": true, "plugin_name": "probe", "plugin_version": pick(g, "v1.0.0", "v9.9.9", "x"), "external_entropy_access": true,
	}), map[string]any{"type": pick(g, "probe", "probe", "probe", "kv", "kv", "none", "plugin", "pauth", "transit", "system", "cubbyhole", "identity", "kv-v2", "database", "")})}
}

func (g generator) auth() replay.Step {
	path := "sys/auth/" + g.name()
	switch g.rng.IntN(6) {
	case 0:
		return replay.Step{HTTP: "GET " + pick(g, path, "sys/auth", "sys/auth/")}
	case 1:
		return replay.Step{HTTP: "DELETE " + path}
	}
	return replay.Step{HTTP: pick(g, "POST", "POST", "PUT") + " " + path, Body: g.need(g.fields(map[string]any{
		"description": "d", "config": g.config(), "local": true, "seal_wrap": true, "options": map[string]any{"a": "b"}, "plugin_name": "pauth", "plugin_version": "v1.0.0",
	}), map[string]any{"type": pick(g, "pauth", "pauth", "pauth", "token", "none", "plugin", "probe", "ns_token", "")})}
}

func (g generator) config() map[string]any {
	return g.fields(map[string]any{
		"default_lease_ttl": pick[any](g, "1h", "3h", 60, "0", "system", "768h"), "max_lease_ttl": pick[any](g, 7200, "2h", "0", "system", "1000h"), "force_no_cache": true,
		"listing_visibility": pick(g, "unauth", "hidden", "", "x"), "audit_non_hmac_request_keys": []string{"a"}, "audit_non_hmac_response_keys": pick[any](g, []string{"a", "b"}, "a,b", []string{}),
		"passthrough_request_headers": pick[any](g, []string{"X-A"}, "X-A,X-B", []string{}), "allowed_response_headers": []string{"X-B"},
		"token_type":          pick(g, "service", "batch", "default-service", "default-batch", "nonsense"),
		"user_lockout_config": pick[any](g, map[string]any{"lockout_threshold": "3"}, map[string]any{"lockout_duration": "5m", "lockout_disable": true}, map[string]any{"lockout_threshold": "x"}, map[string]any{"nonsense": 1}),
		"plugin_version":      "v1.0.0", "nonsense": 1, "allowed_managed_keys": []string{"a"}, "plugin_name": "probe",
		"delegated_auth_accessors": []string{"a"}, "identity_token_key": "default", "trim_request_trailing_slashes": true,
	})
}

func (g generator) tune() replay.Step {
	path := pick(g, "sys/mounts/", "sys/mounts/", "sys/auth/", "sys/mounts/auth/") + pick(g, g.name(), "m", "n", "pa", "token", "cubbyhole", "sys", "identity", "secret") + "/tune"
	if g.chance(4) {
		return replay.Step{HTTP: "GET " + path}
	}
	config := g.config()
	for _, name := range sortedKeys(config) {
		// Servers look at the fields in an order of their own: few at a time.
		if len(config) > 3 && g.chance(2) {
			delete(config, name)
		}
	}
	if g.chance(3) {
		config["description"] = pick[any](g, "tuned", "", nil, 1, []string{"a"})
	}
	if g.chance(4) {
		config["options"] = pick[any](g, map[string]any{"version": pick(g, "1", "2", "x")}, map[string]any{"a": "b"}, map[string]any{"a": nil}, nil, map[string]any{})
	}
	return replay.Step{HTTP: "POST " + path, Body: raw(config)}
}

func (g generator) reload() replay.Step {
	switch g.rng.IntN(6) {
	case 0, 1:
		return replay.Step{HTTP: "POST sys/plugins/reload/" + pick(g, "secret/", "auth/", "nonsense/", "database/", "unknown/") + pick(g, "probe", "pauth", "kv", "none", "token", g.name()), Body: g.body(map[string]any{"scope": pick(g, "", "global", "x")})}
	case 2:
		return replay.Step{HTTP: "GET sys/plugins/reload/backend/status" + pick(g, "", "?reload_id=x")}
	}
	return replay.Step{HTTP: pick(g, "PUT", "POST") + " sys/plugins/reload/backend", Body: g.body(map[string]any{
		"plugin": pick(g, "probe", "pauth", "none", "kv", "token", "system"), "mounts": pick[any](g, []string{"m/"}, []string{"m"}, []string{"auth/pa/"}, []string{"none/"}, []string{"m/", "n/"}, "m,n", []string{"sys/"}, []string{"cubbyhole"}), "scope": pick(g, "", "global", "x"),
	})}
}

func (g generator) remount() replay.Step {
	if g.chance(4) {
		return replay.Step{HTTP: "GET sys/remount/status/" + pick(g, "$"+moveName, "none")}
	}
	return replay.Step{HTTP: pick(g, "POST", "PUT") + " sys/remount", Body: g.body(map[string]any{
		"from": pick(g, "m", "m/", "n/", "auth/pa", "auth/n", "sys", "none", "auth/token", "team/m", "", "/m"), "to": pick(g, "n", "m/", "auth/x", "a b", "cubbyhole", "x/y", "sys/x", "auth/", "team/x", "", "/y", "secret/x"),
	}), Save: map[string]string{moveName: "migration_id"}}
}
