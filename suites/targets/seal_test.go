// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/plugproof/plugproof/steps"
)

// TestSeal seals and unseals a server that answers as the documentation of sys/seal,
// sys/unseal and sys/health says.
func TestSeal(t *testing.T) {
	t.Parallel()
	var sealed atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "PUT /v1/sys/seal":
			sealed.Store(true)
			w.WriteHeader(http.StatusNoContent)
		case "PUT /v1/sys/unseal":
			var body struct{ Key string }
			if json.NewDecoder(r.Body).Decode(&body) != nil || body.Key != "key" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			sealed.Store(false)
			_, _ = w.Write([]byte(`{"sealed":false}`))
		case "GET /v1/sys/health":
			if sealed.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
	}))
	t.Cleanup(server.Close)
	for _, want := range []bool{true, false} {
		if err := seal(t.Context(), localAPI(server.URL, "root"), nil, keys{"root", "key"}, want); err != nil {
			t.Fatal(err)
		}
		if sealed.Load() != want {
			t.Errorf("sealed is %t", sealed.Load())
		}
	}
	if err := seal(context.Background(), localAPI(server.URL, "root"), nil, keys{token: "root"}, true); !errors.Is(err, steps.ErrUnsupported) {
		t.Errorf("without a key: %v", err)
	}
}
