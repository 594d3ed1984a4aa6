// SPDX-License-Identifier: MPL-2.0

package differential

import "github.com/plugproof/plugproof/suites/replay"

// quotas is a request about rate limits, which are too high to be met, about the rotation of
// the server's key and about audit devices.
func (g generator) quotas() replay.Step {
	switch g.rng.IntN(6) {
	case 0:
		return replay.Step{HTTP: pick(g, "GET ", "LIST ", "DELETE ", "GET ") + "sys/quotas/rate-limit" + pick(g, "", "/", "/q", "/q2", "/q", "/a/b", "/none")}
	case 1:
		return replay.Step{HTTP: pick(g, "POST ", "PUT ", "GET ") + "sys/quotas/config", Body: g.body(map[string]any{
			"rate_limit_exempt_paths": pick[any](g, []string{"sys/health"}, "m/kv/a,m/kv/b", []string{"m/*"}, []any{1}, nil, 5), "enable_rate_limit_audit_logging": pick[any](g, true, "x"),
			"enable_rate_limit_response_headers": pick[any](g, false, "x"),
		})}
	case 2:
		return replay.Step{HTTP: pick(g, "POST ", "PUT ", "GET ", "GET ") + "sys/rotate/" + pick(g, "config", "config", "keyring/config"), Body: g.body(map[string]any{
			"enabled": pick[any](g, true, false, "x"), "max_operations": pick[any](g, 1_000_000, 999_999, 3_865_470_566, 3_865_470_567, "x", "2000000", -1), "interval": pick[any](g, "24h", "23h", 0, "x", "100h", -1, 86400),
		})}
	case 3:
		if g.chance(2) {
			return replay.Step{HTTP: pick(g, "POST ", "PUT ") + "sys/audit-hash/" + pick(g, "f", "f/", "a/b"), Body: g.body(map[string]any{"input": pick[any](g, "x", "", 5)})}
		}
		return replay.Step{HTTP: pick(g, "POST ", "PUT ", "DELETE ", "GET ", "LIST ") + "sys/audit/" + pick(g, "f", "f/", "a/b", ""), Body: g.body(map[string]any{
			"type": pick[any](g, "file", "x", 5), "options": pick[any](g, map[string]any{"file_path": "stdout"}, "x", nil), "local": pick[any](g, true, "x"), "description": "d",
		})}
	}
	return replay.Step{HTTP: pick(g, "POST ", "PUT ", "POST ") + "sys/quotas/rate-limit/" + pick(g, "q", "q", "q2", "a/b", "q.x"), Body: g.need(g.fields(map[string]any{
		"interval": pick[any](g, "1s", "1m", 60, "x", "0"), "block_interval": pick[any](g, "0s", "1m", "-1s", "x"), "role": pick[any](g, "r", "", 5), "type": "rate-limit",
		"inheritable": pick[any](g, true, false, "x"), "path": pick[any](g, "m", "m/", "m/kv/a", "m/kv/*", "/m", "none", "auth/pa", "auth/pa/login", "auth/token", "team", "team/", "team/m", "sys", "", "secret/data/*", 5),
	}), map[string]any{"rate": pick[any](g, 100_000, "200000", 123456.5, 0, -1, "x", nil)})}
}
