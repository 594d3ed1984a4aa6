// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// programDir is the directory of the plugin that was built, until TestMain ends.
var programDir string

// program is the plugin that has all roles, and its digest. It is made once.
var program = sync.OnceValues(func() (process.Entry, error) {
	path, err := pluginProgram(programDir)
	if err != nil {
		return process.Entry{}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return process.Entry{}, err
	}
	sum := sha256.Sum256(content)
	return process.Entry{Type: consts.PluginTypeSecrets, Command: path, SHA256: sum[:]}, nil
})

// self is the catalog entry of these tests' plugin in a role.
func self(role string, env ...string) (process.Entry, error) {
	e, err := program()
	if err != nil {
		return process.Entry{}, err
	}
	e.Name, e.Env = role, append([]string{roleVariable + "=" + role}, env...)
	return e, nil
}

func entry(t *testing.T, role string, env ...string) process.Entry {
	t.Helper()
	e, err := self(role, env...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func fixed(e process.Entry) process.Lookup {
	return func(context.Context) (process.Entry, error) { return e, nil }
}

func newPool(t *testing.T, change func(*process.Host)) *process.Pool {
	t.Helper()
	host := process.Host{
		Environ:      func() []string { return []string{"PATH=" + os.Getenv("PATH")} },
		OwnVariables: []string{"VAULT_"},
		Version:      "1.2.3",
		StartTimeout: timeout,
		Logger:       hclog.NewNullLogger(),
	}
	if change != nil {
		change(&host)
	}
	p := process.New(host)
	t.Cleanup(p.Close)
	return p
}

func config(mount string) *logical.BackendConfig {
	return &logical.BackendConfig{
		StorageView: &logical.InmemStorage{},
		System:      logical.TestSystemView(),
		Logger:      hclog.NewNullLogger(),
		BackendUUID: mount,
	}
}

func mount(t *testing.T, p *process.Pool, name string, e process.Entry) *process.Backend {
	t.Helper()
	b, err := p.Backend(t.Context(), fixed(e), config(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(ctx context.Context, b logical.Backend, path string) (map[string]any, error) {
	resp, err := b.HandleRequest(ctx, &logical.Request{
		Operation: logical.ReadOperation, Path: path, Storage: &logical.InmemStorage{},
	})
	if err != nil {
		return nil, err
	}
	return resp.Data, nil
}

func mustRead(t *testing.T, b logical.Backend, path string) map[string]any {
	t.Helper()
	data, err := read(t.Context(), b, path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pid(t *testing.T, b logical.Backend) int {
	t.Helper()
	return int(mustRead(t, b, "pid")["pid"].(float64))
}

func environment(t *testing.T, b logical.Backend) []string {
	t.Helper()
	var env []string
	for _, entry := range mustRead(t, b, "environ")["environ"].([]any) {
		env = append(env, entry.(string))
	}
	return env
}

func gone(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	defer func() { _ = p.Release() }() // it is a descriptor, and callers ask in a loop
	return p.Signal(syscall.Signal(0)) != nil
}

// wrapper stands for a server's response wrapping: the one endpoint that a
// plugin of the old generation asks, and tokens that say where it is.
func wrapper(t *testing.T) func(context.Context, map[string]any, time.Duration) (string, error) {
	t.Helper()
	wrapped := make(chan map[string]any, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/sys/wrapping/unwrap" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": <-wrapped})
	}))
	t.Cleanup(server.Close)
	return func(_ context.Context, data map[string]any, _ time.Duration) (string, error) {
		wrapped <- data
		return jwt(server.URL), nil
	}
}

// jwt makes a token with the claim addr; plugins don't verify the signature.
func jwt(addr string) string {
	part := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	return part(map[string]any{"alg": "ES512", "typ": "JWT"}) + "." +
		part(map[string]any{"addr": addr}) + "." + base64.RawURLEncoding.EncodeToString([]byte("signature"))
}
