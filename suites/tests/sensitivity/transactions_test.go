// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"strings"
)

// wrongTransactions get the transactions of plugins' storage wrong.
func wrongTransactions() []wrong {
	const like = "openbao-2.6"
	return []wrong{
		{
			name: "deletions in a transaction are forgotten", dialect: like,
			change: ignore(on("DELETE", `t[^/]*/tx/a/kv/.*`)),
			fails:  []string{"TXN-001"},
		},
		{
			name: "a transaction that is rolled back is committed", dialect: like,
			change: misread(on("POST|PUT", `t[^/]*/tx/a/rollback`), func(r *http.Request) {
				r.URL.Path = strings.TrimSuffix(r.URL.Path, "rollback") + "commit"
			}),
			fails: []string{"TXN-002"},
		},
		{
			name: "a transaction does not list what it wrote", dialect: like,
			change: misread(on("LIST", `t[^/]*/tx/a/kv`), outside),
			fails:  []string{"TXN-003"},
		},
		{
			name: "transactions that were overtaken are said to be committed", dialect: like,
			change: obliging(on("POST|PUT", `t[^/]*/tx/[ab]/commit`), "transaction commit failed"),
			fails:  []string{"TXN-004", "TXN-005"},
		},
		{
			name: "transactions that only read can write", dialect: like,
			change: mishear(on("POST|PUT", `t[^/]*/tx/a`), func(content object) { delete(content, "read_only") }),
			fails:  []string{"TXN-006"},
		},
		{
			name: "what a plugin left open is committed", dialect: like,
			change: instead(on("POST|PUT", `(t[^/]*)/crash`), func(s *server, _ http.ResponseWriter, _ *http.Request, parts []string) bool {
				ask(s, http.MethodPost, parts[1]+"/tx/a/commit", nil)
				return false
			}),
			fails: []string{"TXN-007"},
		},
		{
			name: "pages have no end", dialect: like,
			change: misread(on("LIST", `t[^/]*/kv`), func(r *http.Request) {
				query := r.URL.Query()
				query.Del("limit")
				r.URL.RawQuery = query.Encode()
			}),
			fails: []string{"TXN-010"},
		},
	}
}

// outside lets a request be one to the storage itself.
func outside(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/tx/a/", "/", 1) }
