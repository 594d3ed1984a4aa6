// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// BenchmarkRead reads through a plugin over HTTP, side by side. The profile of
// it shows what the server adds to the plugin's own work; the ratios to the
// floor are suites/bench's.
func BenchmarkRead(b *testing.B) {
	dir, sha := pluginDir(b)
	s, err := mockserver.Start(b.Context(), mockserver.WithPluginDir(dir), mockserver.WithRootToken("root"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	config := api.DefaultConfig()
	config.Address = s.Address()
	client, err := api.NewClient(config)
	if err != nil {
		b.Fatal(err)
	}
	client.SetToken("root")
	ctx := b.Context()
	if err := client.Sys().RegisterPluginWithContext(ctx, &api.RegisterPluginInput{Name: "probe", Type: api.PluginTypeSecrets, Command: "probe", SHA256: sha}); err != nil {
		b.Fatal(err)
	}
	if err := client.Sys().MountWithContext(ctx, "p", &api.MountInput{Type: "probe"}); err != nil {
		b.Fatal(err)
	}
	if _, err := client.Logical().WriteWithContext(ctx, "p/kv/a", map[string]any{"value": "1"}); err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address()+"/v1/p/kv/a", nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("X-Vault-Token", "root")
			resp, err := transport.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Error(resp.Status)
				return
			}
		}
	})
}

// BenchmarkStart starts a server within the process and asks it once.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := mockserver.Start(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		resp, err := http.Get(s.Address() + "/v1/sys/health")
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
