// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"net/url"

	"github.com/plugproof/plugproof/suites/replay"
)

// keyName is the key that a namespace was locked with.
const keyName = "uk"

// cubbyhole is a request to a token's own storage.
func (g generator) cubbyhole() replay.Step {
	path := "cubbyhole/" + pick(g, "a", "a", "b/c", "b", "b/", "", "response", "ä", "a/", "../a", "%2e%2e")
	s := replay.Step{Token: pick(g, "", "", "$"+tokenName, "$"+childName, "$"+loginName, "$"+wrapName)}
	switch g.rng.IntN(6) {
	case 0, 1:
		s.HTTP = "GET " + path
	case 2:
		s.HTTP = pick(g, "LIST ", "LIST ", "SCAN ", "GET ") + path + pick(g, "", "?list=true", "?after=a&limit=1", "?limit=1", "?limit=x")
	case 3:
		s.HTTP = pick(g, "DELETE ", "DELETE ", "PATCH ", "HEAD ") + path
	default:
		s.HTTP, s.Body = pick(g, "POST ", "PUT ")+path, g.body(map[string]any{"value": g.odds(), "ttl": pick[any](g, "1h", "x"), "deep": map[string]any{"a": []any{1, nil}}})
	}
	return s
}

// pages asks for part of a list.
func (g generator) pages() replay.Step {
	path := pick(g, "sys/policies/acl", "sys/policy", "sys/policies/password", "sys/plugins/catalog/secret", "sys/plugins/catalog/auth", "sys/plugins/catalog/database", "auth/token/roles", "auth/token/accessors", "sys/leases/lookup/m/lease", "sys/leases/lookup",
		"sys/namespaces", "sys/mounts", "sys/auth", "cubbyhole", "m/kv", "identity/group/name", "identity/entity/name", "sys/policies/detailed/acl", "sys/plugins/runtimes/catalog", "k1", "secret/metadata")
	query, parameters := url.Values{}, map[string][]string{
		"after": {"a", "kv", "p", "zzz", "", "ä", "default", "P", "m/"}, "limit": {"1", "2", "0", "-1", "x", "1.5", "1000000", "true", ""}, "list": {"true", "1", "x", "false"}, "scan": {"true"},
	}
	for _, name := range sortedKeys(parameters) {
		if g.chance(2) {
			query.Set(name, pick(g, parameters[name]...))
		}
	}
	s := replay.Step{HTTP: pick(g, "LIST ", "LIST ", "LIST ", "SCAN ", "GET ") + path + pick(g, "", "", "/") + "?" + query.Encode()}
	if path == "auth/token/accessors" {
		s.Keep = []string{"errors", "warnings"}
	}
	return s
}

// ui is a request of those that user interfaces send.
func (g generator) ui() replay.Step {
	path := "sys/internal/ui/" + pick(g, "mounts", "mounts", "mounts/", "mounts/m", "mounts/m/", "mounts/m/kv/a", "mounts/auth/pa", "mounts/auth/pa/login", "mounts/none", "mounts/secret", "mounts/sys", "mounts/cubbyhole", "mounts/identity", "mounts/auth/token", "mounts/auth", "mounts/n",
		"namespaces", "namespaces/", "feature-flags", "nonsense", "version", "")
	return replay.Step{HTTP: pick(g, "GET ", "GET ", "GET ", "GET ", "LIST ", "POST ", "HEAD ") + path, Token: pick(g, "", "", "none", "$"+tokenName, "$"+childName, "$"+wrapName, "bad")}
}

// server is a request about the server itself.
func (g generator) server() replay.Step {
	return replay.Step{HTTP: pick(g, "GET ", "GET ", "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "LIST ") + pick(g,
		"sys/health", "sys/health?standbyok=true", "sys/health?activecode=299", "sys/health?activecode=x", "sys/health?sealedcode=200&uninitcode=x", "sys/health?activecode=199x", "sys/health?perfstandbyok=x&drsecondarycode=1", "sys/leader", "sys/seal-status", "sys/init", "sys/version-history", "sys/version-history?list=true",
		"sys/tools/hash", "sys/tools/hash/sha2-256", "sys/tools/random", "sys/tools/random/8", "sys/tools/random/platform/8", "sys/host-info", "sys/config/cors", "sys/experiments", "sys/replication/status", "sys/license/status", "sys/storage/raft/configuration",
		"sys/internal/specs/nonsense", "sys/wrapping/pubkey", "sys/remount", "sys/remount/status/", "sys/plugins/reload/backend", "sys/auth/pa/tune", "sys/capabilities-self", "sys/policies/acl/p", "sys/leases/lookup/m", "sys/rekey/init", "sys/rekey/update", "sys/rekey/nonsense", "sys/generate-root", "sys/generate-root/attempt", "sys/rekey-recovery-key/init", "sys/pprof", "sys/in-flight-req", "sys/monitor?log_level=x")}
}

// tools is a request to sys/tools/. What it makes up is not compared.
func (g generator) tools() replay.Step {
	path := "sys/tools/" + pick(g, "hash", "hash/sha2-256", "hash/none", "hash/sha3-512", "random", "random/8", "random/0", "random/x", "random/-1", "random/all/4", "random/seal", "random/platform", "random/nonsense", "nonsense")
	s := replay.Step{HTTP: pick(g, "POST ", "PUT ", "GET ") + path, Body: g.body(map[string]any{
		"input": pick[any](g, "YQ==", "a", "", 1), "algorithm": pick(g, "sha2-512", "none", "sha2-224"), "format": pick(g, "hex", "base64", "x"), "bytes": pick[any](g, 4, 0, -1, "x", 200000), "urlbytes": "4", "source": pick(g, "platform", "all", "seal", "x"),
	})}
	if path != "sys/tools/hash" && path != "sys/tools/hash/sha2-256" {
		s.Keep = []string{"errors", "warnings"}
	}
	return s
}

// locks locks and unlocks namespaces with the key that a lock answered.
func (g generator) locks() replay.Step {
	switch g.rng.IntN(4) {
	case 0:
		s := replay.Step{HTTP: "POST sys/namespaces/api-lock/lock" + pick(g, "/team/sub", "/other", "/team/sub", "/none"), Body: raw(map[string]any{}), Save: map[string]string{keyName: "data.unlock_key"}}
		return s
	case 1:
		return replay.Step{HTTP: pick(g, "GET ", "POST ", "LIST ", "DELETE ") + pick(g, "team/sub/sys/mounts", "team/sub/sys/health", "team/sub/none/a", "sys/namespaces/team", "team/sys/namespaces/sub", "team/sub/auth/token/lookup-self", "team/sub/sys/namespaces")}
	}
	return replay.Step{HTTP: "POST sys/namespaces/api-lock/unlock" + pick(g, "/team/sub", "/other", "/team/sub", ""), Body: g.body(map[string]any{"unlock_key": pick(g, "$"+keyName, "$"+keyName, "wrong", "")})}
}

// forms sends a body in forms other than JSON.
func (g generator) forms() replay.Step {
	body := pick(g, "value=v", "value=v&value=w", "path=m/kv/a&paths=x", "token=none", "a=%zz", "{\"value\": \"v\"}\n", "--x\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\nv\r\n--x--\r\n", "value: v", "<a/>", "[{}]", "{\"value\": NaN}", "{\"value\": .5}", "{\"value\": 01}",
		"{\"value\": \"v\",}", "// x\n{}", "{\"value\": {\"a\": {\"a\": {\"a\": [[[[[1]]]]]}}}}", "{\"value\": -0}", "{\"value\": 1E3}", "{\"value\": \"\\u0000\"}", "{\"value\": \"\\x\"}", "{\"\\u0061\": 1, \"a\": 2}")
	s := replay.Step{HTTP: pick(g, "POST ", "PUT ", "POST ", "PATCH ", "LIST ") + pick(g, "m/kv/a", "m/kv/a", "sys/capabilities-self", "sys/policies/acl/z", "cubbyhole/a", "auth/pa/login", "sys/mounts/m/tune", "auth/token/lookup", "sys/wrapping/wrap", "sys/plugins/reload/backend", "secret/data/a", "m/none"), RawBody: &body}
	if g.chance(6) {
		return s
	}
	return withHeader(s, "Content-Type", pick(g, "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "multipart/form-data; boundary=x", "multipart/form-data", "application/json; charset=latin-1", "text/xml", "application/merge-patch+json", "application/scim+json", ";", "APPLICATION/JSON"))
}
