// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/environ"
)

const optOut = "VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING="

// registering changes the registered variables before the server gets them.
func registering(change func(env []string) []string) breaker {
	return mishear(on("POST|PUT", catalogEntry), func(content object) {
		if env := texts(content["env"]); env != nil {
			content["env"] = change(env)
		}
	})
}

// each changes every entry by itself.
func each(change func(entry string) string) func([]string) []string {
	return func(env []string) []string {
		for i := range env {
			env[i] = change(env[i])
		}
		return env
	}
}

// wrongEnvironments get wrong what a plugin process sees in its environment.
func wrongEnvironments() []wrong {
	return []wrong{
		{
			name: "the host wins where plugins should", dialect: "vault-1.16",
			data:  func(d *dialect.Dialect) { d.Processes.Environment = environ.HostWins },
			fails: []string{"ENV-021", "ENV-022", "ENV-024", "PRX-010"},
			also:  []string{"ENV-031", "ENV-032", "ENV-033", "ENV-035", "ENV-043"},
		},
		{
			name: "plugins win where the host should", dialect: "vault-1.15",
			data:  func(d *dialect.Dialect) { d.Processes.Environment = environ.PluginWins },
			fails: []string{"ENV-021", "ENV-022", "ENV-024", "ENV-044", "PRX-010"},
			also:  []string{"ENV-032"},
		},
		{
			name: "the opt-out is on whatever its text",
			environ: each(func(entry string) string {
				if strings.HasPrefix(entry, optOut) && entry != optOut {
					return optOut + "true"
				}
				return entry
			}),
			fails: []string{"ENV-031"},
		},
		{
			name:    "the opt-out is unknown",
			environ: func(env []string) []string { return slices.DeleteFunc(env, isOptOut) },
			fails:   []string{"ENV-030", "PRX-012"},
			also:    []string{"ENV-033", "ENV-035"},
		},
		{
			name: "the server's variables don't reach plugins",
			environ: func(env []string) []string {
				return slices.DeleteFunc(env, func(e string) bool { return !isOptOut(e) })
			},
			fails: []string{"ENV-020"},
			also:  []string{"ENV-023", "ENV-030", "ENV-033", "PRX-011", "PRX-012"},
		},
		{
			name: "the first of two entries counts",
			change: registering(func(env []string) []string {
				seen := map[string]bool{}
				return slices.DeleteFunc(env, func(e string) bool {
					name, _, _ := strings.Cut(e, "=")
					double := seen[name]
					seen[name] = true
					return double
				})
			}),
			fails: []string{"ENV-002"},
		},
		{
			name: "a value ends at its first equals sign",
			change: registering(each(func(entry string) string {
				parts := strings.SplitN(entry, "=", 3)
				return strings.Join(parts[:min(2, len(parts))], "=")
			})),
			fails: []string{"ENV-003"},
		},
		{
			name: "an entry without equals sign sets an empty value",
			change: registering(each(func(entry string) string {
				if !strings.Contains(entry, "=") {
					entry += "="
				}
				return entry
			})),
			fails: []string{"ENV-004"},
		},
		{
			name: "names of proxies are made upper case",
			change: registering(each(func(entry string) string {
				name, value, set := strings.Cut(entry, "=")
				if !set || !strings.HasSuffix(name, "_proxy") {
					return entry
				}
				return strings.ToUpper(name) + "=" + value
			})),
			fails: []string{"ENV-005"},
		},
		{
			name:   "a read of the catalog discloses the registered variables",
			change: disclose, fails: []string{"ENV-008"},
		},
		{
			name: "a registration restarts what runs",
			change: instead(on("POST|PUT", catalogEntry), func(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool {
				got := again(s, r, func(*http.Request) {})
				ask(s, "PUT", "sys/plugins/reload/backend", object{"plugin": parts[2]})
				send(w, got)
				return true
			}),
			fails: []string{"ENV-010"},
			also:  []string{"ENV-013"},
		},
	}
}

func isOptOut(entry string) bool { return strings.HasPrefix(entry, optOut) }

// disclose remembers what was registered and shows it to readers.
func disclose(s *server) http.Handler {
	known := &table{}
	entry := on("POST|PUT|GET", catalogEntry)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := entry.match(r)
		if parts == nil {
			s.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet {
			known.put(parts[0], body(r)["env"])
			s.ServeHTTP(w, r)
			return
		}
		misreport(entry, func(status int, content object) int {
			if inner := data(content); inner != nil {
				inner["env"] = known.get(parts[0])
			}
			return status
		})(s).ServeHTTP(w, r)
	})
}
