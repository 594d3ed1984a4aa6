// SPDX-License-Identifier: MPL-2.0

package probe_test

import (
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/plugins/probe"
)

// mount is a mount of a probe in the process of the test.
type mount struct {
	logical.Backend
	storage logical.Storage
}

func newMount(t *testing.T, factory logical.Factory) mount {
	t.Helper()
	conf := logical.TestBackendConfig()
	conf.StorageView = &logical.InmemStorage{}
	conf.System = logical.StaticSystemView{
		DefaultLeaseTTLVal: time.Hour,
		MaxLeaseTTLVal:     2 * time.Hour,
		LocalMountVal:      true,
		PluginEnvironment:  &logical.PluginEnvironment{VaultVersion: "1.2.3"},
	}
	b, err := factory(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	return mount{Backend: b, storage: conf.StorageView}
}

func (m mount) do(t *testing.T, op logical.Operation, path string, data map[string]any) (*logical.Response, error) {
	t.Helper()
	return m.HandleRequest(t.Context(), &logical.Request{
		Operation: op, Path: path, Data: data, Storage: m.storage,
		MountAccessor: "probe_1", MountType: "probe", MountPoint: "p/",
		Headers: map[string][]string{"X-Pass": {"1"}},
	})
}

// must returns the data of a request that must succeed.
func (m mount) must(t *testing.T, op logical.Operation, path string, data map[string]any) map[string]any {
	t.Helper()
	resp, err := m.do(t, op, path, data)
	if err != nil {
		t.Fatalf("%s %s: %v", op, path, err)
	}
	if resp == nil {
		return nil
	}
	if resp.IsError() {
		t.Fatalf("%s %s: %v", op, path, resp.Error())
	}
	return resp.Data
}

func (m mount) exists(t *testing.T, path string) bool {
	t.Helper()
	found, exists, err := m.HandleExistenceCheck(t.Context(), &logical.Request{
		Operation: logical.CreateOperation, Path: path, Storage: m.storage,
	})
	if err != nil || !found {
		t.Fatalf("existence check of %s: found %v, %v", path, found, err)
	}
	return exists
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{}))
	for _, c := range []struct {
		path string
		want map[string]any
	}{
		{"env/PATH", map[string]any{"set": true, "value": os.Getenv("PATH")}},
		{"env/ PLUGPROOF none", map[string]any{"set": false, "value": ""}},
		{"public", map[string]any{"hello": "anyone", "token_seen": false}},
		{"rooted", map[string]any{"ok": true}},
		{"warn", map[string]any{"ok": true}},
		{"headers", map[string]any{"headers": map[string][]string{"X-Pass": {"1"}}}},
		{"lease", map[string]any{"id": "1"}},
		{"revoked", map[string]any{"revoked": false}},
		{"raw", map[string]any{"http_status_code": 202, "http_content_type": "text/plain", "http_raw_body": []byte("raw body\n")}},
		{"process", map[string]any{
			"pid": os.Getpid(), "args": os.Args[1:], "factory_calls": int64(1),
			"mount_accessor": "probe_1", "mount_type": "probe", "mount_point": "p/",
		}},
		{"system", map[string]any{
			"default_lease_ttl": int64(3600), "max_lease_ttl": int64(7200), "tainted": false,
			"caching_disabled": false, "local_mount": true, "mlock_enabled": false,
			"replication_state": "unknown", "vault_version": "1.2.3",
		}},
	} {
		if got := m.must(t, logical.ReadOperation, c.path, nil); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.path, got, c.want)
		}
	}
	resp, err := m.do(t, logical.ReadOperation, "warn", nil)
	if err != nil || !slices.Equal(resp.Warnings, []string{"probe: a warning"}) {
		t.Errorf("warn: %v, %v", resp, err)
	}
	names, _ := m.must(t, logical.ReadOperation, "environ", nil)["names"].([]string)
	if !slices.Contains(names, "PATH") || !slices.IsSorted(names) {
		t.Errorf("environ: %q", names)
	}
}

func TestKV(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{}))
	if m.exists(t, "kv/a") {
		t.Error("kv/a exists before it was written")
	}
	m.must(t, logical.CreateOperation, "kv/a", map[string]any{"value": "1"})
	m.must(t, logical.CreateOperation, "kv/b/c", nil)
	if !m.exists(t, "kv/a") {
		t.Error("kv/a does not exist after it was written")
	}
	if got := m.must(t, logical.ReadOperation, "kv/a", nil); got["value"] != "1" {
		t.Errorf("kv/a: %v", got)
	}
	if got := m.must(t, logical.ReadOperation, "kv/b/c", nil); got["value"] != "" {
		t.Errorf("kv/b/c, written without a value: %v", got)
	}
	for folder, want := range map[string][]string{"kv/": {"a", "b/"}, "kv/b/": {"c"}} {
		if got := m.must(t, logical.ListOperation, folder, nil)["keys"]; !reflect.DeepEqual(got, want) {
			t.Errorf("list %s: got %v, want %v", folder, got, want)
		}
	}
	m.must(t, logical.DeleteOperation, "kv/a", nil)
	if got := m.must(t, logical.ReadOperation, "kv/a", nil); got != nil {
		t.Errorf("kv/a after its deletion: %v", got)
	}
	resp, err := m.do(t, logical.UpdateOperation, "kv/a", map[string]any{"value": map[string]any{"nested": 1}})
	if err == nil && !resp.IsError() {
		t.Error("a map was taken for a value")
	}
	if m.exists(t, "kv/a") {
		t.Error("a refused write left a value")
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{}))
	if m.exists(t, "operation") {
		t.Error("exists before the first write")
	}
	for _, op := range []logical.Operation{logical.CreateOperation, logical.UpdateOperation, logical.PatchOperation} {
		if got := m.must(t, op, "operation", map[string]any{"x": "1"}); got["operation"] != string(op) {
			t.Errorf("%s: %v", op, got)
		}
	}
	if !m.exists(t, "operation") {
		t.Error("does not exist after a write")
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{}))
	for _, c := range []struct {
		op   logical.Operation
		path string
		is   error
		text string
	}{
		{logical.ReadOperation, "fail", nil, "probe: internal failure"},
		{logical.DeleteOperation, "fail", logical.ErrPermissionDenied, "permission denied"},
		{logical.UpdateOperation, "login", logical.ErrPermissionDenied, "permission denied"},
		{logical.ReadOperation, "", logical.ErrUnsupportedPath, "unsupported path"},
		{logical.ReadOperation, "nothing/here", logical.ErrUnsupportedPath, "unsupported path"},
		{logical.ListOperation, "operation/", logical.ErrUnsupportedPath, "unsupported path"},
		{logical.ReadOperation, "operation", logical.ErrUnsupportedOperation, "unsupported operation"},
		{logical.ReadOperation, "crash", nil, "probe: there is no process of its own to crash"},
	} {
		_, err := m.do(t, c.op, c.path, nil)
		if err == nil || err.Error() != c.text || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s %q: got %v, want %s", c.op, c.path, err, c.text)
		}
	}
	resp, err := m.do(t, logical.UpdateOperation, "fail", nil)
	if err != nil || !resp.IsError() || resp.Error().Error() != "probe: bad input" {
		t.Errorf("update of fail: %v, %v", resp, err)
	}
	_, err = probe.NewFactory(probe.Config{FailSetup: true})(t.Context(), logical.TestBackendConfig())
	if err == nil || err.Error() != "probe: told to fail in the factory" {
		t.Errorf("factory: %v", err)
	}
}

func TestCrashExits(t *testing.T) {
	t.Parallel()
	var code int
	m := newMount(t, probe.NewFactory(probe.Config{Exit: func(c int) { code = c }}))
	_, _ = m.do(t, logical.UpdateOperation, "crash", nil)
	if code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{Auth: true}))
	if m.Type() != logical.TypeCredential {
		t.Errorf("type %v", m.Type())
	}
	resp, err := m.do(t, logical.UpdateOperation, "login", map[string]any{"user": "u", "policies": "default,dev", "ttl": "2h"})
	if err != nil || resp.IsError() {
		t.Fatal(resp, err)
	}
	a := resp.Auth
	if a.DisplayName != "u" || a.Alias.Name != "u" || !maps.Equal(a.Metadata, map[string]string{"user": "u"}) ||
		!slices.Equal(a.Policies, []string{"default", "dev"}) || a.TTL != 2*time.Hour || !a.Renewable {
		t.Errorf("auth: %+v", a)
	}
	resp, err = m.HandleRequest(t.Context(), &logical.Request{Operation: logical.RenewOperation, Path: "login", Auth: a, Storage: m.storage})
	if err != nil || resp.Auth == nil {
		t.Errorf("renewal: %v, %v", resp, err)
	}
}

func TestLease(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{}))
	resp, err := m.do(t, logical.ReadOperation, "lease", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := resp.Secret
	if s.TTL != time.Minute || s.MaxTTL != 10*time.Minute || !s.Renewable || s.InternalData["secret_type"] != "probe" {
		t.Errorf("secret: %+v", s)
	}
	for _, op := range []logical.Operation{logical.RenewOperation, logical.RevokeOperation} {
		if _, err := m.HandleRequest(t.Context(), &logical.Request{Operation: op, Path: "lease", Secret: s, Storage: m.storage}); err != nil {
			t.Errorf("%s: %v", op, err)
		}
	}
	if got := m.must(t, logical.ReadOperation, "revoked", nil); got["revoked"] != true {
		t.Errorf("revoked: %v", got)
	}
}

func TestMountsOfOneProcess(t *testing.T) {
	t.Parallel()
	factory := probe.NewFactory(probe.Config{Version: "v3.1.0"})
	a, b := newMount(t, factory), newMount(t, factory)
	if got := a.must(t, logical.ReadOperation, "process", nil)["factory_calls"]; got != int64(2) {
		t.Errorf("factory_calls: %v, want 2", got)
	}
	if v := b.Backend.(logical.PluginVersioner).PluginVersion().Version; v != "v3.1.0" {
		t.Errorf("version %q", v)
	}
	special := a.SpecialPaths()
	if !slices.Contains(special.Unauthenticated, "public") || !slices.Contains(special.Root, "rooted") {
		t.Errorf("special paths: %+v", special)
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	m := newMount(t, probe.NewFactory(probe.Config{}))
	start := time.Now()
	m.must(t, logical.UpdateOperation, "sleep", map[string]any{"for": 1})
	if d := time.Since(start); d < time.Second {
		t.Errorf("slept %v, want a second", d)
	}
}
