// SPDX-License-Identifier: MPL-2.0

package jwt_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/plugins/internal/plugintest"
)

// forwardProxy forwards every request to one server, whatever its host, and
// records the hosts. It is like a company's proxy to an identity provider whose
// name only the proxy can resolve.
type forwardProxy struct {
	backend http.Handler
	mu      sync.Mutex
	hosts   []string
}

func (p *forwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !r.URL.IsAbs() {
		http.Error(w, "not a proxy request", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.hosts = append(p.hosts, r.URL.Host)
	p.mu.Unlock()
	p.backend.ServeHTTP(w, r)
}

func (p *forwardProxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts
}

// TestProxy starts the same binary for two regions, each with its own HTTP_PROXY.
func TestProxy(t *testing.T) {
	t.Parallel()
	binary := plugintest.Build(t, "./cmd/jwt")
	i := newIssuer(t, "k1")
	const idp = "idp.example.test"
	for name, c := range map[string]struct {
		env     func(proxy *url.URL) []string
		proxied bool
	}{
		"with scheme":          {func(u *url.URL) []string { return []string{"HTTP_PROXY=" + u.String()} }, true},
		"bare host":            {func(u *url.URL) []string { return []string{"HTTP_PROXY=" + u.Host} }, true},
		"another in NO_PROXY":  {func(u *url.URL) []string { return []string{"HTTP_PROXY=" + u.Host, "NO_PROXY=other.test"} }, true},
		"excepted by NO_PROXY": {func(u *url.URL) []string { return []string{"HTTP_PROXY=" + u.Host, "NO_PROXY=.example.test"} }, false},
		"other scheme's proxy": {func(u *url.URL) []string { return []string{"HTTPS_PROXY=" + u.Host} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := &forwardProxy{backend: i}
			server := httptest.NewServer(proxy)
			t.Cleanup(server.Close)
			u, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			p, err := plugintest.Start(t, binary, c.env(u)...)
			if err != nil {
				t.Fatal(err)
			}
			b, storage, err := p.Mount(t)
			if err != nil {
				t.Fatal(err)
			}
			m := mount{Backend: b, storage: storage}
			config := map[string]any{"jwks_url": "http://" + idp + "/jwks"}
			if !c.proxied {
				if got := m.refused(t, logical.UpdateOperation, "config", config); !strings.HasPrefix(got, "error checking jwks URL") {
					t.Errorf("configuration without the proxy: %q", got)
				}
				if hosts := proxy.asked(); len(hosts) != 0 {
					t.Errorf("the proxy was asked for %v", hosts)
				}
				return
			}
			m.must(t, logical.UpdateOperation, "config", config)
			m.must(t, logical.CreateOperation, "role/demo", demoRole(nil))
			m.must(t, logical.UpdateOperation, "login", map[string]any{"role": "demo", "jwt": i.token(t, nil)})
			hosts := proxy.asked()
			if len(hosts) != 2 || hosts[0] != idp || hosts[1] != idp {
				t.Errorf("the proxy was asked for %v, want %s for the check and the login", hosts, idp)
			}
			if !p.Multiplexed || b.Type() != logical.TypeCredential {
				t.Errorf("multiplexed %v, type %v", p.Multiplexed, b.Type())
			}
		})
	}
}
