// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"github.com/plugproof/plugproof/suites/replay"
)

// administration is a request about the running of the server. What the mock does not
// emulate is compared where a token, a method or a field is refused.
func (g generator) administration() replay.Step {
	path := "sys/" + pick(g, "rotate", "rotate/config", "rotate/keyring", "rotate/root", "key-status", "unseal", "seal-status", "seal-backend-status", "storage/raft/configuration", "storage/raft/join", "storage/raft/snapshot", "storage/raft/autopilot/state", "storage", "raw", "raw/",
		"locked-users", "locked-users/x/unlock/y", "locked-users/", "config/cors", "config/ui/headers", "config/ui/headers/X-A", "config/ui/headers/", "config/auditing/request-headers", "config/auditing/request-headers/x", "config/state/sanitized", "config/state", "config/reload/x", "config/reload/license", "config/group-policy-application", "config/control-group", "config", "config/nonsense",
		"audit", "audit/", "audit/f", "audit-hash/f", "quotas/config", "quotas/rate-limit", "quotas/rate-limit/q", "quotas/lease-count", "quotas", "ha-status", "host-info", "in-flight-req", "pprof/", "pprof/heap", "metrics", "loggers", "loggers/core", "decode-token", "generate-root/attempt", "rekey/init", "rekey/backup", "rekey/verify",
		"internal/counters/requests", "internal/counters/tokens", "internal/counters/entities", "internal/counters/activity", "internal/counters/config", "internal/counters", "internal/inspect/router/root", "internal/inspect/request", "mfa/method", "mfa/validate", "managed-keys", "license", "well-known", "sync/config", "experiments", "activation-flags", "events/subscribe/x",
		"policies/egp", "policies/rgp/x", "sealwrap/rewrap", "replication/dr/status", "replication/primary/enable", "replication/recover", "control-group/authorize", "version-history", "init", "health", "leader", "workflows/manage", "workflows/execute", "profiles", "generate-root-token/x", "remount", "renew", "revoke", "revoke-prefix/m", "revoke-force/m", "capabilities-accessor", "wrapping/pubkey", "plugins/reload", "plugins/catalog", "billing/overview", "reporting/scan")
	return replay.Step{HTTP: pick(g, "GET ", "GET ", "POST ", "LIST ", "DELETE ", "PUT ", "PATCH ") + path, Token: pick(g, "", "", "none", "$"+tokenName, "bad"), Body: nil}
}

// protocol is a request with headers, methods and forms that clients may send.
func (g generator) protocol() replay.Step {
	s := replay.Step{
		HTTP:  pick(g, "GET ", "HEAD ", "OPTIONS ", "LIST ", "SCAN ", "PATCH ", "POST ", "PUT ", "DELETE ", "TRACE ", "Get ", "list ", "PROPFIND ", "X-Y ") + pick(g, "m/kv/a", "m/kv", "m/kv/", "sys/mounts", "sys/health", "sys/seal-status", "sys/init", "sys/leader", "auth/token/lookup-self", "m/operation", "m/headers", "m/public", "m/none", "none/a", "sys/policies/acl", "sys/policies/acl/p", "sys/plugins/catalog", "sys/plugins/catalog/secret/probe", "sys/internal/ui/mounts", "sys/wrapping/lookup", "auth/pa/login", "sys/capabilities-self", "cubbyhole/a", "auth/token/create", "sys", "auth", "", "sys/plugins/reload/backend", "sys/raw"),
		Token: pick(g, "", "", "", "none", "$"+tokenName),
	}
	s.HTTP += pick(g, "", "", "", "?list=true", "?help=1", "?scan=true", "?list=", "?list=false&scan=true", "?help=true", "?version=1", "?x=y&x=z", "?list=true&list=false", "?LIST=true")
	switch g.rng.IntN(4) {
	case 0:
		s.Body = g.body(map[string]any{"value": "v", "list": true, "path": "m/kv/a"})
	case 1:
		body := pick(g, "", "{}", "null", "[]", "{", "value=v", `{"value": "v"}`, "\n", `"v"`, "1", "true", `{"value": "v"} `, "{}x")
		s.RawBody = &body
	}
	for range g.rng.IntN(3) {
		s = withHeader(s, pick(g, "X-Vault-Request", "X-Vault-Namespace", "X-Vault-Wrap-TTL", "X-Vault-Wrap-Format", "X-Vault-Token", "Authorization", "Content-Type", "Accept", "X-Vault-MFA", "X-Vault-Index", "X-Vault-Inconsistent", "X-Vault-Forward", "X-Vault-No-Request-Forwarding", "X-Vault-Policy-Override", "X-Forwarded-For", "Origin", "X-Vault-AWS-IAM-Server-ID", "X-Request-Id", "Content-Encoding"),
			pick(g, "true", "false", "", "root", "60", "x", "jwt", "Bearer root", "application/json", "application/merge-patch+json", "team", "/", "1.2.3.4", "active-node", "a:b:c", "gzip"))
	}
	return s
}

// encoded is a path with letters that are written in another way.
func (g generator) encoded() replay.Step {
	path := pick(g, "m/kv/%61", "m/k%76/a", "%6d/kv/a", "sys/%6dounts", "m%2Fkv/a", "m/kv%2Fa", "m/kv/a%2F", "m/kv/%2Fa", "m/kv/a%2Fb", "m/kv/%C3%A4", "m/kv/%E2%82%AC", "m/kv/%FF", "m/kv/a%00", "m/kv/a%09", "m/kv/a%0D", "m/kv/%20a", "m/kv/a%20", "m/kv/a.", "m/kv/.a", "m/kv/a..b", "m/kv/...", "m/kv/~a", "m/kv/a:b", "m/kv/a@b", "m/kv/a=b", "m/kv/a&b", "m/kv/a,b", "m/kv/a'b", "m/kv/(a)", "m/kv/[a]", "m/kv/{a}", "m/kv/a|b", "m/kv/a%22b", "m/kv/a%3Cb%3E", "m/kv/a%23b", "m/kv/%2B", "m/kv/a%2Ab",
		"sys/mounts/m%2Ftune", "sys/mounts/%6d", "sys/mounts/m%20", "sys/mounts/%C3%A4", "sys/policies/acl/%70", "sys/policies/acl/p%2F", "sys/policies/acl/P", "sys/plugins/catalog/secret/%70robe", "sys/plugins/catalog/secret%2Fprobe", "sys/plugins/catalog/secret/probe%2F", "sys/plugins/catalog/secret/probe/", "sys/mounts/m/", "sys/mounts/m//tune", "sys/auth/pa/", "sys/internal/ui/mounts/m%2Fkv", "auth/token/lookup-self/", "auth/token/roles/r/", "auth/token/roles/%72", "cubbyhole/a%2Fb", "sys/leases/lookup/m%2F", "sys/capabilities-self/", "sys/health/", "sys/seal-status/", "sys/leader/", "sys/init/", "m/.", "m/..", "m/kv/.", "m/kv/..", "m/kv/./a", "./m/kv/a", "m/kv/a/.")
	s := replay.Step{HTTP: pick(g, "GET ", "GET ", "POST ", "LIST ", "DELETE ", "SCAN ") + path, Token: pick(g, "", "", "", "$"+tokenName, "none")}
	if s.HTTP[:4] == "POST" {
		s.Body = raw(map[string]any{"value": "v"})
	}
	return s
}

// internals are the paths of interfaces and of documents.
func (g generator) internals() replay.Step {
	s := replay.Step{HTTP: pick(g, "GET ", "GET ", "LIST ", "POST ") + "sys/internal/" + pick(g, "ui/mounts/m", "ui/mounts/w", "ui/mounts/w/x", "ui/mounts/w%20x", "ui/mounts/auth/w", "ui/mounts/auth/pa/", "ui/mounts/", "ui/mounts/sys/mounts", "ui/mounts/auth/token/create", "ui/mounts/cubbyhole/a", "ui/mounts/identity/entity", "ui/mounts/ä", "ui/mounts/m//x", "ui/mounts/secret/data/a", "ui/feature-flags", "ui/namespaces", "ui/custom-messages", "ui/authenticated-messages", "ui/unauthenticated-messages", "ui/default-auth-methods", "ui/version", "ui", "specs", "specs/none", ""),
		Token: pick(g, "", "", "none", "$"+tokenName, "$"+tokenName, "$"+childName, "bad")}
	return s
}

// reloads is a reload by name and type, or by mounts.
func (g generator) reloads() replay.Step {
	if g.chance(2) {
		return replay.Step{HTTP: pick(g, "POST ", "PUT ", "GET ") + "sys/plugins/reload/" + pick(g, "secret/probe", "auth/pauth", "auth/probe", "secret/pauth", "database/memdb", "secret/kv", "auth/token", "secret/system", "unknown/probe", "secret/", "secret", "x/probe", "secret/cubbyhole", "secret/a/b", "Secret/probe", "backend", "backend/status", "backend/status?reload_id=x", "backend/x"),
			Body: g.body(map[string]any{"scope": pick[any](g, "global", "", "x", "Global", nil), "plugin": "probe", "mounts": []string{"m"}})}
	}
	return replay.Step{HTTP: pick(g, "POST ", "PUT ", "PATCH ") + "sys/plugins/reload/backend", Body: g.body(map[string]any{
		"plugin": pick[any](g, "probe", "probe", "pauth", "", "Probe", "memdb", "kv", "token", "system", "cubbyhole", "identity", "ns_system", "approle", "x", nil, 1), "mounts": pick[any](g, []string{"m", "m/"}, "m", []string{"auth/pa", "m"}, []string{"pa"}, []string{""}, []string{"/m"}, []string{"m/kv"}, []string{"token"}, []string{"auth/token/"}, []string{"identity/"}, nil, "m, w", []any{1}, []string{"w/x/"}),
		"scope": pick[any](g, "global", "", "x", nil), "type": "secret",
	})}
}
