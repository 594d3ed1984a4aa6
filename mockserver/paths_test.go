// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"net/http"
	"testing"

	"github.com/hashicorp/vault/api"
)

// TestPolicyAboutAMount: a policy about m/ lets a write of m reach the plugin, because the
// existence check routes it before policies are looked at, and no read.
func TestPolicyAboutAMount(t *testing.T) {
	t.Parallel()
	_, client, _ := start(t)
	if err := client.Sys().Mount("m", &api.MountInput{Type: "kv"}); err != nil {
		t.Fatal(err)
	}
	if err := client.Sys().PutPolicy("p", `path "m/" { capabilities = ["create", "read", "update"] }`); err != nil {
		t.Fatal(err)
	}
	secret, err := client.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"p"}})
	if err != nil {
		t.Fatal(err)
	}
	client, err = client.CloneWithHeaders()
	if err != nil {
		t.Fatal(err)
	}
	client.SetToken(secret.Auth.ClientToken)
	for method, refused := range map[string]bool{http.MethodPost: false, http.MethodGet: true} {
		resp, err := client.RawRequest(client.NewRequest(method, "/v1/m")) //nolint:staticcheck // as in the other tests
		if resp == nil {
			t.Fatal(err)
		}
		if got := resp.StatusCode == http.StatusForbidden; got != refused {
			t.Errorf("%s m: %d", method, resp.StatusCode)
		}
	}
}
