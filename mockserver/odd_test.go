// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"strings"
	"testing"

	"github.com/plugproof/plugproof/mockserver"
)

// TestOddRequestsOfOpenBao: what random requests found to differ from servers of one
// version and not of the next.
func TestOddRequestsOfOpenBao(t *testing.T) {
	t.Parallel()
	for dialect, answers := range map[string][]struct {
		method, path, body string
		status             int
		text               string
	}{
		"openbao-2.0": {
			{"GET", "sys/storage/raft/join", "", 405, `{"errors":[]}`},
			{"POST", "sys/tools/random/0", "{}", 400, `\"bytes\" cannot be less than 1`},
			{"PUT", "sys/plugins/catalog/secret/x", `{"command":"x","sha256":"","version":"v99999999999999999999.0.0"}`, 400, "Error parsing version: strconv.ParseInt"},
		},
		"openbao-2.6": {
			{"GET", "sys/leases?type=irrevocable&limit=1", "", 200, `"warnings":null`},
			{"GET", "sys/leases?type=irrevocable&limit=0", "", 500, "limit must be 'none' or a positive integer"},
			{"GET", "sys/leases/count?type=irrevocable&include_child_namespaces=true", "", 200, `"warnings":null`},
			{"PUT", "sys/plugins/catalog/secret/x", `{"command":"x","sha256":"","version":"v99999999999999999999.0.0"}`, 400, "not a valid semantic version: error parsing version: strconv.ParseInt"},
			{"POST", "identity/entity", `{"name":"one"}`, 200, ""},
			{"PUT", "identity/entity/name/one", `{"metadata":{}}`, 204, ""},
			{"GET", "identity/entity/name/one", "", 200, `"metadata":{}`},
			{"PUT", "identity/entity/name/one", `{"policies":"p"}`, 204, ""},
			{"GET", "identity/entity/name/one", "", 200, `"metadata":null`},
			{"POST", "sys/namespaces/team", `{}`, 200, ""},
			{"POST", "team/sys/leases/lookup", `{"lease_id":"../m"}`, 400, "relative paths not supported"},
		},
	} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s, _, _ := start(t, mockserver.WithDialect(dialect))
			for _, want := range answers {
				if status, body := send(t, s.Address(), want.method, want.path, want.body); status != want.status || !strings.Contains(body, want.text) {
					t.Errorf("%s %s: %d %s, want %d %s", want.method, want.path, status, body, want.status, want.text)
				}
			}
		})
	}
}

// TestTokensOfOtherNamespaces: OpenBao 2.3 shows accessors and namespaces to whoever asks,
// later versions do not.
func TestTokensOfOtherNamespaces(t *testing.T) {
	t.Parallel()
	for dialect, open := range map[string]bool{"openbao-2.3": true, "openbao-2.5": false} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			_, client, _ := start(t, mockserver.WithDialect(dialect))
			logical := client.Logical()
			if _, err := logical.WriteWithContext(t.Context(), "sys/namespaces/team", nil); err != nil {
				t.Fatal(err)
			}
			made, err := logical.WriteWithContext(t.Context(), "auth/token/create", map[string]any{"policies": "default"})
			if err != nil {
				t.Fatal(err)
			}
			team := client.WithNamespace("team").Logical()
			found, err := team.WriteWithContext(t.Context(), "auth/token/lookup-accessor", map[string]any{"accessor": made.Auth.Accessor})
			if (err == nil) != open {
				t.Errorf("lookup by accessor: %v", err)
			}
			if open && found != nil && found.Data["renewable"] != true {
				t.Errorf("the lookup says nothing of its end: %v", found.Data)
			}
			token, err := team.WriteWithContext(t.Context(), "auth/token/lookup", map[string]any{"token": made.Auth.ClientToken})
			if err != nil || (token.Data["renewable"] == true) != open {
				t.Errorf("lookup by token: %v %v", token, err)
			}
			client.SetToken(made.Auth.ClientToken)
			visible, err := client.Logical().ReadWithContext(t.Context(), "sys/internal/ui/namespaces")
			if err != nil || (visible.Data["keys"] != nil) != open {
				t.Errorf("visible namespaces: %v %v", visible, err)
			}
			client.SetToken("root")
		})
	}
}
