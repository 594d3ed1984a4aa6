// SPDX-License-Identifier: MPL-2.0

package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

func TestRefusedMountsLeaveNothing(t *testing.T) {
	t.Parallel()
	physical := storage.NewMemory()
	c := newCore(t, &engine{kind: logical.TypeLogical}, physical, nil)
	enable(t, c, "taken/", "engine")
	before := len(entries(t, physical, "mounts/"))
	for want, e := range map[string]*mounts.Entry{
		`cannot mount "sys/x/"`:                           {Path: "sys/x/", Type: "engine"},
		`cannot mount "auth/x/"`:                          {Path: "auth/x/", Type: "engine"},
		`cannot mount "cubbyhole/"`:                       {Path: "cubbyhole/", Type: "engine"},
		`mount type of "system" is not mountable`:         {Path: "x/", Type: "system"},
		"backend path must be specified":                  {Path: "/", Type: "engine"},
		"token credential backend cannot be instantiated": {Path: "x/", Type: "token", Auth: true},
		"path is already in use at taken/":                {Path: "taken/below/", Type: "engine"},
		`plugin not found in the catalog`:                 {Path: "x/", Type: "no-such-plugin"},
	} {
		err := c.EnableMount(t.Context(), e)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := c.MountAt(t.Context(), e.FullPath()); e.Path == "x/" && !errors.Is(err, mounts.ErrNotFound) {
			t.Errorf("%s is there: %v", e.FullPath(), err)
		}
	}
	if after := len(entries(t, physical, "mounts/")); after != before {
		t.Errorf("%d mounts are stored, before it were %d", after, before)
	}
}

func TestDisableMount(t *testing.T) {
	t.Parallel()
	physical := storage.NewMemory()
	e := &engine{kind: logical.TypeLogical}
	c := newCore(t, e, physical, nil)
	enable(t, c, "m/", "engine")
	handle(t, c, logical.UpdateOperation, "m/kv/a", map[string]any{"value": "1"})
	r, err := c.MountAt(t.Context(), "m/")
	if err != nil {
		t.Fatal(err)
	}
	place := "logical/" + r.Entry().UUID + "/"
	if got := entries(t, physical, place); len(got) != 1 {
		t.Fatalf("stored below the mount: %q", got)
	}
	if err := c.DisableMount(t.Context(), "m/"); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, physical, place); len(got) != 0 || e.cleanups.Load() != 1 {
		t.Errorf("left in the storage: %q; cleaned up %d times", got, e.cleanups.Load())
	}
	if err := c.DisableMount(t.Context(), "m/"); !errors.Is(err, mounts.ErrNotFound) {
		t.Errorf("once more: %v", err)
	}
}

// TestOperations: a write of what is not there is a create, and the backend sees
// neither the caller's token nor headers that the mount does not pass.
func TestOperations(t *testing.T) {
	t.Parallel()
	c := newCore(t, &engine{kind: logical.TypeLogical}, storage.NewMemory(), nil)
	enable(t, c, "m/", "engine")
	for _, want := range []string{"create", "update"} {
		if got := handle(t, c, logical.UpdateOperation, "m/kv/a", map[string]any{"value": "1"}).Data["operation"]; got != want {
			t.Errorf("the operation is %v, want %s", got, want)
		}
	}
	resp, err := c.Handle(t.Context(), &logical.Request{
		Operation: logical.ReadOperation, Path: "m/kv/a", ClientToken: rootToken, Headers: map[string][]string{"X-Mine": {"1"}},
	})
	if err != nil || resp.Data["value"] != "1" {
		t.Fatalf("%+v %v", resp, err)
	}
	token, _ := resp.Data["token"].(string)
	if token == rootToken || token == "" || len(resp.Data["headers"].(map[string][]string)) != 0 {
		t.Errorf("the backend saw token %q and headers %v", token, resp.Data["headers"])
	}
	resp, err = c.Handle(t.Context(), &logical.Request{Operation: logical.UpdateOperation, Path: "m/kv/a/", ClientToken: rootToken})
	if err != nil || !resp.IsError() || resp.Error().Error() != "cannot write to a path ending in '/'" {
		t.Errorf("a write to a path with a slash at its end: %+v %v", resp, err)
	}
	_, err = c.Handle(t.Context(), &logical.Request{Operation: logical.ReadOperation, Path: "nowhere/a", ClientToken: rootToken})
	if !errors.Is(err, logical.ErrUnsupportedPath) {
		t.Errorf("a path without mount: %v", err)
	}
}

func TestLoginNeedsNoToken(t *testing.T) {
	t.Parallel()
	c := newCore(t, &engine{kind: logical.TypeCredential}, storage.NewMemory(), nil)
	if err := c.EnableMount(t.Context(), &mounts.Entry{Path: "m/", Type: "method", Auth: true}); err != nil {
		t.Fatal(err)
	}
	resp, err := c.Handle(t.Context(), &logical.Request{ID: "1", Operation: logical.UpdateOperation, Path: "auth/m/login"})
	if err != nil || resp.Auth == nil || resp.Auth.ClientToken == "" {
		t.Fatalf("%+v %v", resp, err)
	}
	limited := resp.Auth.ClientToken
	for path, token := range map[string]string{"auth/m/kv/a": "", "auth/m/kv/rooted": limited} {
		_, err := c.Handle(t.Context(), &logical.Request{Operation: logical.ReadOperation, Path: path, ClientToken: token})
		if !errors.Is(err, logical.ErrPermissionDenied) {
			t.Errorf("%s with the token %q: %v", path, token, err)
		}
	}
}

func TestRemount(t *testing.T) {
	t.Parallel()
	e := &engine{kind: logical.TypeLogical}
	c := newCore(t, e, storage.NewMemory(), nil)
	enable(t, c, "from/", "engine")
	handle(t, c, logical.UpdateOperation, "from/kv/a", map[string]any{"value": "1"})
	for want, move := range map[string][2]string{
		`cannot remount "sys/"`:                             {"sys/", "to/"},
		`cannot remount to destination sys/`:                {"from/", "sys/"},
		`cannot remount auth mount to non-auth mount "to/"`: {"auth/token/", "to/"},
		`cannot remount "auth/token/"`:                      {"auth/token/", "auth/to/"},
		`no matching mount at "none/"`:                      {"none/", "to/"},
		`path already in use at "secret/"`:                  {"from/", "secret/"},
	} {
		if _, err := c.Remount(t.Context(), move[0], move[1]); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %q", move, err, want)
		}
	}
	id, err := c.Remount(t.Context(), "from/", "to/")
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; {
		m, err := c.MigrationStatus(id)
		if err != nil || m.Status == core.MigrationFailure || time.Now().After(end) {
			t.Fatalf("%+v %v", m, err)
		}
		if m.Status == core.MigrationSuccess {
			break
		}
	}
	if got := handle(t, c, logical.ReadOperation, "to/kv/a", nil).Data["value"]; got != "1" || e.cleanups.Load() != 0 {
		t.Errorf("after the move the value is %v, and the backend was cleaned up %d times", got, e.cleanups.Load())
	}
	if _, err := c.MigrationStatus("none"); !errors.Is(err, core.ErrNoMigration) {
		t.Errorf("an unknown migration: %v", err)
	}
}

// TestStateOfAnEarlierServer: mounts, their storage and the server's name stay.
func TestStateOfAnEarlierServer(t *testing.T) {
	t.Parallel()
	physical := storage.NewMemory()
	first := newCore(t, &engine{kind: logical.TypeLogical}, physical, nil)
	enable(t, first, "m/", "engine")
	handle(t, first, logical.UpdateOperation, "m/kv/a", map[string]any{"value": "1"})
	second := newCore(t, &engine{kind: logical.TypeLogical}, physical, nil)
	if second.Cluster() != first.Cluster() || len(second.Mounts(t.Context())) != len(first.Mounts(t.Context())) {
		t.Errorf("%+v with %d mounts, was %+v with %d", second.Cluster(), len(second.Mounts(t.Context())), first.Cluster(), len(first.Mounts(t.Context())))
	}
	if got := handle(t, second, logical.ReadOperation, "m/kv/a", nil).Data["value"]; got != "1" {
		t.Errorf("the value is %v", got)
	}
}

// TestRollbackThatHangs keeps neither the clock nor the end of the server, and is
// not sent a second time meanwhile.
func TestRollbackThatHangs(t *testing.T) {
	t.Parallel()
	clk := clock.NewStopped(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	entered := make(chan struct{}, 8)
	c := newCore(t, &engine{kind: logical.TypeLogical, periodic: func(ctx context.Context, _ *logical.Request) error {
		entered <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}}, storage.NewMemory(), clk)
	enable(t, c, "m/", "engine")
	round := make(chan struct{})
	go func() {
		defer close(round)
		clk.Advance(time.Minute)
	}()
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	select {
	case <-round:
	case <-time.After(30 * time.Second):
		t.Fatal("the round does not end with the server")
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if n := len(entered); n != 0 {
		t.Errorf("sent %d more times", n)
	}
}

// TestSystemView: what the mock has not is answered as by community servers.
func TestSystemView(t *testing.T) {
	t.Parallel()
	e := &engine{kind: logical.TypeLogical}
	c := newCore(t, e, storage.NewMemory(), nil)
	if err := c.EnableMount(t.Context(), &mounts.Entry{Path: "m/", Type: "engine", Local: true, Config: mounts.Config{MaxLeaseTTL: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	ctx, view := t.Context(), e.system
	if !view.LocalMount() || view.MaxLeaseTTL() != time.Hour || view.DefaultLeaseTTL() != core.SystemTTL || view.Tainted() || view.MlockEnabled() {
		t.Errorf("local %v, TTLs %s %s, tainted %v, mlock %v", view.LocalMount(), view.MaxLeaseTTL(), view.DefaultLeaseTTL(), view.Tainted(), view.MlockEnabled())
	}
	if env, err := view.PluginEnv(ctx); err != nil || env.VaultVersion != c.Dialect().Version || env.VaultVersionPrerelease != "" {
		t.Errorf("plugin environment %v %v", env, err)
	}
	if id, err := view.ClusterID(ctx); err != nil || id != c.Cluster().ID {
		t.Errorf("cluster %q %v", id, err)
	}
	for _, id := range []string{"", "nobody"} {
		if entity, err := view.EntityInfo(id); entity != nil || err != nil {
			t.Errorf("entity %q: %v %v", id, entity, err)
		}
		if groups, err := view.GroupsForEntity(id); len(groups) != 0 || err != nil {
			t.Errorf("groups of %q: %v %v", id, groups, err)
		}
	}
	if err := view.DeregisterRotationJob(ctx, nil); err != nil {
		t.Errorf("deregister: %v", err)
	}
	_, register := view.RegisterRotationJob(ctx, nil)
	_, withResponse := view.RegisterRotationJobWithResponse(ctx, nil)
	_, information := view.GetRotationInformation(ctx, nil)
	_, token := view.GenerateIdentityToken(ctx, nil)
	_, password := view.GeneratePasswordFromPolicy(ctx, "p")
	for i, err := range []error{register, withResponse, information, token, password} {
		want := []string{
			"rotation manager capabilities not supported in Vault community edition",
			"rotation manager capabilities not supported in Vault community edition",
			"rotation manager capabilities not supported in Vault community edition",
			"plugin workload identity not supported in Vault community edition",
			"no password policy found",
		}[i]
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
