// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// TestPluginBuiltWithTheOldSDK needs no imitation: plugins/old is built with
// vault/sdk v0.3.0.
func TestPluginBuiltWithTheOldSDK(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("building plugins/old needs the go command")
	}
	path := filepath.Join(t.TempDir(), "old")
	build := exec.Command("go", "build", "-C", "../../../plugins/old", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "./cmd/probe-v4")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build plugins/old: %v\n%s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	e := process.Entry{
		Name: "old", Type: consts.PluginTypeSecrets, Command: path, SHA256: sum[:], Env: []string{"REGION=eu"},
	}
	wrap := wrapper(t)
	p := newPool(t, func(h *process.Host) { h.Wrap = wrap })
	conf := config("o")
	b, err := p.Backend(t.Context(), fixed(e), conf)
	if err != nil {
		t.Fatal(err)
	}
	if b.Type() != logical.TypeLogical || len(p.Processes()) != 0 {
		t.Fatalf("after mounting: type %v, processes %+v", b.Type(), p.Processes())
	}
	if got := mustRead(t, b, "env/REGION")["value"]; got != "eu" {
		t.Errorf("REGION = %v", got)
	}
	write := &logical.Request{Operation: logical.UpdateOperation, Path: "kv/a", Data: map[string]any{"value": "1"}, Storage: conf.StorageView}
	if _, err := b.HandleRequest(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	keys, err := conf.StorageView.List(t.Context(), "")
	if err != nil || !slices.ContainsFunc(keys, func(key string) bool { return key != "" }) {
		t.Errorf("the plugin wrote %v (%v) to its storage", keys, err)
	}
	running := p.Processes()
	if len(running) != 1 {
		t.Fatalf("processes %+v", running)
	}
	b.Cleanup(t.Context())
	if !gone(running[0].PID) {
		t.Error("the process outlives its mount")
	}
}
