// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// lockedBuffer is a buffer that the server's log may be written to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// TestPluginGoneWhenTheServerStarts: its mounts have no backend until a reload, and
// keep their data until the next start. What an auth method or an empty mount is
// missing is the same.
func TestPluginGoneWhenTheServerStarts(t *testing.T) {
	t.Parallel()
	dir, sha := pluginDir(t)
	data := t.TempDir()
	probe := filepath.Join(dir, "probe")
	var log lockedBuffer
	restart := func(s *mockserver.Server) (*mockserver.Server, *api.Client) {
		t.Helper()
		if s != nil {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s, err := mockserver.Start(t.Context(), mockserver.WithPluginDir(dir), mockserver.WithDataDir(data), mockserver.WithRootToken("root"),
			mockserver.WithDialect("openbao-2.6"), mockserver.WithLogger(hclog.New(&hclog.LoggerOptions{Output: &log})))
		if err != nil {
			t.Fatal(err)
		}
		return s, clientOf(t, s.Address())
	}
	s, client := restart(nil)
	t.Cleanup(func() { _ = s.Close() }) // it may be closed already
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	mount(t, client, "full", "probe")
	mount(t, client, "empty", "probe")
	answers := func(method, path, body string, status int, text string) {
		t.Helper()
		if got, gotBody := send(t, s.Address(), method, path, body); got != status || !strings.Contains(gotBody, text) {
			t.Errorf("%s %s: %d %s, want %d %s", method, path, got, gotBody, status, text)
		}
	}
	answers("POST", "full/kv/a", `{"value":"1"}`, 204, "")

	if err := os.Rename(probe, probe+".away"); err != nil {
		t.Fatal(err)
	}
	s, client = restart(s)
	const nil404 = `no handler for route \"full/kv/a\". route entry found, but backend is nil.`
	for _, line := range []string{"failed to create mount entry: path=full/", "skipping plugin-based mount entry: path=full/", "skipping plugin-based mount entry: path=empty/"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log does not say %q:\n%s", line, log.String())
		}
	}
	answers("GET", "full/kv/a", "", 404, nil404)
	answers("POST", "full/kv/a", `{"value":"2"}`, 404, nil404)
	answers("GET", "sys/mounts/full", "", 200, `"running_sha256":""`)
	if err := os.Rename(probe+".away", probe); err != nil {
		t.Fatal(err)
	}
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	answers("GET", "full/kv/a", "", 404, nil404)
	answers("DELETE", "sys/mounts/empty", "", 204, "")
	answers("POST", "sys/plugins/reload/backend", `{"mounts":"full/"}`, 200, "reload_id")
	answers("GET", "full/kv/a", "", 200, `"value":"1"`)
	answers("POST", "full/kv/a", `{"value":"2"}`, 500, "cannot write to storage during setup")
	answers("DELETE", "sys/mounts/full", "", 400, "cannot write to storage during setup")

	s, _ = restart(s)
	answers("GET", "full/kv/a", "", 200, `"value":"1"`)
	answers("POST", "full/kv/a", `{"value":"3"}`, 204, "")
	answers("DELETE", "sys/mounts/full", "", 204, "")
}

// TestPluginFailsInItsFirstRequest: the mock starts plugins with the first request
// after its own start; one that fails then was not there when the server started.
func TestPluginFailsInItsFirstRequest(t *testing.T) {
	t.Parallel()
	dir, sha := pluginDir(t)
	data := t.TempDir()
	options := []mockserver.Option{mockserver.WithPluginDir(dir), mockserver.WithDataDir(data), mockserver.WithRootToken("root")}
	s, err := mockserver.Start(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	client := clientOf(t, s.Address())
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	mount(t, client, "m", "probe")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = mockserver.Start(t.Context(), options...); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	register(t, clientOf(t, s.Address()), api.PluginTypeSecrets, "probe", sha, "PROBE_FAULT=exit-at-start")
	for range 2 {
		if status, body := send(t, s.Address(), "GET", "m/kv/a", ""); status != 404 || !strings.Contains(body, "backend is nil") {
			t.Errorf("%d %s", status, body)
		}
		register(t, clientOf(t, s.Address()), api.PluginTypeSecrets, "probe", sha)
	}
	if status, body := send(t, s.Address(), "POST", "sys/plugins/reload/backend", `{"plugin":"probe"}`); status != 200 {
		t.Errorf("reload: %d %s", status, body)
	}
	if status, body := send(t, s.Address(), "GET", "m/kv/a", ""); status != 404 || strings.Contains(body, "backend is nil") {
		t.Errorf("after the reload: %d %s", status, body)
	}
}
