// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
)

// wrongAccess get wrong who may do what, and what callers of plugins see.
func wrongAccess() []wrong {
	below := `[^/]+/.+`
	return []wrong{
		{
			name:   "a root path of a plugin asks for no sudo",
			change: instead(on("GET|POST|PUT", `[^/]+/rooted`), withoutSudo), fails: []string{"ACC-042"},
		},
		{
			name: "an unauthenticated path asks for a token",
			change: instead(on("GET|POST|PUT", `[^/]+/public`), func(_ *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				if r.Header.Get("X-Vault-Token") != "" {
					return false
				}
				answer(w, http.StatusForbidden, object{"errors": []string{"permission denied"}})
				return true
			}),
			fails: []string{"ACC-040"},
		},
		{
			name: "every path of a plugin is open",
			change: instead(on("GET|POST|PUT|DELETE|PATCH|LIST", `(?:[^/]+)/(?:kv|env|process|environ|operation).*`), func(s *server, _ http.ResponseWriter, r *http.Request, _ []string) bool {
				if r.Header.Get("X-Vault-Token") == "" && r.Header.Get("Authorization") == "" {
					r.Header.Set("X-Vault-Token", s.RootToken())
				}
				return false
			}),
			fails: []string{"ACC-041"},
		},
		{
			name: "health asks for a token",
			change: instead(on("GET", `sys/(health|seal-status|leader)`), func(_ *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				if r.Header.Get("X-Vault-Token") != "" {
					return false
				}
				answer(w, http.StatusForbidden, object{"errors": []string{"permission denied"}})
				return true
			}),
			fails: []string{"ACC-071"},
		},
		{
			name: "a write without an answer is a 200",
			change: instead(on("POST|PUT", `[^/]+/kv/.*`), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				got := again(s, r, func(*http.Request) {})
				if got.Code == http.StatusNoContent {
					answer(w, http.StatusOK, object{"data": nil})
					return true
				}
				send(w, got)
				return true
			}),
			fails: []string{"ACC-010"}, also: []string{"ACC-060"},
		},
		{
			name: "every error of a plugin is a 500",
			change: misreport(on("GET|POST|PUT|DELETE|PATCH", `[^/]+/fail`), func(status int, _ object) int {
				if status >= 400 {
					return http.StatusInternalServerError
				}
				return status
			}),
			fails: []string{"ACC-011"},
		},
		{
			name: "warnings are dropped",
			change: misreport(on("GET", `[^/]+/warn`), func(status int, content object) int {
				content["warnings"] = nil
				return status
			}),
			fails: []string{"ACC-014"},
		},
		{
			name:   "PATCH is a write",
			change: misread(on("PATCH", below), func(r *http.Request) { r.Method = http.MethodPost }),
			fails:  []string{"ACC-002"},
		},
		{
			name:   "DELETE deletes nothing",
			change: ignore(on("DELETE", `[^/]+/kv/.*`)), fails: []string{"ACC-004"},
		},
		{
			name:   "answers are not wrapped",
			change: misread(on("GET|POST|PUT", below), func(r *http.Request) { r.Header.Del("X-Vault-Wrap-TTL") }),
			fails:  []string{"ACC-030"},
		},
		{
			name:   "revoked tokens live on",
			change: swallow(on("POST|PUT", `auth/token/revoke.*`), 204, nil), fails: []string{"ACC-051", "ACC-022"},
		},
		{
			name:   "a revoked lease is forgotten only",
			change: swallow(on("POST|PUT", `sys/leases/revoke.*|sys/revoke.*`), 204, nil), fails: []string{"ACC-021"},
		},
		{
			name: "a login's policies are dropped",
			change: misreport(on("POST|PUT", `auth/[^/]+/login`), func(status int, content object) int {
				if auth, ok := content["auth"].(object); ok {
					auth["policies"], auth["token_policies"] = []string{"default"}, []string{"default"}
				}
				return status
			}),
			fails: []string{"ACC-050"},
		},
		{
			name: "a login lives as long as it asks to",
			change: misreport(on("POST|PUT", `auth/[^/]+/login`), func(status int, content object) int {
				if auth, ok := content["auth"].(object); ok {
					auth["lease_duration"] = 31536000
				}
				return status
			}),
			fails: []string{"ACC-052", "ACC-053"}, also: []string{"ACC-050", "MNT-065"},
		},
		{
			name: "every token is root's for plugins",
			change: instead(on("GET|POST|PUT|DELETE|PATCH|LIST", `[^/]+/(?:kv|env|process|environ|operation).*`), func(s *server, _ http.ResponseWriter, r *http.Request, _ []string) bool {
				if r.Header.Get("X-Vault-Token") != "" {
					r.Header.Set("X-Vault-Token", s.RootToken())
				}
				return false
			}),
			fails: []string{"ACC-060", "ACC-061", "ACC-062"}, also: []string{"ACC-041", "ACC-063", "ACC-064", "IDN-001", "IDN-002", "IDN-003", "IDN-010"},
		},
		{
			name:   "a bad policy is taken",
			change: obliging(on("POST|PUT", `sys/polic.*`), ""), fails: []string{"ACC-065"},
		},
	}
}
