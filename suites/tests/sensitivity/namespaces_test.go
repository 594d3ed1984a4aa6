// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"strings"
)

// wrongNamespaces get what is in namespaces wrong.
func wrongNamespaces() []wrong {
	const like = "openbao-2.5"
	return []wrong{
		{
			name: "plugins serve in the root only", dialect: like,
			change: swallow(on("GET", "team/kept/kv/.*"), http.StatusNotFound, object{"errors": []string{}}),
			fails:  []string{"NSP-001"},
		},
		{
			name: "the root shows what a namespace mounts", dialect: like,
			change: misread(on("GET", "sys/mounts/kept"), func(r *http.Request) {
				r.URL.Path = strings.Replace(r.URL.Path, "/v1/", "/v1/team/", 1)
			}),
			fails: []string{"NSP-002"},
		},
		{
			name: "namespaces share the data of a path", dialect: like,
			change: misread(on("GET", "other/kept/kv/.*"), func(r *http.Request) {
				r.URL.Path = strings.Replace(r.URL.Path, "/other/", "/team/", 1)
			}),
			fails: []string{"NSP-003"},
		},
		{
			name: "nothing is unmounted in a namespace", dialect: like,
			change: ignore(on("DELETE", "team/sys/mounts/kept")),
			fails:  []string{"NSP-004"},
		},
		{
			name: "the header of a namespace is not looked at", dialect: like,
			change: misread(on("GET", "kept/kv/.*"), func(r *http.Request) { r.Header.Del("X-Vault-Namespace") }),
			fails:  []string{"NSP-005"},
		},
	}
}
