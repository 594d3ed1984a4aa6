// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"github.com/plugproof/plugproof/suites/replay"
)

func (g generator) data() replay.Step {
	mount := pick(g, "m", "m", "m", "m", "n", "secret", "cubbyhole", "auth/pa", "none", "kv", "identity")
	path := mount + "/" + pick(g, "kv/a", "kv/a", "kv/a/b", "kv", "kv/", "kv/a/", "env/NONE", "fail", "warn", "raw", "public", "rooted", "operation", "headers", "nonsense", "data/a", "metadata/a", "metadata", "delete/a", "undelete/a", "destroy/a", "config", "subkeys/a", "a", "login", "revoked", "")
	body := g.body(map[string]any{"value": "v", "data": map[string]any{"a": "b"}, "user": "u", "options": map[string]any{"cas": pick(g, 0, 1)}, "versions": []int{1}, "max_versions": 2, "custom_metadata": map[string]any{"a": "b"}, "text": "t"})
	switch method := pick(g, "GET", "POST", "PUT", "DELETE", "LIST", "GET", "POST", "PATCH", "SCAN"); method {
	case "POST", "PUT":
		return replay.Step{HTTP: method + " " + path, Body: body}
	case "PATCH":
		return replay.Step{HTTP: method + " " + path, Body: body, Headers: map[string]string{"Content-Type": pick(g, "application/merge-patch+json", "application/merge-patch+json", "application/json")}}
	default:
		return replay.Step{HTTP: method + " " + path + pick(g, "", "", "", "?version=1", "?after=a&limit=1", "?depth=1")}
	}
}

func (g generator) login() replay.Step {
	return replay.Step{
		HTTP:  pick(g, "POST", "POST", "PUT") + " " + pick(g, "auth/pa/login", "auth/pa/login", "auth/n/login", "m/login"),
		Body:  g.body(map[string]any{"user": "u", "policies": pick[any](g, "p", []string{"p", "q"}, "root"), "ttl": pick[any](g, 600, "1h", "1000h")}),
		Token: pick(g, "none", "none", "", "bad"), Save: map[string]string{loginName: "auth.client_token", accessorName: "auth.accessor"},
	}
}

func (g generator) system() replay.Step {
	path := pick(g, "sys/health", "sys/leader", "sys/seal-status", "sys/init", "sys/internal/ui/mounts", "sys/internal/ui/mounts/m", "sys/internal/ui/mounts/none", "sys/internal/ui/mounts/m/kv/a", "sys/internal/ui/mounts/auth/pa", "sys/internal/ui/mounts/auth/token",
		"sys/internal/ui/resultant-acl", "sys/internal/ui/feature-flags", "sys/internal/ui/version",
		"sys/namespaces", "sys/internal/ui/namespaces", "sys/experiments", "sys/replication/status", "sys/config/cors", "sys/host-info", "sys/tools/hash", "sys/tools/random", "sys/capabilities",
		"sys/plugins/catalog", "sys/plugins/runtimes/catalog", "sys/plugins/pins", "sys/plugins/pins/secret/probe", "sys/key-status", "sys/ha-status", "sys/version-history", "sys/config/state/sanitized", "sys/loggers", "sys/audit", "sys/internal/counters/tokens", "sys/rotate/config", "sys/quotas/config",
		"sys/plugins", "sys/plugins/reload", "sys/leases", "sys/policies", "sys/wrapping", "sys/internal", "sys/license", "sys/license/status", "sys/storage/raft/configuration", "sys/control-group", "sys/mfa", "sys/raw/core", "sys/metrics", "sys/nonsense", "sys/generate-root/attempt", "sys/rekey/init", "sys/managed-keys/pkcs11", "sys/activation-flags", "sys/config/ui/headers", "sys/config/auditing/request-headers", "sys/seal", "sys/unseal", "sys/step-down")
	return replay.Step{HTTP: pick(g, "GET", "GET", "GET", "GET", "LIST", "OPTIONS", "HEAD", "DELETE") + " " + path}
}

// odd is a path or a body that is none.
func (g generator) odd() replay.Step {
	path := pick(g, "/v1//sys/mounts", "/v1/sys/./mounts", "/v1/sys/../sys/mounts", "//v1/sys/mounts", "/v1/m//kv/a", "/v1/", "/v1", "/", "/v1/sys", "/v1/m", "/v1/m/", "/v1/auth", "/v1/auth/", "/v1/%2e%2e/x", "/v1/m/kv/%00", "/v1/m/kv/ä", "/v1/sys/mounts/m%2Fx", "/v2/sys/mounts",
		"/v1/m/kv/a%20b", "/v1/m/kv/a+b", "/v1/m/kv/%25", "/v1/m/kv/a%0Ab", "/v1/m/kv/a?b", "/v1/m/kv/a%3Fb", "/v1/m/kv/../kv/a", "/v1/m/kv/..%2fx", "/ui/", "/ui", "/favicon.ico", "/v1/sys/", "/v1/sys/mounts/", "/v1/m/kv/a//", "/v1/sys//", "/V1/sys/mounts", "/v1/SYS/mounts", "/v1/m/kv/*", "/v1/m/kv/a;b", "/v1/m/kv/\\")
	if g.chance(2) {
		body := pick(g, "{", "[]", `"x"`, "null", `{"a": 1} x`, "a=b", "", `{"a": `, "tru", "{}{}", `{"a": 1, "a": 2}`, `{"value": "\ud800"}`, `{"value": 1e400}`, `{"value": 123456789012345678901234567890}`, "\xef\xbb\xbf{}", `{"value": "a`+"\n"+`b"}`, "[1", " ", `{"": 1}`, `{"VALUE": "x"}`, `{'a': 1}`, "\xff\xfe", `{"a":{"b":{"c":{"d":{}}}}}`)
		return replay.Step{HTTP: pick(g, "POST", "PUT", "POST", "PATCH", "GET", "DELETE") + " " + pick(g, "m/kv/a", "sys/mounts/n", "sys/policies/acl/p", "sys/plugins/catalog/secret/probe", "sys/mounts/m/tune", "auth/token/create", "sys/wrapping/wrap", "sys/capabilities-self", "m/none", "auth/pa/login", "sys/health"), RawBody: &body}
	}
	return replay.Step{HTTP: pick(g, "GET", "GET", "LIST", "DELETE", "POST") + " " + path}
}

// query is a request with a query string, which servers read for some methods only.
func (g generator) query() replay.Step {
	path := pick(g, "m/kv", "m/kv/", "sys/mounts", "sys/policies/acl", "sys/plugins/catalog/secret", "m/kv/a", "auth/token/roles", "sys/leases/lookup/m", "secret/metadata", "sys/auth", "auth/token/accessors", "m", "sys/plugins/catalog")
	return replay.Step{HTTP: pick(g, "GET", "GET", "GET", "LIST", "DELETE", "POST", "SCAN") + " " + path + "?" + pick(g, "list=true", "list=1", "list=x", "list", "list=false", "scan=true", "help=1", "help=0", "help", "limit=1", "limit=-1", "limit=x", "after=a", "list=true&limit=2", "list=true&scan=true", "a=b", "=", "&&", "%", "version=x", "value=1&value=2", "list=true&after=m/", ";")}
}
