// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver"
)

// leasing is an engine whose leases are revoked when release is closed; it says
// on revoking that it waits for that.
func leasing(revoking chan<- struct{}, release <-chan struct{}) logical.Factory {
	secret := &framework.Secret{
		Type: "slow", DefaultDuration: time.Hour,
		Revoke: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
			revoking <- struct{}{}
			<-release
			return nil, nil
		},
	}
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &framework.Backend{
			BackendType: logical.TypeLogical,
			Secrets:     []*framework.Secret{secret},
			Paths: []*framework.Path{{Pattern: "lease$", Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
					return secret.Response(map[string]any{"id": "1"}, nil), nil
				}},
			}}},
		}
		return b, b.Setup(ctx, conf)
	}
}

// TestOneErrandAtATime: while a mount is moved it is neither moved elsewhere nor
// removed, and afterwards it is at one path, where it can be removed.
func TestOneErrandAtATime(t *testing.T) {
	t.Parallel()
	revoking, release := make(chan struct{}, 2), make(chan struct{})
	s, client, _ := start(t, mockserver.WithBackend("leasing", "secret", leasing(revoking, release)))
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free) // or the server waits for ever
	mount(t, client, "from", "leasing")
	if _, err := client.Logical().ReadWithContext(t.Context(), "from/lease"); err != nil {
		t.Fatal(err)
	}
	first := remount(t, s, "from", "here")
	<-revoking
	second := remount(t, s, "from", "there")
	eventually(t, "the second move has failed", func() bool { return migration(t, s, second) == "failure" })
	if status, body := send(t, s.Address(), "DELETE", "sys/mounts/from", ""); status != http.StatusBadRequest || !strings.Contains(body, "failed to remove entry in mounts table") {
		t.Errorf("removal while it is moved: %d %s", status, body)
	}
	free()
	eventually(t, "the first move is done", func() bool { return migration(t, s, first) == "success" })
	for path, want := range map[string]int{"from": http.StatusNotFound, "there": http.StatusNotFound, "here": http.StatusOK} {
		if status, body := send(t, s.Address(), "GET", path+"/lease", ""); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
	}
	if err := client.Sys().UnmountWithContext(t.Context(), "here"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"from", "here", "there"} {
		mount(t, client, path, "leasing")
	}
}

// remount begins to move a mount and returns the id of the move.
func remount(t *testing.T, s *mockserver.Server, from, to string) string {
	t.Helper()
	status, body := send(t, s.Address(), "POST", "sys/remount", `{"from": "`+from+`", "to": "`+to+`"}`)
	var answer struct {
		Data struct {
			ID string `json:"migration_id"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("remount: %d %s", status, body)
	}
	return answer.Data.ID
}

// migration is how far a move is.
func migration(t *testing.T, s *mockserver.Server, id string) string {
	t.Helper()
	_, body := send(t, s.Address(), "GET", "sys/remount/status/"+id, "")
	var answer struct {
		Data struct {
			Info struct{ Status string } `json:"migration_info"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.Info.Status
}

// TestNoPluginWithoutItsDirectory: what was registered when the server had a
// plugin directory isn't looked for elsewhere when it has none.
func TestNoPluginWithoutItsDirectory(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dir, sha := pluginDir(t)
	before, err := mockserver.Start(t.Context(), mockserver.WithPluginDir(dir), mockserver.WithDataDir(data), mockserver.WithRootToken("root"))
	if err != nil {
		t.Fatal(err)
	}
	register(t, clientOf(t, before.Address()), api.PluginTypeSecrets, "probe", sha)
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := mockserver.Start(t.Context(), mockserver.WithDataDir(data), mockserver.WithRootToken("root"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	status, body := send(t, s.Address(), "POST", "sys/mounts/p", `{"type": "probe"}`)
	if status != http.StatusBadRequest || !strings.Contains(body, "the server has no plugin directory to run the plugin from: probe") {
		t.Errorf("%d %s", status, body)
	}
}
