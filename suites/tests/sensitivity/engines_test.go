// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"slices"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// wrongEngines get database plugins wrong.
func wrongEngines() []wrong {
	return []wrong{
		{
			name: "database plugins are not listed",
			change: misreport(on("LIST", `sys/plugins/catalog/database`), func(status int, content object) int {
				data(content)["keys"] = []any{}
				return status
			}),
			fails: []string{"DBS-001"},
		},
		{
			name:   "a database plugin is mounted itself",
			change: obliging(on("POST|PUT", `sys/mounts/m[^/]*`), "plugin not found in the catalog"),
			fails:  []string{"DBS-002"},
		},
		{
			name: "the password of a connection is shown",
			change: misreport(on("GET", `sql[^/]*/config/main`), func(status int, content object) int {
				if details, ok := data(content)["connection_details"].(object); ok {
					details["password"] = "planted"
				}
				return status
			}),
			fails: []string{"DBS-003"},
		},
		{
			name:   "connections that can't be made are accepted",
			change: obliging(on("POST|PUT", `sql[^/]*/config/main`), "error creating database object"),
			fails:  []string{"DBS-004"},
		},
		{
			name:   "every role is allowed",
			change: mishear(on("POST|PUT", `sql[^/]*/config/main`), func(content object) { content["allowed_roles"] = "*" }),
			fails:  []string{"DBS-005"}, also: []string{"DBS-003"},
		},
		{
			name: "each connection has a process of its own",
			environ: func(env []string) []string {
				return append(slices.Clone(env), "VAULT_PLUGIN_MULTIPLEXING_OPT_OUT=my-users")
			},
			fails: []string{"DBS-010"},
		},
		{
			name: "a reset of a connection does nothing",
			change: instead(on("POST|PUT", `sql[^/]*/reset/main`), func(_ *server, w http.ResponseWriter, _ *http.Request, _ []string) bool {
				w.WriteHeader(http.StatusNoContent)
				return true
			}),
			fails: []string{"DBS-011"},
		},
		{
			name: "a reload of connections does nothing",
			change: instead(on("POST|PUT", `sql[^/]*/reload/.*`), func(_ *server, w http.ResponseWriter, _ *http.Request, _ []string) bool {
				answer(w, http.StatusOK, object{"data": object{"count": 0, "connections": []string{}}})
				return true
			}),
			fails: []string{"DBS-012"},
		},
		{
			name: "a reload of a database plugin finds nothing", dialect: "openbao-2.6",
			data:  func(d *dialect.Dialect) { d.Reloads.KnownOnly = false },
			fails: []string{"DBS-013"},
		},
	}
}
