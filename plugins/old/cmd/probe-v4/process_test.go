// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
	"gopkg.in/square/go-jose.v2"
	josejwt "gopkg.in/square/go-jose.v2/jwt"
)

// wrapper is the part of a server that an old plugin needs to start: it wraps the
// certificate in a token and returns it once, at the address in the token.
type wrapper struct {
	mu      sync.Mutex
	address string
	wrapped map[string]map[string]any
}

func (w *wrapper) MlockEnabled() bool { return false }

func (w *wrapper) ResponseWrapData(_ context.Context, data map[string]any, ttl time.Duration, _ bool) (*wrapping.ResponseWrapInfo, error) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES512, Key: key}, nil)
	if err != nil {
		return nil, err
	}
	token, err := josejwt.Signed(signer).Claims(map[string]any{"addr": w.address, "jti": "once"}).CompactSerialize()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrapped[token] = data
	return &wrapping.ResponseWrapInfo{Token: token, TTL: ttl}, nil
}

func (w *wrapper) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("X-Vault-Token")
	w.mu.Lock()
	data, ok := w.wrapped[token]
	delete(w.wrapped, token)
	w.mu.Unlock()
	if r.URL.Path != "/v1/sys/wrapping/unwrap" || !ok {
		http.Error(rw, `{"errors":["wrapping token is not valid or does not exist"]}`, http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(rw).Encode(map[string]any{"data": data})
}

func start(t *testing.T, address string, env ...string) (logical.Backend, *wrapper, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "probe-v4")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(binary)
	w := &wrapper{address: address, wrapped: make(map[string]map[string]any)}
	if address == "" {
		server := httptest.NewServer(w)
		t.Cleanup(server.Close)
		w.address = server.URL
	}
	runner := &pluginutil.PluginRunner{Name: "old", Command: path, Env: env, Sha256: sum[:]}
	b, err := plugin.NewPluginClient(t.Context(), w, runner, hclog.NewNullLogger(), false)
	if err != nil {
		return nil, w, err
	}
	t.Cleanup(func() { b.Cleanup(context.Background()) })
	return b, w, nil
}

// TestProcess starts the plugin with the SDK it was built with, as servers of its
// time did: the plugin gets its certificate from the server.
func TestProcess(t *testing.T) {
	t.Parallel()
	b, w, err := start(t, "", "REGION=eu")
	if err != nil {
		t.Fatal(err)
	}
	if len(w.wrapped) != 0 {
		t.Error("the plugin did not fetch its certificate")
	}
	storage := &logical.InmemStorage{}
	conf := logical.TestBackendConfig()
	conf.StorageView = storage
	conf.System = logical.TestSystemView()
	if err := b.Setup(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	do := func(op logical.Operation, path string, data map[string]any) map[string]any {
		t.Helper()
		resp, err := b.HandleRequest(t.Context(), &logical.Request{Operation: op, Path: path, Data: data, Storage: storage})
		if err != nil || resp != nil && resp.IsError() {
			t.Fatalf("%s %s: %v, %v", op, path, resp, err)
		}
		if resp == nil {
			return nil
		}
		return resp.Data
	}
	if got := do(logical.ReadOperation, "env/REGION", nil); !reflect.DeepEqual(got, map[string]any{"set": true, "value": "eu"}) {
		t.Errorf("env/REGION: %v", got)
	}
	do(logical.CreateOperation, "kv/a", map[string]any{"value": "1"})
	if got := do(logical.ReadOperation, "kv/a", nil); got["value"] != "1" {
		t.Errorf("kv/a: %v", got)
	}
	if got := do(logical.ListOperation, "kv/", nil); !reflect.DeepEqual(got["keys"], []any{"a"}) {
		t.Errorf("list: %v", got)
	}
	do(logical.DeleteOperation, "kv/a", nil)
	if got := do(logical.ReadOperation, "kv/a", nil); got != nil {
		t.Errorf("kv/a after its deletion: %v", got)
	}
	if got := do(logical.ReadOperation, "public", nil); got["hello"] != "anyone" {
		t.Errorf("public: %v", got)
	}
	if special := b.SpecialPaths(); !slices.Contains(special.Unauthenticated, "public") {
		t.Errorf("special paths: %+v", special)
	}
}

// TestWrongAddress starts the plugin as a server with a wrong api_addr does.
func TestWrongAddress(t *testing.T) {
	t.Parallel()
	if _, _, err := start(t, "http://127.0.0.1:9"); err == nil {
		t.Error("the plugin started without its certificate")
	}
}
