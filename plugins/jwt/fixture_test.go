// SPDX-License-Identifier: MPL-2.0

package jwt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/plugins/jwt"
)

// issuer signs tokens and publishes its key.
type issuer struct {
	key     *ecdsa.PrivateKey
	id      string
	fetches atomic.Int64
}

func newIssuer(t *testing.T, id string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{key: key, id: id}
}

// token returns a signed token with valid claims, changed by claims. A nil value
// removes a claim.
func (i *issuer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	return sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: i.id}}, claims)
}

func sign(t *testing.T, key jose.SigningKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := josejwt.Signed(signer).Claims(payload(claims)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func payload(claims map[string]any) map[string]any {
	now := time.Now().Unix()
	all := map[string]any{
		"iss": "https://idp.example.test", "sub": "alice", "aud": "vault",
		"iat": now, "nbf": now, "exp": now + 600,
		"groups": []string{"dev", "ops"}, "level": 3, "admin": true,
		"nested": map[string]any{"user": "nested-alice", "list": []any{"zero", "one"}},
	}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

func (i *issuer) pem(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(i.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// ServeHTTP serves the key at /jwks, and a discovery document with the host of the
// request.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.fetches.Add(1)
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/jwks":
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: i.key.Public(), KeyID: i.id, Algorithm: "ES256", Use: "sig"},
		}})
	case "/.well-known/openid-configuration":
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": scheme + r.Host, "jwks_uri": scheme + r.Host + "/jwks",
		})
	default:
		http.NotFound(w, r)
	}
}

func serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// mount is a mount of the auth method in the process of the test.
type mount struct {
	logical.Backend
	storage logical.Storage
}

func newMount(t *testing.T) mount {
	t.Helper()
	conf := logical.TestBackendConfig()
	conf.StorageView = &logical.InmemStorage{}
	conf.System = logical.StaticSystemView{DefaultLeaseTTLVal: time.Hour, MaxLeaseTTLVal: 2 * time.Hour}
	b, err := jwt.Factory(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	return mount{Backend: b, storage: conf.StorageView}
}

func (m mount) do(t *testing.T, op logical.Operation, path string, data map[string]any) (*logical.Response, error) {
	t.Helper()
	return m.HandleRequest(t.Context(), &logical.Request{
		Operation: op, Path: path, Data: data, Storage: m.storage,
		Connection: &logical.Connection{RemoteAddr: "127.0.0.1"},
	})
}

// refused returns the error message of a request that must be refused.
func (m mount) refused(t *testing.T, op logical.Operation, path string, data map[string]any) string {
	t.Helper()
	resp, err := m.do(t, op, path, data)
	if err != nil {
		t.Fatalf("%s %s: %v", op, path, err)
	}
	if !resp.IsError() {
		t.Fatalf("%s %s was not refused: %+v", op, path, resp)
	}
	return resp.Error().Error()
}

// must returns the response of a request that must succeed.
func (m mount) must(t *testing.T, op logical.Operation, path string, data map[string]any) *logical.Response {
	t.Helper()
	resp, err := m.do(t, op, path, data)
	if err != nil || resp.IsError() {
		t.Fatalf("%s %s: %v, %v", op, path, resp, err)
	}
	return resp
}

// ready returns a mount with the issuer's key and the role demo.
func ready(t *testing.T, i *issuer, role map[string]any) mount {
	t.Helper()
	m := newMount(t)
	m.must(t, logical.UpdateOperation, "config", map[string]any{"jwt_validation_pubkeys": i.pem(t)})
	m.must(t, logical.CreateOperation, "role/demo", demoRole(role))
	return m
}

func demoRole(over map[string]any) map[string]any {
	role := map[string]any{"role_type": "jwt", "user_claim": "sub", "bound_audiences": "vault"}
	maps.Copy(role, over)
	return role
}
