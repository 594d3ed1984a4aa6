// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// reloaded is the answer to a reload.
func reloaded() object { return object{"reload_id": "0", "data": object{"reload_id": "0"}} }

// wrongMounts get mounts, reloads and processes wrong.
func wrongMounts() []wrong {
	return []wrong{
		{
			name: "a wrong sum is not noticed", change: rightSum,
			fails: []string{"MNT-030"},
		},
		{
			name: "plugin_version is not looked at",
			change: mishear(on("POST|PUT", mountEntry), func(content object) {
				delete(content, "plugin_version")
				if config, ok := content["config"].(object); ok {
					delete(config, "plugin_version")
				}
			}),
			fails: []string{"MNT-010", "MNT-013"},
			also:  []string{"LIF-004", "UPG-001", "UPG-002", "UPG-003", "UPG-032", "DOC-008"},
		},
		{
			name: "an unmounted engine's storage stays", change: keepsStorage,
			fails: []string{"MNT-051"},
			// What is hidden is not unmounted.
			also: []string{"MNT-050", "MNT-052", "LIF-010", "LIF-011", "DOC-004"},
		},
		{
			name:   "unmounting does nothing",
			change: swallow(on("DELETE", `sys/mounts/[^/]+`), 204, nil), fails: []string{"MNT-050", "MNT-051", "MNT-052"},
			also: []string{"DOC-004", "LIF-010", "LIF-011", "MNT-055", "MNT-022"},
		},
		{
			name:   "a path in use is mounted over without a word",
			change: obliging(on("POST|PUT", mountEntry)),
			fails:  []string{"MNT-003", "MNT-004", "MNT-006", "MNT-013", "MNT-020", "MNT-021", "MNT-022", "MNT-030", "MNT-033", "MNT-034"},
			also:   []string{"MNT-031", "MNT-032", "UPG-032", "ENV-012", "LIF-014", "MNT-002", "REG-040", "REG-054", "UPG-031", "REG-051", "REG-052"},
		},
		{
			name:   "the description of a mount is lost",
			change: mishear(on("POST|PUT", mountEntry), func(content object) { delete(content, "description") }),
			fails:  []string{"MNT-005"}, also: []string{"LST-010", "LST-012", "DOC-003", "LST-011", "LST-013"},
		},
		{
			name: "all mounts have one accessor",
			change: misreport(on("GET", `sys/(mounts|auth)/[^/]+`), func(status int, content object) int {
				for _, mount := range []object{content, data(content)} {
					if mount["accessor"] != nil {
						mount["accessor"] = "probe_00000000"
					}
				}
				return status
			}),
			fails: []string{"LST-014"}, also: []string{"LST-010", "LST-012", "MNT-007", "MNT-063", "LIF-040", "LIF-042", "ACC-050"},
		},
		{
			name:   "tuning does nothing",
			change: swallow(on("POST|PUT", `sys/(mounts|auth)/.+/tune`), 204, nil),
			fails:  []string{"MNT-060", "MNT-061", "MNT-062", "MNT-065", "UPG-001"},
			also:   []string{"UPG-002", "UPG-003", "DOC-008", "ACC-017", "ACC-052", "UPG-032", "LIF-012", "ACC-053"},
		},
		{
			name: "a move does nothing",
			change: instead(on("POST|PUT", `sys/remount`), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				content := body(r)
				content["from"], content["to"] = "secret/", "secret-moved/"
				got := again(s, r, func(r *http.Request) { setBody(r, content) })
				ask(s, "POST", "sys/remount", object{"from": "secret-moved/", "to": "secret/"})
				send(w, got)
				return true
			}),
			fails: []string{"MNT-063", "MNT-064"},
		},
		{
			name:   "a reload does nothing",
			change: swallow(on("POST|PUT", `sys/plugins/reload/.*`), 200, reloaded()),
			fails:  []string{"UPG-010", "UPG-011", "ENV-011", "LIF-012"},
			also: []string{
				"DOC-008", "UPG-001", "UPG-002", "UPG-003", "UPG-020", "UPG-021", "UPG-022", "UPG-023", "UPG-024", "UPG-025", "UPG-026", "UPG-033",
				"PRX-002", "ENV-030", "ENV-031",
			},
		},
		{
			name: "a reload of one mount reloads all of its plugin's",
			change: func(s *server) http.Handler {
				return mishear(on("POST|PUT", `sys/plugins/reload/backend`), func(content object) {
					mounts := texts(content["mounts"])
					if len(mounts) != 1 {
						return
					}
					status, found := ask(s, "GET", "sys/mounts/"+strings.Trim(mounts[0], "/"), nil)
					if status == http.StatusOK {
						delete(content, "mounts")
						content["plugin"] = data(found)["type"]
					}
				})(s)
			},
			fails: []string{"UPG-011"},
		},
		{
			name: "a crashed plugin stays down", change: staysDown,
			fails: []string{"LIF-020"}, also: []string{"LIF-021", "LIF-022", "ENV-012"},
		},
		{
			name: "registrations of one binary share a process", change: shares,
			fails: []string{"ENV-007", "LIF-003", "PRX-001"}, also: []string{"DOC-006", "LIF-010", "LST-012", "LIF-013"},
		},
		{
			name:   "a plugin without an existence check is asked nothing",
			change: misread(on("POST|PUT", `[^/]+/(kv|operation).*`), func(r *http.Request) { r.Method = http.MethodPatch }),
			fails:  []string{"ACC-001"},
			also:   []string{"MNT-040", "MNT-051", "MNT-063", "UPG-012", "UPG-001", "ACC-004", "ACC-003", "ACC-010", "LIF-020", "LIF-040", "LIF-042", "MNT-001", "LIF-033", "LIF-034", "ACC-060", "ACC-061", "ACC-062", "ACC-063", "ACC-064", "ACC-016", "LIF-031", "LIF-021", "LIF-022", "ACC-002"},
		},
	}
}

// rightSum registers the file's own sum and shows the one that was given.
func rightSum(s *server) http.Handler {
	given := &table{}
	entry := on("POST|PUT|GET", catalogEntry)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := entry.match(r)
		switch {
		case parts == nil:
			s.ServeHTTP(w, r)
		case r.Method == http.MethodGet:
			misreport(entry, func(status int, content object) int {
				if sum := given.get(parts[0]); sum != nil && data(content) != nil {
					data(content)["sha256"] = sum
				}
				return status
			})(s).ServeHTTP(w, r)
		default:
			content := body(r)
			given.put(parts[0], content["sha256"])
			command, _, _ := strings.Cut(textOf(content["command"]), " ")
			if text, err := os.ReadFile(filepath.Join(s.plugins, filepath.Base(command))); err == nil && len(textOf(content["sha256"])) == 64 {
				content["sha256"] = fmt.Sprintf("%x", sha256.Sum256(text))
				setBody(r, content)
			}
			s.ServeHTTP(w, r)
		}
	})
}

// keepsStorage moves an engine away instead of unmounting it, and back when
// another is mounted at its path.
func keepsStorage(s *server) http.Handler {
	hidden := &table{}
	mount := on("POST|PUT|DELETE", `sys/mounts/([^/]+)`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := mount.match(r)
		if parts == nil {
			misreport(on("GET", `sys/mounts|sys/internal/ui/mounts`), func(status int, content object) int {
				for _, inner := range []object{content, data(content)} {
					for path := range inner {
						if strings.HasPrefix(path, "hidden-") {
							delete(inner, path)
						}
					}
				}
				return status
			})(s).ServeHTTP(w, r)
			return
		}
		path := parts[1]
		switch status, found := ask(s, "GET", "sys/mounts/"+path, nil); {
		case r.Method == http.MethodDelete && status == http.StatusOK && r.Header.Get("X-Vault-Token") == s.RootToken():
			ask(s, "POST", "sys/remount", object{"from": path + "/", "to": "hidden-" + path + "/"})
			hidden.put(path, data(found)["type"])
			answer(w, http.StatusNoContent, nil)
		case r.Method != http.MethodDelete && hidden.get(path) != nil && hidden.get(path) == body(r)["type"]:
			hidden.drop(path)
			ask(s, "POST", "sys/remount", object{"from": "hidden-" + path + "/", "to": path + "/"})
			answer(w, http.StatusNoContent, nil)
		default:
			s.ServeHTTP(w, r)
		}
	})
}

// staysDown answers for a mount whose plugin has died as at that time, until it
// is reloaded.
func staysDown(s *server) http.Handler {
	down := &table{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mount, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
		if mount == "sys" || mount == "auth" {
			if strings.Contains(r.URL.Path, "/plugins/reload/") {
				down.clear()
			}
			s.ServeHTTP(w, r)
			return
		}
		if down.get(mount) != nil {
			answer(w, http.StatusInternalServerError, object{"errors": []string{"plugin is down"}})
			return
		}
		got := again(s, r, func(*http.Request) {})
		if got.Code == http.StatusInternalServerError && strings.HasSuffix(r.URL.Path, "/crash") {
			down.put(mount, true)
		}
		send(w, got)
	})
}

// shares mounts in place of a plugin the one that was registered first with the
// same command.
func shares(s *server) http.Handler {
	first := &table{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if parts := on("POST|PUT", catalogEntry).match(r); parts != nil {
			command := parts[1] + "/" + textOf(body(r)["command"])
			first.put("of "+parts[1]+"/"+parts[2], command)
			if known := first.get(command); known == nil {
				first.put(command, parts[2])
			}
		}
		if parts := on("POST|PUT", mountEntry).match(r); parts != nil {
			kind := map[string]string{"mounts": "secret", "auth": "auth"}[parts[1]]
			content := body(r)
			command := first.get("of " + kind + "/" + textOf(content["type"]))
			if name := first.get(textOf(command)); name != nil {
				content["type"] = name
				setBody(r, content)
			}
		}
		s.ServeHTTP(w, r)
	})
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}
