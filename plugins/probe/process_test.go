// SPDX-License-Identifier: MPL-2.0

package probe_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/plugins/internal/plugintest"
)

// TestProcess is one test for all variables of the binary, which is slow to build.
func TestProcess(t *testing.T) {
	t.Parallel()
	binary := plugintest.Build(t, "./cmd/probe")

	t.Run("kinds", func(t *testing.T) {
		for _, c := range []struct {
			name        string
			env         []string
			kind        logical.BackendType
			multiplexed bool
			version     string
		}{
			{"default", nil, logical.TypeLogical, true, ""},
			{"auth", []string{"PROBE_TYPE=auth", "PROBE_SERVE=multiplex", "PROBE_VERSION=v3.1.0"}, logical.TypeCredential, true, "v3.1.0"},
			{"automtls", []string{"PROBE_TYPE=secret", "PROBE_SERVE=automtls"}, logical.TypeLogical, false, ""},
			{"wrapped", []string{"PROBE_SERVE=wrapped", "PROBE_VERSION=banana"}, logical.TypeLogical, false, "banana"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				p, err := plugintest.Start(t, binary, c.env...)
				if err != nil {
					t.Fatal(err)
				}
				b, storage, err := p.Mount(t)
				if err != nil {
					t.Fatal(err)
				}
				version := b.(logical.PluginVersioner).PluginVersion().Version
				if b.Type() != c.kind || p.Multiplexed != c.multiplexed || version != c.version {
					t.Errorf("type %v, multiplexed %v, version %q", b.Type(), p.Multiplexed, version)
				}
				resp, err := b.HandleRequest(t.Context(), &logical.Request{Operation: logical.ReadOperation, Path: "fail", Storage: storage})
				if err == nil || err.Error() != "probe: internal failure" {
					t.Errorf("fail: %v, %v", resp, err)
				}
				resp, err = b.HandleRequest(t.Context(), &logical.Request{Operation: logical.ReadOperation, Path: "process", Storage: storage})
				if err != nil || !reflect.DeepEqual(resp.Data["args"], []any{}) {
					t.Errorf("process: %v, %v", resp, err)
				}
				if _, err := b.HandleRequest(t.Context(), &logical.Request{Operation: logical.ReadOperation, Path: "crash", Storage: storage}); err == nil {
					t.Error("crash answered")
				}
			})
		}
	})

	t.Run("transactions", func(t *testing.T) {
		t.Parallel()
		p, err := plugintest.Start(t, binary, "PROBE_SERVE=transactions")
		if err != nil {
			t.Fatal(err)
		}
		b, storage, err := p.Mount(t)
		if err != nil {
			t.Fatal(err)
		}
		request := func(op logical.Operation, path string, data map[string]any) (*logical.Response, error) {
			return b.HandleRequest(t.Context(), &logical.Request{Operation: op, Path: path, Data: data, Storage: storage})
		}
		if _, err := request(logical.UpdateOperation, "kv/x", map[string]any{"value": "1"}); err != nil {
			t.Fatal(err)
		}
		if resp, err := request(logical.ReadOperation, "kv/x", nil); err != nil || resp.Data["value"] != "1" {
			t.Errorf("kv/x: %v, %v", resp, err)
		}
		// This storage is Vault's.
		if _, err := request(logical.UpdateOperation, "tx/a", nil); err == nil || !strings.Contains(err.Error(), "BeginTx") {
			t.Errorf("begin: %v", err)
		}
		if _, err := request(logical.ReadOperation, "tx/a/kv/x", nil); err == nil || !strings.Contains(err.Error(), "no transaction a is open") {
			t.Errorf("a transaction that never began: %v", err)
		}
	})

	t.Run("faults", func(t *testing.T) {
		for name, want := range map[string]string{
			"exit-at-start":     "Unrecognized remote plugin message",
			"garbage-handshake": "Unrecognized remote plugin message: this is not a handshake",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, err := plugintest.Start(t, binary, "PROBE_FAULT="+name)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			})
		}
		t.Run("fail-setup", func(t *testing.T) {
			t.Parallel()
			p, err := plugintest.Start(t, binary, "PROBE_FAULT=fail-setup")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := p.Mount(t); err == nil || err.Error() != "probe: told to fail in the factory" {
				t.Errorf("setup: %v", err)
			}
		})
	})
}
