// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"strings"
)

// wrongContainers get plugins in containers wrong. Without a container engine they are
// not tried.
func wrongContainers() []wrong {
	registration := on("PUT", `sys/plugins/catalog/secret/probe.*`)
	return []wrong{
		{
			name:   "an image is registered and not shown",
			change: misreport(on("GET", `sys/plugins/catalog/secret/probe.*`), func(status int, content object) int { delete(data(content), "oci_image"); return status }),
			fails:  []string{"CTN-001"},
		},
		{
			name:   "a plugin from an image can't be reloaded",
			change: swallow(on("PUT", "sys/plugins/reload/backend"), http.StatusInternalServerError, object{"errors": []string{"not in containers"}}),
			fails:  []string{"CTN-002"},
		},
		{
			name:   "containers have the server's environment",
			change: mishear(registration, func(content object) { content["env"] = append(texts(content["env"]), "ONLY_SERVER=1") }),
			fails:  []string{"CTN-003"},
		},
		{
			name:   "the limits of a runtime are forgotten",
			change: mishear(on("PUT", "sys/plugins/runtimes/catalog/container/rt.*"), func(content object) { delete(content, "memory_bytes") }),
			fails:  []string{"CTN-008"},
		},
		{
			name:   "containers of rootless runtimes are as all others",
			change: mishear(on("PUT", "sys/plugins/runtimes/catalog/container/rt.*"), func(content object) { delete(content, "rootless") }),
			fails:  []string{"CTN-009"},
		},
		{
			name: "any image is registered",
			change: instead(registration, func(_ *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				if digest, _ := body(r)["sha256"].(string); strings.Trim(digest, "0") != "" {
					return false
				}
				answer(w, http.StatusNoContent, nil)
				return true
			}),
			fails: []string{"CTN-004"},
		},
		{
			name:   "a runtime is deleted under its plugins",
			change: ignore(on("DELETE", "sys/plugins/runtimes/catalog/container/rt.*")),
			fails:  []string{"CTN-005"},
		},
		{
			name: "an image that is nowhere is registered",
			change: instead(registration, func(_ *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				if body(r)["oci_image"] != "plugproof.invalid/none" {
					return false
				}
				answer(w, http.StatusNoContent, nil)
				return true
			}),
			fails: []string{"CTN-006"},
		},
		{
			name: "a plugin without its runtime is said to be mounted",
			change: instead(on("POST", "sys/mounts/m.*"), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				got := again(s, r, func(*http.Request) {})
				if strings.Contains(got.Body.String(), "plugproof-none") {
					got.Code = http.StatusNoContent
					got.Body.Reset()
				}
				send(w, got)
				return true
			}),
			fails: []string{"CTN-007"},
		},
	}
}
