// SPDX-License-Identifier: MPL-2.0

package jwt_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	if got := m.must(t, logical.ReadOperation, "config", nil); got != nil {
		t.Errorf("before the first write: %v", got)
	}
	// Items of list fields are trimmed.
	key := strings.TrimSpace(newIssuer(t, "k").pem(t))
	m.must(t, logical.UpdateOperation, "config", map[string]any{
		"jwt_validation_pubkeys": []string{key}, "jwt_supported_algs": "ES256,RS256",
		"bound_issuer": "i", "default_role": "Demo",
	})
	want := map[string]any{
		"oidc_discovery_url": "", "oidc_discovery_ca_pem": "", "jwks_url": "", "jwks_ca_pem": "",
		"jwt_validation_pubkeys": []string{key}, "jwt_supported_algs": []string{"ES256", "RS256"},
		"bound_issuer": "i", "default_role": "demo",
	}
	if got := m.must(t, logical.ReadOperation, "config", nil).Data; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestConfigRefused(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k")
	up := serve(t, i)
	broken := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/text" {
			_, _ = w.Write([]byte("hello"))
			return
		}
		http.Error(w, "no", http.StatusInternalServerError)
	}))
	down := httptest.NewServer(i)
	down.Close()
	const one = "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set"

	m := newMount(t)
	for name, c := range map[string]struct {
		config map[string]any
		want   string
	}{
		"nothing":           {nil, one},
		"two sources":       {map[string]any{"jwks_url": up.URL + "/jwks", "jwt_validation_pubkeys": i.pem(t)}, one},
		"no key":            {map[string]any{"jwt_validation_pubkeys": "nonsense"}, "error parsing public key: "},
		"algorithm":         {map[string]any{"jwt_validation_pubkeys": i.pem(t), "jwt_supported_algs": "none"}, `invalid jwt_supported_algs: unsupported signing algorithm "none"`},
		"jwks down":         {map[string]any{"jwks_url": down.URL + "/jwks"}, "error checking jwks URL " + down.URL},
		"jwks fails":        {map[string]any{"jwks_url": broken.URL + "/jwks"}, "error checking jwks URL "},
		"jwks is text":      {map[string]any{"jwks_url": broken.URL + "/text"}, "error checking jwks URL "},
		"jwks is not a URL": {map[string]any{"jwks_url": "::"}, "error checking jwks URL ::"},
		"ca is not PEM":     {map[string]any{"jwks_url": up.URL + "/jwks", "jwks_ca_pem": "x"}, "error checking jwks_ca_pem"},
		"discovery down":    {map[string]any{"oidc_discovery_url": down.URL}, "error checking oidc discovery URL"},
		"discovery, issuer": {map[string]any{"oidc_discovery_url": up.URL + "/"}, "error checking oidc discovery URL"},
		"wrong type":        {map[string]any{"jwks_url": map[string]any{"a": 1}}, "Field validation failed: "},
	} {
		if got := m.refused(t, logical.UpdateOperation, "config", c.config); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := m.must(t, logical.ReadOperation, "config", nil); got != nil {
		t.Errorf("a refused configuration was stored: %v", got)
	}
}

// TestKeySources logs in with keys from each kind of source.
func TestKeySources(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k1")
	plain := serve(t, i)
	secure := httptest.NewTLSServer(i)
	t.Cleanup(secure.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	for name, config := range map[string]map[string]any{
		"jwks":          {"jwks_url": plain.URL + "/jwks"},
		"jwks, TLS":     {"jwks_url": secure.URL + "/jwks", "jwks_ca_pem": ca},
		"discovery":     {"oidc_discovery_url": plain.URL},
		"discovery TLS": {"oidc_discovery_url": secure.URL, "oidc_discovery_ca_pem": ca},
		"keys":          {"jwt_validation_pubkeys": []string{newIssuer(t, "x").pem(t), i.pem(t)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.must(t, logical.UpdateOperation, "config", config)
			m.must(t, logical.CreateOperation, "role/demo", demoRole(nil))
			m.must(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": i.token(t, nil)})
			got := m.refused(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": newIssuer(t, "k1").token(t, nil)})
			if !strings.Contains(got, "error verifying token signature") {
				t.Errorf("another's token: %q", got)
			}
		})
	}
}

func TestKeysAreCachedUntilTheConfigurationChanges(t *testing.T) {
	t.Parallel()
	first, second := newIssuer(t, "k1"), newIssuer(t, "k2")
	a, b := serve(t, first), serve(t, second)
	m := newMount(t)
	m.must(t, logical.UpdateOperation, "config", map[string]any{"jwks_url": a.URL + "/jwks"})
	m.must(t, logical.CreateOperation, "role/demo", demoRole(nil))

	before := first.fetches.Load()
	token := first.token(t, nil)
	var logins sync.WaitGroup
	for range 8 {
		logins.Go(func() {
			for range 5 {
				resp, err := m.do(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": token})
				if err != nil || resp.IsError() {
					t.Errorf("login: %v, %v", resp, err)
				}
			}
		})
	}
	logins.Wait()
	// Concurrent first logins may each fetch the keys.
	if n := first.fetches.Load() - before; n < 1 || n > 8 {
		t.Errorf("%d fetches for 40 logins", n)
	}

	a.Close()
	m.must(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": first.token(t, nil)})

	m.must(t, logical.UpdateOperation, "config", map[string]any{"jwks_url": b.URL + "/jwks"})
	m.must(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": second.token(t, nil)})
	m.refused(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": first.token(t, nil)})

	b.Close()
	m.InvalidateKey(t.Context(), "config")
	if got := m.refused(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": second.token(t, nil)}); !strings.Contains(got, "fetching keys") {
		t.Errorf("with the server down: %q", got)
	}
}

func TestDiscoveryDownAtLogin(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, "k1")
	server := serve(t, i)
	m := newMount(t)
	m.must(t, logical.UpdateOperation, "config", map[string]any{"oidc_discovery_url": server.URL})
	m.must(t, logical.CreateOperation, "role/demo", demoRole(nil))
	server.Close()
	got := m.refused(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": i.token(t, nil)})
	if !strings.HasPrefix(got, "error configuring token validator: keyset configuration error: ") {
		t.Errorf("got %q", got)
	}
}

func TestSpecialPaths(t *testing.T) {
	t.Parallel()
	if got := newMount(t).SpecialPaths().Unauthenticated; !slices.Equal(got, []string{"login"}) {
		t.Errorf("unauthenticated: %v", got)
	}
}
