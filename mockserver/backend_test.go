// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver"
)

// greeter is a backend as a plugin author writes it.
func greeter(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		BackendType: logical.TypeLogical,
		Paths: []*framework.Path{{
			Pattern: "hello/" + framework.GenericNameRegex("name"),
			Fields:  map[string]*framework.FieldSchema{"name": {Type: framework.TypeString}},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: func(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
					return &logical.Response{Data: map[string]any{"greeting": "hello, " + d.Get("name").(string)}}, nil
				}},
			},
		}},
	}
	return b, b.Setup(ctx, conf)
}

func TestBackendOfThisProcess(t *testing.T) {
	t.Parallel()
	s, client, _ := start(t, mockserver.WithBackend("greeter", "secret", greeter))
	mount(t, client, "g", "greeter")
	secret, err := client.Logical().ReadWithContext(t.Context(), "g/hello/bob")
	if err != nil || secret.Data["greeting"] != "hello, bob" {
		t.Fatalf("%+v %v", secret, err)
	}
	if got := s.Processes(); len(got) != 0 {
		t.Fatalf("a backend of this process has plugin processes: %+v", got)
	}
	if err := client.Sys().UnmountWithContext(t.Context(), "g"); err != nil {
		t.Fatal(err)
	}
}

// TestHostHeader passes a request's host on to a mount, which OpenBao can since 2.6.
func TestHostHeader(t *testing.T) {
	t.Parallel()
	hosts := func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &framework.Backend{BackendType: logical.TypeLogical, Paths: []*framework.Path{{
			Pattern: "host",
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: func(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
					return &logical.Response{Data: map[string]any{"hosts": strings.Join(req.Headers["Host"], " ")}}, nil
				}},
			},
		}}}
		return b, b.Setup(ctx, conf)
	}
	for dialect, want := range map[string]string{"openbao-2.5": "", "openbao-2.6": "127.0.0.1"} {
		_, client, _ := start(t, mockserver.WithBackend("hosts", "secret", hosts), mockserver.WithDialect(dialect))
		mount(t, client, "h", "hosts")
		if err := client.Sys().TuneMountAllowNilWithContext(t.Context(), "h", api.TuneMountConfigInput{PassthroughRequestHeaders: &[]string{"host"}}); err != nil {
			t.Fatal(err)
		}
		secret, err := client.Logical().ReadWithContext(t.Context(), "h/host")
		if err != nil || want != "" && !strings.HasPrefix(secret.Data["hosts"].(string), want) || want == "" && secret.Data["hosts"] != "" {
			t.Errorf("%s: %+v %v, want a host that begins with %q", dialect, secret, err, want)
		}
	}
}

// TestSecretsEngineLogsIn: until OpenBao 2.5 a secrets engine may answer with a token.
// Whoever sends a second factor that nothing asks for is warned.
func TestSecretsEngineLogsIn(t *testing.T) {
	t.Parallel()
	gate := func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &framework.Backend{
			BackendType:  logical.TypeLogical,
			PathsSpecial: &logical.Paths{Unauthenticated: []string{"login"}},
			Paths: []*framework.Path{{
				Pattern: "login",
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.UpdateOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
						return &logical.Response{Auth: &logical.Auth{Alias: &logical.Alias{Name: "ada"}}}, nil
					}},
				},
			}},
		}
		return b, b.Setup(ctx, conf)
	}
	for dialect, may := range map[string]bool{"openbao-2.4": true, "openbao-2.6": false} {
		_, client, _ := start(t, mockserver.WithBackend("gate", "secret", gate), mockserver.WithDialect(dialect))
		mount(t, client, "g", "gate")
		client.SetToken("")
		client.AddHeader("X-Vault-MFA", "totp:123")
		secret, err := client.Logical().WriteWithContext(t.Context(), "g/login", nil)
		if !may {
			var refused *api.ResponseError
			if !errors.As(err, &refused) || refused.StatusCode != http.StatusInternalServerError {
				t.Errorf("%s: %+v %v, want an internal error", dialect, secret, err)
			}
			continue
		}
		if err != nil || secret.Auth == nil || secret.Auth.ClientToken == "" || len(secret.Warnings) != 1 {
			t.Errorf("%s: %+v %v, want a token and a warning about the second factor", dialect, secret, err)
		}
	}
}

func TestBuiltins(t *testing.T) {
	t.Parallel()
	_, client, _ := start(t, mockserver.WithDialect("vault-1.20"))
	ctx := t.Context()
	mount(t, client, "certs", "pki")
	day := "24h"
	if err := client.Sys().TuneMountAllowNilWithContext(ctx, "certs", api.TuneMountConfigInput{MaxLeaseTTL: &day}); err != nil {
		t.Fatal(err)
	}
	mounts, err := client.Sys().ListMountsWithContext(ctx)
	if err != nil || mounts["certs/"].Config.MaxLeaseTTL != 86400 || mounts["certs/"].RunningVersion != "v1.20.0+builtin.vault" {
		t.Fatalf("%+v %v", mounts["certs/"], err)
	}
	_, err = client.Logical().ReadWithContext(ctx, "certs/cert/ca")
	var refused *api.ResponseError
	if !errors.As(err, &refused) || !strings.Contains(strings.Join(refused.Errors, ""), "does not emulate") {
		t.Fatalf("a builtin that is only listed answered %v", err)
	}
	if err := client.Sys().UnmountWithContext(ctx, "certs"); err != nil {
		t.Fatal(err)
	}
}

func TestKeyValueStore(t *testing.T) {
	t.Parallel()
	_, client, _ := start(t)
	ctx := t.Context()
	kv := client.KVv2("secret")
	if _, err := kv.Put(ctx, "a", map[string]any{"k": "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(ctx, "a", map[string]any{"k": "2"}, api.WithCheckAndSet(7)); err == nil {
		t.Fatal("check-and-set let a wrong version pass")
	}
	if _, err := kv.Put(ctx, "a", map[string]any{"k": "2"}, api.WithCheckAndSet(1)); err != nil {
		t.Fatal(err)
	}
	first, err := kv.GetVersion(ctx, "a", 1)
	if err != nil || first.Data["k"] != "1" {
		t.Fatalf("%+v %v", first, err)
	}
	if err := kv.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := kv.Get(ctx, "a"); err != nil || got.Data != nil || got.VersionMetadata.DeletionTime.IsZero() {
		t.Fatalf("deleted, yet: %+v %v", got, err)
	}
	mount(t, client, "one", "kv")
	if err := client.KVv1("one").Put(ctx, "b", map[string]any{"k": "v"}); err != nil {
		t.Fatal(err)
	}
}

func TestRegisterAll(t *testing.T) {
	t.Parallel()
	_, client, sha := start(t, mockserver.WithRegisterAll())
	got, err := client.Sys().GetPluginWithContext(t.Context(), &api.GetPluginInput{Name: "probe", Type: api.PluginTypeSecrets})
	if err != nil || got.SHA256 != sha {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestHandlerWithoutAddress(t *testing.T) {
	t.Parallel()
	s, err := mockserver.New()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Address() != "" || !strings.HasPrefix(s.RootToken(), "hvs.") {
		t.Fatalf("address %q, root token of %d characters", s.Address(), len(s.RootToken()))
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/sys/mounts", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vault-Token", s.RootToken())
	w := &recorder{header: http.Header{}}
	s.ServeHTTP(w, r)
	if w.status != http.StatusOK || !strings.Contains(w.body.String(), `"cubbyhole/"`) {
		t.Fatalf("%d %s", w.status, w.body.String())
	}
}

// recorder is a response writer without a network.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
