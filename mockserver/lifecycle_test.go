// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// pid asks the plugin at a mount for the pid of its process.
func pid(t *testing.T, client *api.Client, path string) int {
	t.Helper()
	secret, err := client.Logical().ReadWithContext(t.Context(), path+"/process")
	if err != nil {
		t.Fatal(err)
	}
	n, err := secret.Data["pid"].(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = process.Release() }()
	return process.Signal(syscall.Signal(0)) == nil
}

func TestKilledServerLeavesNoPluginProcess(t *testing.T) {
	t.Parallel()
	dir, sha := pluginDir(t)
	server := startChild(t, dir, "")
	client := clientOf(t, server.address)
	register(t, client, api.PluginTypeSecrets, "shared", sha)
	register(t, client, api.PluginTypeSecrets, "alone", sha, "PROBE_SERVE=automtls")
	mount(t, client, "a", "shared")
	mount(t, client, "b", "alone")
	pids := []int{pid(t, client, "a"), pid(t, client, "b")}
	if pids[0] == pids[1] || !alive(pids[0]) || !alive(pids[1]) {
		t.Fatalf("two processes expected: %v", pids)
	}
	server.kill()
	for _, p := range pids {
		eventually(t, fmt.Sprintf("the end of plugin process %d", p), func() bool { return !alive(p) })
	}
}

func TestCloseEndsPluginProcesses(t *testing.T) {
	t.Parallel()
	s, client, sha := start(t)
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	mount(t, client, "a", "probe")
	p := pid(t, client, "a")
	if got := s.Processes(); len(got) != 1 || got[0].PID != p || got[0].Name != "probe" {
		t.Fatalf("processes: %+v, want one with pid %d", got, p)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if alive(p) {
		t.Fatalf("plugin process %d is alive after Close", p)
	}
}

// TestStateSurvivesAKill kills a server with a data directory and looks at what
// another one finds there.
func TestStateSurvivesAKill(t *testing.T) {
	t.Parallel()
	dir, sha := pluginDir(t)
	data := t.TempDir()
	server := startChild(t, dir, data)
	client := clientOf(t, server.address)
	ctx := t.Context()
	register(t, client, api.PluginTypeSecrets, "probe", sha, "V=kept")
	mount(t, client, "a", "probe")
	if _, err := client.Logical().WriteWithContext(ctx, "a/kv/x", map[string]any{"value": "1"}); err != nil {
		t.Fatal(err)
	}
	if err := client.Sys().PutPolicyWithContext(ctx, "reader", `path "a/*" { capabilities = ["read"] }`); err != nil {
		t.Fatal(err)
	}
	secret, err := client.Auth().Token().CreateWithContext(ctx, &api.TokenCreateRequest{Policies: []string{"reader"}})
	if err != nil {
		t.Fatal(err)
	}
	before, err := client.Sys().ListMountsWithContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	server.kill()

	client = clientOf(t, startChild(t, dir, data).address)
	after, err := client.Sys().ListMountsWithContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for path, m := range before {
		if after[path] == nil || after[path].Accessor != m.Accessor || after[path].RunningSha256 != m.RunningSha256 {
			t.Errorf("mount %s was %+v, is %+v", path, m, after[path])
		}
	}
	client.SetToken(secret.Auth.ClientToken)
	got, err := client.Logical().ReadWithContext(ctx, "a/kv/x")
	if err != nil || got.Data["value"] != "1" {
		t.Fatalf("read with the old token: %+v %v", got, err)
	}
	if got, err = client.Logical().ReadWithContext(ctx, "a/env/V"); err != nil || got.Data["value"] != "kept" {
		t.Fatalf("registered environment: %+v %v", got, err)
	}
	var refused *api.ResponseError
	if _, err = client.Logical().WriteWithContext(ctx, "a/kv/x", nil); !errors.As(err, &refused) || refused.StatusCode != 403 {
		t.Fatalf("a policy that allows reading allowed writing: %v", err)
	}
}

func TestDataDirectoryHasOneServer(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start(t, mockserver.WithDataDir(data))
	_, err := mockserver.New(mockserver.WithDataDir(data))
	if err == nil {
		t.Fatal("a second server opened the data directory")
	}
}

// TestManyMountsAtOnce mounts, uses and unmounts side by side; all share one
// process, and nothing is left.
func TestManyMountsAtOnce(t *testing.T) {
	t.Parallel()
	s, client, sha := start(t)
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			path := fmt.Sprintf("m/%d", i)
			ctx := t.Context()
			if err := client.Sys().MountWithContext(ctx, path, &api.MountInput{Type: "probe"}); err != nil {
				t.Error(err)
				return
			}
			if _, err := client.Logical().WriteWithContext(ctx, path+"/kv/x", map[string]any{"value": i}); err != nil {
				t.Error(err)
			}
			got, err := client.Logical().ReadWithContext(ctx, path+"/kv/x")
			if err != nil || got.Data["value"] != fmt.Sprint(i) {
				t.Errorf("%s: %+v %v", path, got, err)
			}
			if err := client.Sys().UnmountWithContext(ctx, path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	eventually(t, "the end of the plugin process", func() bool { return len(s.Processes()) == 0 })
}

// TestOneOfManyMountsOfAPath lets several requests mount one path at once.
func TestOneOfManyMountsOfAPath(t *testing.T) {
	t.Parallel()
	_, client, sha := start(t)
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	var group sync.WaitGroup
	results := make(chan error, 10)
	for range cap(results) {
		group.Go(func() {
			results <- client.Sys().MountWithContext(t.Context(), "same", &api.MountInput{Type: "probe"})
		})
	}
	group.Wait()
	close(results)
	mounted := 0
	for err := range results {
		if err == nil {
			mounted++
		}
	}
	if mounted != 1 {
		t.Fatalf("%d requests mounted the path, want one", mounted)
	}
}
