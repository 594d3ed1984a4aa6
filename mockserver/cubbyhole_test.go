// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// TestCubbyholeOfBatchTokens: a batch token is told that it has none before its rights are
// looked at, where it writes. Measured on OpenBao 2.6.2.
func TestCubbyholeOfBatchTokens(t *testing.T) {
	t.Parallel()
	s, err := mockserver.Start(t.Context(), mockserver.WithDialect("openbao-2.6"), mockserver.WithRootToken("root"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	client := clientOf(t, s.Address())
	for noDefault, want := range map[bool]map[string]string{
		true:  {http.MethodPost: "only supported by 'service' type tokens", http.MethodGet: "permission denied"},
		false: {http.MethodPost: "only supported by 'service' type tokens", http.MethodGet: "only supported by 'service' type tokens"},
	} {
		secret, err := client.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Type: "batch", NoDefaultPolicy: noDefault, Policies: []string{"none"}})
		if err != nil {
			t.Fatal(err)
		}
		caller, err := client.Clone()
		if err != nil {
			t.Fatal(err)
		}
		caller.SetToken(secret.Auth.ClientToken)
		_, err = caller.Logical().WriteWithContext(t.Context(), "cubbyhole/a", map[string]any{"a": "b"})
		if err == nil || !strings.Contains(err.Error(), want[http.MethodPost]) {
			t.Errorf("a write, without the default policy %v: %v", noDefault, err)
		}
		_, err = caller.Logical().ReadWithContext(t.Context(), "cubbyhole/a")
		if err == nil || !strings.Contains(err.Error(), want[http.MethodGet]) {
			t.Errorf("a read, without the default policy %v: %v", noDefault, err)
		}
	}
}
