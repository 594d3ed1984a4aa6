// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver"
)

// helpless answers nothing to anything, help included.
type helpless struct{ *framework.Backend }

func (helpless) HandleRequest(context.Context, *logical.Request) (*logical.Response, error) {
	return nil, nil
}

func TestBackendWithoutHelp(t *testing.T) {
	t.Parallel()
	s, client, _ := start(t, mockserver.WithBackend("helpless", "secret", func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := helpless{&framework.Backend{BackendType: logical.TypeLogical}}
		return b, b.Setup(ctx, conf)
	}))
	mount(t, client, "h", "helpless")
	if status, body := send(t, s.Address(), http.MethodGet, "h/x?help=1", ""); status != http.StatusNotFound {
		t.Errorf("%d %s, want 404", status, body)
	}
}
