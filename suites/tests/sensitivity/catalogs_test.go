// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"net/url"
	"strings"
)

// wrongCatalogs get registrations and lists wrong.
func wrongCatalogs() []wrong {
	return []wrong{
		{
			name: "all runtimes are listed, whatever type is asked for",
			change: instead(on("GET", "sys/plugins/runtimes/catalog"), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				send(w, again(s, r, func(r *http.Request) { r.URL.RawQuery = "" }))
				return true
			}),
			fails: []string{"REG-074"},
		},
		{
			name:   "a registration is taken and forgotten the second time",
			change: firstOnly, fails: []string{"REG-003"},
			also: []string{"ENV-011", "ENV-012", "ENV-013", "PRX-002", "UPG-025"},
		},
		{
			name:   "a removed plugin stays",
			change: ignore(on("DELETE", catalogEntry)), fails: []string{"REG-051", "REG-052"},
			also: []string{"REG-054", "UPG-034"},
		},
		{
			name: "removing what isn't there is an error",
			change: instead(on("DELETE", catalogEntry), func(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool {
				entry := parts[0]
				if version := textOf(body(r)["version"]) + r.URL.Query().Get("version"); version != "" {
					entry += "?version=" + url.QueryEscape(version)
				}
				if status, _ := ask(s, "GET", entry, nil); status != http.StatusNotFound || r.Header.Get("X-Vault-Token") != s.RootToken() {
					return false
				}
				answer(w, http.StatusNotFound, object{"errors": []string{"no such plugin"}})
				return true
			}),
			fails: []string{"REG-050"}, also: []string{"REG-052"},
		},
		{
			name: "a version that the plugin denies is taken",
			change: instead(on("POST|PUT", catalogEntry), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				got := again(s, r, func(*http.Request) {})
				if got.Code == http.StatusBadRequest && strings.Contains(got.Body.String(), "version mismatch") {
					got = again(s, r, func(r *http.Request) {
						content := body(r)
						delete(content, "version")
						setBody(r, content)
					})
				}
				send(w, got)
				return true
			}),
			fails: []string{"REG-042"},
		},
		{
			name: "arguments are lost",
			change: mishear(on("POST|PUT", catalogEntry), func(content object) {
				delete(content, "args")
				if command, ok := content["command"].(string); ok {
					content["command"], _, _ = strings.Cut(command, " ")
				}
			}),
			fails: []string{"REG-021", "REG-022"}, also: []string{"REG-023", "REG-033"},
		},
		{
			name: "details leave out plugins with versions",
			change: misreport(on("GET", `sys/plugins/catalog`), func(status int, content object) int {
				for _, inner := range []object{content, data(content)} {
					list, _ := inner["detailed"].([]any)
					var kept []any
					for _, item := range list {
						entry, _ := item.(object)
						if entry["version"] == "" || entry["builtin"] == true {
							kept = append(kept, item)
						}
					}
					if list != nil {
						inner["detailed"] = kept
					}
				}
				return status
			}),
			fails: []string{"LST-004"},
		},
		{
			name: "list=true is not looked at",
			change: misread(on("LIST", ofAMount), func(r *http.Request) {
				query := r.URL.Query()
				query.Del("list")
				r.URL.RawQuery = query.Encode()
			}),
			fails: []string{"LST-002", "ACC-003"},
		},
		{
			name:   "registering asks for no sudo",
			change: instead(on("POST|PUT|GET|DELETE|LIST", `sys/plugins/catalog.*`), withoutSudo),
			fails:  []string{"REG-061"},
		},
		{
			name:   "builtins can be removed",
			change: removesBuiltins,
			fails:  []string{"REG-053"},
		},
	}
}

// obliging says of refusals with that text that it was done.
func obliging(a about, text string) breaker {
	return instead(a, func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
		got := again(s, r, func(*http.Request) {})
		if got.Code >= 400 && got.Code != http.StatusForbidden && strings.Contains(got.Body.String(), text) {
			answer(w, http.StatusNoContent, nil)
			return true
		}
		send(w, got)
		return true
	})
}

// firstOnly takes the first registration of a name and version.
func firstOnly(s *server) http.Handler {
	known := &table{}
	return instead(on("POST|PUT|DELETE", catalogEntry), func(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool {
		if r.Header.Get("X-Vault-Token") != s.RootToken() {
			return false
		}
		version, _ := body(r)["version"].(string)
		key := parts[0] + "@" + version
		if r.Method == http.MethodDelete {
			known.drop(key)
			return false
		}
		if known.get(key) != nil {
			answer(w, http.StatusNoContent, nil)
			return true
		}
		got := again(s, r, func(*http.Request) {})
		if got.Code < 300 {
			known.put(key, true)
		}
		send(w, got)
		return true
	})(s)
}

// withoutSudo gives a token that may everything but sudo on a path the right to
// it.
func withoutSudo(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool {
	token := r.Header.Get("X-Vault-Token")
	got := again(s, r, func(*http.Request) {})
	if got.Code == http.StatusForbidden {
		_, found := ask(s, "POST", "sys/capabilities", object{"token": token, "paths": []string{parts[0]}})
		if can := texts(found["capabilities"]); len(can) > 0 && can[0] != "deny" {
			got = again(s, r, func(r *http.Request) { r.Header.Set("X-Vault-Token", s.RootToken()) })
		}
	}
	send(w, got)
	return true
}

// removesBuiltins knows a builtin no more once it was removed.
func removesBuiltins(s *server) http.Handler {
	removed := &table{}
	return instead(on("GET|DELETE", catalogEntry), func(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool {
		_, found := ask(s, "GET", parts[0], nil)
		switch {
		case data(found)["builtin"] != true:
			return false
		case r.Method == http.MethodDelete:
			removed.put(parts[0], true)
			answer(w, http.StatusNoContent, nil)
			return true
		case removed.get(parts[0]) != nil:
			answer(w, http.StatusNotFound, object{"errors": []string{}})
			return true
		}
		return false
	})(s)
}
