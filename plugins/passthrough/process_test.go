// SPDX-License-Identifier: MPL-2.0

package passthrough_test

import (
	"reflect"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/plugins/internal/plugintest"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	p, err := plugintest.Start(t, plugintest.Build(t, "./cmd/passthrough-plugin"), "REGION=eu")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Multiplexed {
		t.Error("one process cannot serve several mounts")
	}
	b, storage, err := p.Mount(t)
	if err != nil {
		t.Fatal(err)
	}
	m := mount{Backend: b, storage: storage}
	want := map[string]any{"value": "eu", "set": true}
	if got := m.must(t, logical.ReadOperation, "env/REGION", nil); !reflect.DeepEqual(got, want) {
		t.Errorf("env/REGION: %v", got)
	}
	m.must(t, logical.CreateOperation, "a/b", map[string]any{"x": "1"})
	if got := m.must(t, logical.ReadOperation, "a/b", nil); got["x"] != "1" {
		t.Errorf("a/b: %v", got)
	}
}
