// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
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
			also:  []string{"LIF-004", "UPG-001", "UPG-032"},
		},
		{
			name: "the OpenAPI document has the server's own paths only",
			change: misreport(on("GET", "sys/internal/specs/openapi"), func(status int, content object) int {
				paths, _ := content["paths"].(object)
				maps.DeleteFunc(paths, func(path string, _ any) bool { return !strings.HasPrefix(path, "/sys/") })
				return status
			}),
			fails: []string{"MNT-070"},
		},
		{
			name: "an unmounted engine's storage stays", change: keepsStorage,
			fails: []string{"MNT-051"},
		},
		{
			name:   "a path in use is mounted over without a word",
			change: obliging(on("POST|PUT", mountEntry+"(/.*)?"), "path is already in use"),
			fails:  []string{"MNT-020"}, also: []string{"MNT-022"},
		},
		{
			name:   "the description of a mount is lost",
			change: mishear(on("POST|PUT", mountEntry), func(content object) { delete(content, "description") }),
			fails:  []string{"MNT-005"}, also: []string{"LST-010", "LST-016", "DOC-003"},
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
			fails: []string{"LST-014"},
		},
		{
			name:   "a tuned description is lost",
			change: mishear(on("POST|PUT", `sys/(mounts|auth)/.+/tune`), func(content object) { delete(content, "description") }),
			fails:  []string{"MNT-060"},
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
			name: "a reload does nothing",
			change: instead(on("POST|PUT", `sys/plugins/reload/.*`), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				if r.Header.Get("X-Vault-Token") != s.RootToken() {
					return false
				}
				answer(w, http.StatusOK, reloaded())
				return true
			}),
			fails: []string{"UPG-010", "UPG-011", "ENV-011", "LIF-012"},
			also: []string{
				"DOC-008", "UPG-001", "UPG-002", "UPG-003", "UPG-020", "UPG-021", "UPG-023", "UPG-024", "UPG-025", "UPG-033", "PRX-002",
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
			fails: []string{"LIF-020"}, also: []string{"ENV-012", "LIF-022"},
		},
		{
			name: "registrations of one binary share a process", change: shares,
			fails: []string{"ENV-007", "LIF-003", "PRX-001"}, also: []string{"UPG-010"},
		},
		{
			name:   "the existence check is not asked",
			change: misread(on("POST|PUT", `[^/]+/operation`), func(r *http.Request) { r.Method = http.MethodPatch }),
			fails:  []string{"ACC-001"},
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

// keepsStorage puts what the plugin of an unmounted path had stored into the
// next mount of the same plugin at that path.
func keepsStorage(s *server) http.Handler {
	kept := &table{}
	return instead(on("POST|PUT|DELETE", `sys/mounts/([^/]+)`), func(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool {
		path := parts[1]
		if r.Method == http.MethodDelete {
			if _, mount := ask(s, "GET", "sys/mounts/"+path, nil); data(mount)["type"] != nil {
				kept.put(path+" "+textOf(data(mount)["type"]), stored(s, path))
			}
			return false
		}
		values, _ := kept.get(path + " " + textOf(body(r)["type"])).(map[string]object)
		got := again(s, r, func(*http.Request) {})
		if got.Code < 300 {
			for key, value := range values {
				ask(s, "POST", path+"/kv/"+key, value)
			}
		}
		send(w, got)
		return true
	})(s)
}

// stored reads what the probe at a path has stored, by key.
func stored(s *server, path string) map[string]object {
	values := map[string]object{}
	_, list := ask(s, "LIST", path+"/kv", nil)
	for _, key := range texts(data(list)["keys"]) {
		_, value := ask(s, "GET", path+"/kv/"+key, nil)
		values[key] = data(value)
	}
	return values
}

// ofScenario is what the names of one scenario end with.
var ofScenario = regexp.MustCompile(`-pp[0-9a-f]{8}$`)

// staysDown answers for a mount whose plugin has died as at that time, until
// something of the same scenario is reloaded.
func staysDown(s *server) http.Handler {
	down := &table{} // mounts by scenario
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mount, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
		if mount == "sys" || mount == "auth" {
			if strings.Contains(r.URL.Path, "/plugins/reload/") {
				content := body(r)
				for _, name := range append(texts(content["mounts"]), textOf(content["plugin"])) {
					down.drop(ofScenario.FindString(strings.Trim(name, "/")))
				}
			}
			s.ServeHTTP(w, r)
			return
		}
		scenario := ofScenario.FindString(mount)
		if down.get(scenario) == mount {
			answer(w, http.StatusInternalServerError, object{"errors": []string{"plugin is down"}})
			return
		}
		got := again(s, r, func(*http.Request) {})
		if got.Code == http.StatusInternalServerError && strings.HasSuffix(r.URL.Path, "/crash") {
			down.put(scenario, mount)
		}
		send(w, got)
	})
}

// shares mounts in place of a plugin the one that was registered first with the
// same command in the same scenario.
func shares(s *server) http.Handler {
	first := &table{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if parts := on("POST|PUT", catalogEntry).match(r); parts != nil {
			command := parts[1] + "/" + textOf(body(r)["command"]) + ofScenario.FindString(parts[2])
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
