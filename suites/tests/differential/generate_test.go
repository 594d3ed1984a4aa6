// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/plugproof/plugproof/suites/replay"
)

// generator makes random sequences of requests over plugin management. Names are
// few, so that requests meet what earlier ones made.
type generator struct {
	rng *rand.Rand
	// namespaces: the server has them, and requests go to some.
	namespaces bool
}

func pick[T any](g generator, from ...T) T { return from[g.rng.IntN(len(from))] }

// chance reports true once in n times.
func (g generator) chance(n int) bool { return g.rng.IntN(n) == 0 }

// sequence returns a case of n steps.
func (g generator) sequence(n int) *replay.Case {
	c := &replay.Case{Area: "random"}
	add := func(s replay.Step) { c.Steps = append(c.Steps, replay.Exchange{Step: s}) }
	// Without a plugin, a policy and a token most requests would meet nothing.
	add(replay.Step{HTTP: "PUT sys/plugins/catalog/secret/probe", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}"})})
	add(replay.Step{HTTP: "PUT sys/plugins/catalog/auth/pauth", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}", "env": []string{"PROBE_TYPE=auth"}})})
	add(replay.Step{HTTP: "POST sys/mounts/m", Body: raw(map[string]any{"type": "probe"})})
	add(replay.Step{HTTP: "PUT sys/policies/acl/p", Body: raw(map[string]any{"policy": g.policy()})})
	add(replay.Step{HTTP: "POST auth/token/create", Body: raw(map[string]any{"policies": []string{"p"}}), Save: map[string]string{"t": "auth.client_token"}})
	if g.namespaces {
		for _, s := range g.prepareNamespaces() {
			add(s)
		}
	}
	for len(c.Steps) < n {
		add(g.step())
	}
	return c
}

func raw(body any) json.RawMessage {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of texts and numbers can be marshalled
	}
	return text
}

func (g generator) policy() string {
	text := ""
	for range 1 + g.rng.IntN(4) {
		path := pick(g, "m/*", "m/kv/+", "m/kv/+/+", "m/k*", "sys/mounts", "sys/mounts/*", "sys/plugins/catalog/*", "sys/auth/+", "auth/token/*", "sys/+/acl/*", "cubbyhole/*", "sys/remount", "sys/plugins/reload/backend", "sys/leases/*", "sys/internal/ui/mounts/*", "*")
		text += fmt.Sprintf("path %q { capabilities = [%q, %q] }\n", path, g.capability(), g.capability())
	}
	return text
}

func (g generator) capability() string {
	return pick(g, "create", "read", "update", "delete", "list", "sudo", "patch", "read", "update", "deny")
}

func (g generator) step() replay.Step {
	kinds := []func() replay.Step{g.catalog, g.mount, g.auth, g.tune, g.reload, g.remount, g.token, g.policies, g.lease, g.wrapping, g.data, g.data, g.system, g.odd}
	if g.namespaces {
		kinds = append(kinds, g.namespace, g.namespace)
	}
	s := pick(g, kinds...)()
	if g.namespaces && !g.chance(3) {
		s = g.within(s)
	}
	switch {
	case s.Token != "":
	case g.chance(8):
		s.Token = pick(g, "none", "bad", "hvs.nonsense")
	case g.namespaces && g.chance(4):
		s.Token = "$in"
	case g.chance(4):
		s.Token = "$t"
	}
	return s
}

func (g generator) name() string {
	return pick(g, "probe", "pauth", "m", "n", "a/b", "kv", "none", "Probe", "x%20y", "token", "sys", "cubbyhole", "identity", "secret")
}

// value is of any type, and mostly the wrong one.
func (g generator) value() any {
	return pick[any](g, "x", "", true, false, "true", 0, 1, -1, 3600, "1h", "10m", "nonsense", []string{"a"}, []string{}, map[string]any{}, map[string]any{"a": "b"}, nil, 1.5, "v1.0.0")
}

// body is some of the fields, each with a value that may be right.
func (g generator) body(fields map[string]any) json.RawMessage {
	chosen := map[string]any{}
	for _, name := range sortedKeys(fields) {
		switch g.rng.IntN(6) {
		case 0:
			chosen[name] = g.value()
		case 1, 2, 3:
			chosen[name] = fields[name]
		}
	}
	return raw(chosen)
}

func (g generator) catalog() replay.Step {
	kind := pick(g, "secret", "auth", "database", "secret", "auth", "nonsense")
	path := "sys/plugins/catalog/" + kind + "/" + g.name()
	switch g.rng.IntN(6) {
	case 0:
		return replay.Step{HTTP: "GET " + path}
	case 1:
		return replay.Step{HTTP: "DELETE " + path + pick(g, "", "?version=v1.0.0")}
	case 2:
		return replay.Step{HTTP: pick(g, "LIST", "GET") + " sys/plugins/catalog" + pick(g, "", "/secret", "/auth", "/database", "/")}
	}
	return replay.Step{HTTP: pick(g, "PUT", "POST") + " " + path, Body: g.body(map[string]any{
		"command": "probe", "sha256": "{sha_probe}", "args": []string{"-x"}, "env": []string{"A=1"}, "version": pick(g, "v1.0.0", "v2.0.0", "1.0", ""),
	})}
}

func (g generator) mount() replay.Step {
	path := "sys/mounts/" + g.name()
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: "GET " + pick(g, path, "sys/mounts")}
	case 1:
		return replay.Step{HTTP: "DELETE " + path}
	}
	return replay.Step{HTTP: "POST " + path, Body: g.body(map[string]any{
		"type": pick(g, "probe", "kv", "none", "plugin"), "description": "d", "config": g.config(), "options": map[string]any{"version": "2"},
		"local": false, "seal_wrap": false, "plugin_name": "probe", "plugin_version": "v1.0.0", "external_entropy_access": false,
	})}
}

func (g generator) auth() replay.Step {
	path := "sys/auth/" + g.name()
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: "GET " + pick(g, path, "sys/auth")}
	case 1:
		return replay.Step{HTTP: "DELETE " + path}
	}
	return replay.Step{HTTP: "POST " + path, Body: g.body(map[string]any{"type": pick(g, "pauth", "token", "none", "approle"), "description": "d", "config": g.config(), "local": false})}
}

func (g generator) config() map[string]any {
	var config map[string]any
	if err := json.Unmarshal(g.body(map[string]any{
		"default_lease_ttl": "1h", "max_lease_ttl": 7200, "force_no_cache": true, "listing_visibility": "unauth",
		"audit_non_hmac_request_keys": []string{"a"}, "passthrough_request_headers": []string{"X-A"},
		"allowed_response_headers": []string{"X-B"}, "token_type": pick(g, "service", "batch", "default-service", "nonsense"),
		"user_lockout_config": map[string]any{"lockout_threshold": "3"}, "plugin_version": "v1.0.0", "nonsense": 1,
	}), &config); err != nil {
		panic(err) // it was marshalled above
	}
	return config
}

func (g generator) tune() replay.Step {
	path := pick(g, "sys/mounts/", "sys/auth/") + g.name() + "/tune"
	if g.chance(3) {
		return replay.Step{HTTP: "GET " + path}
	}
	config := g.config()
	config["description"] = "tuned"
	if g.chance(3) {
		config["options"] = map[string]any{"version": pick(g, "1", "2", "x")}
	}
	return replay.Step{HTTP: "POST " + path, Body: raw(config)}
}

func (g generator) reload() replay.Step {
	if g.chance(4) {
		return replay.Step{HTTP: "POST sys/plugins/reload/" + pick(g, "secret/", "auth/", "nonsense/") + g.name(), Body: raw(map[string]any{})}
	}
	return replay.Step{HTTP: "PUT sys/plugins/reload/backend", Body: g.body(map[string]any{
		"plugin": pick(g, "probe", "pauth", "none", "kv"), "mounts": []string{pick(g, "m/", "m", "auth/n/", "none/")}, "scope": pick(g, "", "global", "x"),
	})}
}

func (g generator) remount() replay.Step {
	return replay.Step{HTTP: "POST sys/remount", Body: g.body(map[string]any{
		"from": pick(g, "m", "n/", "auth/n", "sys", "none"), "to": pick(g, "n", "m/", "auth/x", "a b", "cubbyhole"),
	}), Keep: []string{"errors"}}
}

func (g generator) token() replay.Step {
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: "GET auth/token/lookup-self", Token: pick(g, "$t", "root", "none")}
	case 1:
		return replay.Step{HTTP: "POST auth/token/lookup", Body: g.body(map[string]any{"token": "$t"})}
	case 2:
		return replay.Step{HTTP: "POST auth/token/renew-self", Body: g.body(map[string]any{"increment": "1h"}), Token: pick(g, "$t", "root")}
	case 3:
		return replay.Step{HTTP: "POST sys/capabilities-self", Body: raw(map[string]any{"paths": []string{pick(g, "m/kv/a", "sys/mounts", "x", "sys/policies/acl/p")}}), Token: "$t"}
	}
	return replay.Step{HTTP: "POST auth/token/create", Body: g.body(map[string]any{
		"policies": []string{pick(g, "p", "default", "root", "none")}, "ttl": "1h", "num_uses": 3, "renewable": true, "display_name": "d",
		"no_parent": true, "type": pick(g, "service", "batch", "x"), "period": "1h", "meta": map[string]any{"a": "b"}, "explicit_max_ttl": "2h",
	})}
}

func (g generator) policies() replay.Step {
	path := pick(g, "sys/policies/acl/", "sys/policy/") + pick(g, "p", "q", "default", "root", "Q")
	switch g.rng.IntN(5) {
	case 0:
		return replay.Step{HTTP: "GET " + path}
	case 1:
		return replay.Step{HTTP: "DELETE " + pick(g, path, "sys/policies/acl/q")}
	case 2:
		return replay.Step{HTTP: pick(g, "LIST", "GET") + " " + pick(g, "sys/policies/acl", "sys/policy")}
	}
	return replay.Step{HTTP: "PUT " + path, Body: g.body(map[string]any{"policy": pick(g, g.policy(), "nonsense", `path "a" { capabilities = ["x"] }`, "")})}
}

func (g generator) lease() replay.Step {
	switch g.rng.IntN(4) {
	case 0:
		return replay.Step{HTTP: pick(g, "GET m/lease", "GET n/lease")}
	case 1:
		return replay.Step{HTTP: pick(g, "LIST sys/leases/lookup/m", "LIST sys/leases/lookup/", "LIST sys/leases/lookup/m/lease")}
	case 2:
		return replay.Step{HTTP: "PUT sys/leases/" + pick(g, "renew", "revoke", "lookup", "renew/x", "revoke/x"), Body: g.body(map[string]any{"lease_id": pick(g, "m/lease/none", "x"), "increment": 60})}
	}
	return replay.Step{HTTP: "PUT sys/leases/revoke-" + pick(g, "prefix/", "force/") + pick(g, "m", "m/lease", "none")}
}

func (g generator) wrapping() replay.Step {
	if g.chance(2) {
		return replay.Step{HTTP: "GET " + pick(g, "m/kv/a", "sys/mounts", "auth/token/lookup-self"), Wrap: pick(g, "60", "1m", "x", "0")}
	}
	return replay.Step{HTTP: "POST sys/wrapping/" + pick(g, "lookup", "unwrap", "rewrap", "wrap"), Body: g.body(map[string]any{"token": pick(g, "none", "$t")})}
}

func (g generator) data() replay.Step {
	mount := pick(g, "m", "m", "m", "n", "secret", "cubbyhole", "auth/n", "none")
	path := mount + "/" + pick(g, "kv/a", "kv/a/b", "kv", "kv/", "env/NONE", "fail", "warn", "raw", "public", "rooted", "operation", "nonsense", "data/a", "metadata/a", "a", "login")
	body := g.body(map[string]any{"value": "v", "data": map[string]any{"a": "b"}, "user": "u"})
	switch method := pick(g, "GET", "POST", "PUT", "DELETE", "LIST", "GET", "POST", "PATCH", "SCAN"); method {
	case "POST", "PUT":
		return replay.Step{HTTP: method + " " + path, Body: body}
	case "PATCH":
		return replay.Step{HTTP: method + " " + path, Body: body, Headers: map[string]string{"Content-Type": pick(g, "application/merge-patch+json", "application/json")}}
	default:
		return replay.Step{HTTP: method + " " + path}
	}
}

func (g generator) system() replay.Step {
	path := pick(g, "sys/health", "sys/leader", "sys/seal-status", "sys/init", "sys/internal/ui/mounts", "sys/internal/ui/mounts/m", "sys/internal/ui/mounts/none",
		"sys/namespaces", "sys/internal/ui/namespaces", "sys/experiments", "sys/replication/status", "sys/config/cors", "sys/host-info", "sys/tools/hash", "sys/tools/random", "sys/capabilities",
		"sys/plugins/catalog", "sys/plugins/runtimes/catalog", "sys/plugins/pins", "sys/key-status", "sys/ha-status", "sys/version-history", "sys/config/state/sanitized", "sys/loggers", "sys/audit", "sys/internal/counters/tokens", "sys/rotate/config", "sys/quotas/config")
	return replay.Step{HTTP: pick(g, "GET", "GET", "GET", "LIST", "OPTIONS", "HEAD", "DELETE") + " " + path}
}

func (g generator) odd() replay.Step {
	path := pick(g, "/v1//sys/mounts", "/v1/sys/./mounts", "/v1/sys/../sys/mounts", "//v1/sys/mounts", "/v1/m//kv/a", "/v1/", "/v1", "/", "/v1/sys", "/v1/m", "/v1/m/", "/v1/auth", "/v1/auth/", "/v1/%2e%2e/x", "/v1/m/kv/%00", "/v1/m/kv/ä", "/v1/sys/mounts/m%2Fx")
	if g.chance(3) {
		body := pick(g, "{", "[]", `"x"`, "null", `{"a": 1} x`, "a=b", "", `{"a": `, "tru")
		return replay.Step{HTTP: pick(g, "POST", "PUT") + " " + pick(g, "m/kv/a", "sys/mounts/n", "sys/policies/acl/p", "sys/plugins/catalog/secret/probe"), RawBody: &body}
	}
	return replay.Step{HTTP: pick(g, "GET", "GET", "LIST", "DELETE") + " " + path}
}
