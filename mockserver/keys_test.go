// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"net/http"
	"testing"

	"github.com/plugproof/plugproof/mockserver"
)

// TestKeysNeedToken: Vault 2.0 lets nobody ask for new keys without a token.
func TestKeysNeedToken(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[string]int{"vault-2.0": http.StatusForbidden, "vault-1.21": http.StatusNotImplemented, "openbao-2.6": http.StatusMethodNotAllowed} {
		s, err := mockserver.Start(t.Context(), mockserver.WithDialect(dialect))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"rekey/init", "generate-root/attempt"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Address()+"/v1/sys/"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Body.Close(); resp.StatusCode != want {
				t.Errorf("%s: GET sys/%s: %d, want %d", dialect, path, resp.StatusCode, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
