// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// benchmarked is the entry that all benchmarks start: this test binary.
func benchmarked(b *testing.B) process.Entry {
	b.Helper()
	e, err := self("multiplex")
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// floor starts the plugin with go-plugin and nothing else.
func floor(b *testing.B, e process.Entry) (*plugin.Client, logical.Backend) {
	b.Helper()
	cmd := exec.Command(e.Command, e.Args...)
	cmd.Env = append([]string{"VAULT_PLUGIN_AUTOMTLS_ENABLED=true", "PATH=" + os.Getenv("PATH")}, e.Env...)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  sdkplugin.HandshakeConfig,
		VersionedPlugins: sdkplugin.PluginSet,
		Cmd:              cmd,
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	rpc, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := rpc.Dispense("backend")
	if err != nil {
		b.Fatal(err)
	}
	return client, raw.(logical.Backend)
}

func benchPool(b *testing.B) *process.Pool {
	p := process.New(process.Host{
		Environ:      func() []string { return []string{"PATH=" + os.Getenv("PATH")} },
		OwnVariables: []string{"VAULT_"}, Version: "1.2.3",
	})
	b.Cleanup(p.Close)
	return p
}

func benchMount(b *testing.B, p *process.Pool, e process.Entry) *process.Backend {
	b.Helper()
	backend, err := p.Backend(context.Background(), fixed(e), config("bench"))
	if err != nil {
		b.Fatal(err)
	}
	return backend
}

// BenchmarkFirstMount is a mount that starts the process, beside the start.
func BenchmarkFirstMount(b *testing.B) {
	e := benchmarked(b)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			client, _ := floor(b, e)
			b.StopTimer()
			client.Kill()
			b.StartTimer()
		}
	})
	b.Run("pool", func(b *testing.B) {
		p := benchPool(b)
		for b.Loop() {
			backend := benchMount(b, p, e)
			b.StopTimer()
			backend.Cleanup(context.Background())
			b.StartTimer()
		}
	})
}

// BenchmarkFurtherMount is a mount of a running multiplexed plugin.
func BenchmarkFurtherMount(b *testing.B) {
	p, e := benchPool(b), benchmarked(b)
	benchMount(b, p, e)
	for b.Loop() {
		benchMount(b, p, e)
	}
}

// BenchmarkEnd is the end of a process, beside go-plugin's Kill.
func BenchmarkEnd(b *testing.B) {
	e := benchmarked(b)
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			client, _ := floor(b, e)
			b.StartTimer()
			client.Kill()
		}
	})
	b.Run("pool", func(b *testing.B) {
		p := benchPool(b)
		for b.Loop() {
			b.StopTimer()
			backend := benchMount(b, p, e)
			b.StartTimer()
			backend.Cleanup(context.Background())
		}
	})
}

// BenchmarkRequest is a request from 32 clients, beside the same call with
// go-plugin alone.
func BenchmarkRequest(b *testing.B) {
	e := benchmarked(b)
	run := func(b *testing.B, backend logical.Backend, clients int) {
		b.SetParallelism(clients)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := read(context.Background(), backend, "pid"); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		client, backend := floor(b, entryOf(b, "single"))
		b.Cleanup(client.Kill)
		if err := backend.Setup(context.Background(), config("bench")); err != nil {
			b.Fatal(err)
		}
		b.Run("32", func(b *testing.B) { run(b, backend, 16) })
	})
	b.Run("pool", func(b *testing.B) {
		backend := benchMount(b, benchPool(b), e)
		b.Run("32", func(b *testing.B) { run(b, backend, 16) })
	})
}

func entryOf(b *testing.B, role string) process.Entry {
	b.Helper()
	e, err := self(role)
	if err != nil {
		b.Fatal(err)
	}
	return e
}
