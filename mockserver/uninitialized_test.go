// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver"
)

// TestMountStaysUninitialized: servers store a mount before they initialize its plugin. One
// that fails to initialize is told to who mounts it, and stays; OpenBao ends its process
// since 2.5, so that the next request initializes it again.
func TestMountStaysUninitialized(t *testing.T) {
	t.Parallel()
	for dialect, second := range map[string]int{"vault-1.14": http.StatusOK, "openbao-2.4": http.StatusOK, "openbao-2.6": http.StatusInternalServerError} {
		failedReload := http.StatusInternalServerError
		if dialect == "openbao-2.6" {
			failedReload = http.StatusBadRequest
		}
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			var initialized atomic.Int32
			factory := func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
				b := &framework.Backend{
					BackendType: logical.TypeLogical,
					InitializeFunc: func(context.Context, *logical.InitializationRequest) error {
						initialized.Add(1)
						return errors.New("no database")
					},
					Paths: []*framework.Path{{Pattern: "x", Operations: map[logical.Operation]framework.OperationHandler{
						logical.ReadOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
							return &logical.Response{Data: map[string]any{"a": "b"}}, nil
						}},
					}}},
				}
				return b, b.Setup(ctx, conf)
			}
			s, _, _ := start(t, mockserver.WithDialect(dialect), mockserver.WithBackend("lazy", "secret", factory))
			answers := func(method, path, body string, status int, text string) {
				t.Helper()
				if got, gotBody := send(t, s.Address(), method, path, body); got != status || !strings.Contains(gotBody, text) {
					t.Errorf("%s %s: %d %s, want %d %s", method, path, got, gotBody, status, text)
				}
			}
			answers("POST", "sys/mounts/m", `{"type":"lazy"}`, http.StatusBadRequest, "no database")
			answers("POST", "sys/mounts/m", `{"type":"lazy"}`, http.StatusBadRequest, "path is already in use at m/")
			answers("GET", "sys/mounts", "", http.StatusOK, `"m/"`)
			answers("GET", "m/x", "", second, "")
			answers("GET", "m/x", "", http.StatusOK, `"a":"b"`)
			answers("PUT", "sys/plugins/reload/backend", `{"mounts":"m/"}`, failedReload, "no database")
			answers("GET", "m/x", "", http.StatusOK, `"a":"b"`)
			answers("DELETE", "sys/mounts/m", "", http.StatusNoContent, "")
			answers("POST", "sys/auth/m", `{"type":"lazy"}`, http.StatusBadRequest, "")
			answers("GET", "sys/auth/m", "", http.StatusBadRequest, "No auth engine at m/")
			if want := int32(2); second == http.StatusOK && initialized.Load() != want {
				t.Errorf("initialized %d times, want %d", initialized.Load(), want)
			}
		})
	}
}

// TestProcessFailsToInitialize: a process that is not allowed to initialize, as it was
// told by the server's environment that it only describes itself, leaves its mount too.
func TestProcessFailsToInitialize(t *testing.T) {
	t.Parallel()
	s, client, sha := start(t, mockserver.WithDialect("openbao-2.6"), mockserver.WithEnviron(func() []string { return []string{"VAULT_PLUGIN_METADATA_MODE=true"} }))
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	const refused = "plugin server can not perform action while in metadata mode"
	for _, step := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"POST", "sys/mounts/m", `{"type":"probe"}`, http.StatusBadRequest, refused},
		{"GET", "sys/mounts/m", "", http.StatusOK, `"type":"probe"`},
		{"GET", "m/kv/a", "", http.StatusInternalServerError, refused},
		{"GET", "m/public", "", http.StatusInternalServerError, refused},
		{"DELETE", "sys/mounts/m", "", http.StatusNoContent, ""},
	} {
		if got, body := send(t, s.Address(), step.method, step.path, step.body); got != step.status || !strings.Contains(body, step.text) {
			t.Errorf("%s %s: %d %s, want %d %s", step.method, step.path, got, body, step.status, step.text)
		}
	}
	if left := s.Processes(); len(left) > 0 {
		t.Errorf("processes %+v are left", left)
	}
}
