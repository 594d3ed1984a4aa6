// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// benched is a server whose root token is root, and a client of it.
func benched(b *testing.B, opts ...mockserver.Option) (*mockserver.Server, *api.Client) {
	b.Helper()
	s, err := mockserver.Start(b.Context(), append(opts, mockserver.WithRootToken("root"))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	config := api.DefaultConfig()
	config.Address = s.Address()
	client, err := api.NewClient(config)
	if err != nil {
		b.Fatal(err)
	}
	client.SetToken("root")
	return s, client
}

// BenchmarkRead reads through a plugin over HTTP, side by side. The profile of
// it shows what the server adds to the plugin's own work; the ratios to the
// floor are suites/tests/bench's.
func BenchmarkRead(b *testing.B) {
	dir, sha := pluginDir(b)
	s, client := benched(b, mockserver.WithPluginDir(dir))
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

// BenchmarkList lists 200 mounts over HTTP.
func BenchmarkList(b *testing.B) {
	s, client := benched(b)
	for i := range 200 {
		if err := client.Sys().MountWithContext(b.Context(), fmt.Sprintf("m%d", i), &api.MountInput{Type: "kv"}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.Address()+"/v1/sys/mounts", nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("X-Vault-Token", "root")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
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
