// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestMultiplexedMountsShareAProcessUntilTheLastIsGone(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "multiplex")
	a, b := mount(t, p, "a", e), mount(t, p, "b", e)
	shared := pid(t, a)
	if other := pid(t, b); other != shared {
		t.Fatalf("two processes %d and %d, want one", shared, other)
	}
	infos := p.Processes()
	if len(infos) != 1 || infos[0].PID != shared || !slices.Equal(infos[0].Mounts, []string{"a", "b"}) {
		t.Fatalf("Processes() = %+v", infos)
	}
	a.Cleanup(t.Context())
	if got := pid(t, b); got != shared {
		t.Fatalf("b moved to process %d when a was unmounted", got)
	}
	if _, err := read(t.Context(), a, "pid"); !errors.Is(err, sdkplugin.ErrPluginShutdown) {
		t.Fatalf("request after Cleanup: %v", err)
	}
	b.Cleanup(t.Context())
	if !gone(shared) || len(p.Processes()) != 0 {
		t.Fatalf("process %d outlives its last mount", shared)
	}
}

func TestConcurrentMountsStartOneProcess(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "multiplex")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := p.Backend(t.Context(), fixed(e), config("")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(p.Processes()); n != 1 {
		t.Fatalf("%d processes, want 1", n)
	}
}

func TestOtherEntryOtherProcess(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	a := mount(t, p, "a", entry(t, "multiplex", "V=1"))
	b := mount(t, p, "b", entry(t, "multiplex", "V=2"))
	if pid(t, a) == pid(t, b) {
		t.Fatal("entries with different env share a process")
	}
	if !slices.Contains(environment(t, a), "V=1") || !slices.Contains(environment(t, b), "V=2") {
		t.Fatal("a mount sees the other entry's env")
	}
}

func TestPluginsThatDoNotMultiplexGetAProcessAMount(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "single")
	backends := make([]*process.Backend, 4)
	var wg sync.WaitGroup
	for i := range backends {
		wg.Go(func() {
			var err error
			if backends[i], err = p.Backend(t.Context(), fixed(e), config("")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	first, second := pid(t, backends[0]), pid(t, backends[1])
	if first == second || len(p.Processes()) != 4 {
		t.Fatalf("processes: %+v", p.Processes())
	}
	backends[0].Cleanup(t.Context())
	if !gone(first) || gone(second) {
		t.Fatal("unmounting one must end its process and no other")
	}
}

func TestOptOutOfMultiplexing(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(h *process.Host) {
		h.Environ = func() []string { return []string{"VAULT_PLUGIN_MULTIPLEXING_OPT_OUT=x,multiplex"} }
	})
	e := entry(t, "multiplex")
	if pid(t, mount(t, p, "a", e)) == pid(t, mount(t, p, "b", e)) {
		t.Fatal("a plugin that was opted out shares a process")
	}
}

func TestOldGeneration(t *testing.T) {
	t.Parallel()
	wrap := wrapper(t)
	p := newPool(t, func(h *process.Host) { h.Wrap = wrap })
	b := mount(t, p, "o", entry(t, "old"))
	if infos := p.Processes(); len(infos) != 0 {
		t.Fatalf("mounting leaves a process running: %+v", infos)
	}
	if b.Type() != logical.TypeLogical || !slices.Equal(b.SpecialPaths().Unauthenticated, []string{"pid"}) {
		t.Fatalf("the plugin is known as %v %v", b.Type(), b.SpecialPaths())
	}
	env := environment(t, b)
	for _, want := range []string{"VAULT_PLUGIN_METADATA_MODE=false", "VAULT_PLUGIN_AUTOMTLS_ENABLED=false"} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %v", want, env)
		}
	}
	if token, _ := environ.Lookup(env, "VAULT_UNWRAP_TOKEN"); token == "" {
		t.Error("no VAULT_UNWRAP_TOKEN")
	}
	before := pid(t, b)
	if _, err := read(t.Context(), b, "crash"); status.Code(err) != codes.Unavailable {
		t.Fatalf("crash: %v", err)
	}
	if after := pid(t, b); after == before {
		t.Fatal("no new process after a crash")
	}
}

func TestOldGenerationWithoutAddress(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(h *process.Host) {
		h.Wrap = func(context.Context, map[string]any, time.Duration) (string, error) { return jwt(""), nil }
	})
	b := mount(t, p, "o", entry(t, "old"))
	_, err := read(t.Context(), b, "pid")
	if err == nil || !strings.HasPrefix(err.Error(), "Unrecognized remote plugin message: ") {
		t.Fatalf("first request: %v", err)
	}
}

func TestCrashedProcessIsStartedAgain(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	var mu sync.Mutex
	e := entry(t, "multiplex", "V=1")
	lookup := func(context.Context) (process.Entry, error) {
		mu.Lock()
		defer mu.Unlock()
		return e, nil
	}
	a, err := p.Backend(t.Context(), lookup, config("a"))
	if err != nil {
		t.Fatal(err)
	}
	b := mount(t, p, "b", e)
	mu.Lock()
	e = entry(t, "multiplex", "V=2")
	mu.Unlock()
	if !slices.Contains(environment(t, a), "V=1") {
		t.Fatal("a registration alone changed a running plugin")
	}
	for range 2 {
		_, err = read(t.Context(), a, "crash")
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "error reading from server") {
			t.Fatalf("the request that crashes gets %v", err)
		}
		if !slices.Contains(environment(t, a), "V=2") {
			t.Fatal("the new process has the old env")
		}
	}
	if !slices.Contains(environment(t, b), "V=1") {
		t.Fatal("the other mount lost its entry")
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := dir + "/plain"
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	empty := []byte("\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55")
	wrong := entry(t, "multiplex")
	wrong.SHA256 = empty
	exit, garbage := entry(t, "exit"), entry(t, "garbage")
	usual := "\nThis usually means\n  the plugin was not compiled for this architecture,"
	for name, c := range map[string]struct {
		entry process.Entry
		hint  bool
		want  string
	}{
		"exit":           {entry: exit, want: "Unrecognized remote plugin message: " + usual},
		"exit, hint":     {entry: exit, hint: true, want: "Unrecognized remote plugin message: \nFailed to read any lines from plugin's stdout" + usual},
		"garbage":        {entry: garbage, want: "Unrecognized remote plugin message: this is not a handshake" + usual},
		"sha256":         {entry: wrong, want: "checksums did not match"},
		"missing":        {entry: process.Entry{Command: dir + "/none", SHA256: empty}, want: "error verifying checksum: open " + dir + "/none: no such file or directory"},
		"not executable": {entry: process.Entry{Command: plain, SHA256: empty}, want: "fork/exec " + plain + ": permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, func(h *process.Host) { h.HandshakeHint = c.hint })
			_, err := p.Backend(t.Context(), fixed(c.entry), config(""))
			if err == nil {
				t.Fatal("no error")
			}
			start := "invalid backend version: 2 errors occurred:\n\t* " + c.want
			if got := err.Error(); !strings.HasPrefix(got, start) || strings.Count(got, "\n\t* "+c.want) != 2 || !strings.HasSuffix(got, "\n\n") {
				t.Fatalf("got %q, want %q twice", got, c.want)
			}
			if infos := p.Processes(); len(infos) != 0 {
				t.Fatalf("left running: %+v", infos)
			}
			if _, err := p.Version(t.Context(), c.entry); err == nil {
				t.Fatal("Version: no error")
			}
		})
	}
}

func TestErrorOfSetupComesAlone(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	_, err := p.Backend(t.Context(), fixed(entry(t, "multiplex", "FAIL_SETUP=1")), config(""))
	if err == nil || err.Error() != "test: told to fail in the factory" {
		t.Fatalf("got %v", err)
	}
	if infos := p.Processes(); len(infos) != 0 {
		t.Fatalf("left running: %+v", infos)
	}
}

func TestHangingStartIsBoundedAndDelaysNobody(t *testing.T) {
	t.Parallel()
	const limit = 4 * time.Second
	p := newPool(t, func(h *process.Host) { h.StartTimeout = limit })
	hung := make(chan error, 1)
	begin := time.Now()
	go func() {
		_, err := p.Backend(t.Context(), fixed(entry(t, "hang")), config(""))
		hung <- err
	}()
	mount(t, p, "a", entry(t, "multiplex"))
	select {
	case err := <-hung:
		t.Fatalf("the hanging start was not under way any more: %v", err)
	default:
	}
	err := <-hung
	if took := time.Since(begin); took > limit+2*time.Second {
		t.Errorf("took %v", took)
	}
	if err == nil || strings.Count(err.Error(), "timeout while waiting for plugin to start") != 2 {
		t.Fatalf("got %v", err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	for name, c := range map[string]struct{ role, env, want string }{
		"multiplexed": {role: "multiplex", env: "REPORT_VERSION=v3.1.0", want: "v3.1.0"},
		"single":      {role: "single", env: "REPORT_VERSION=v3.1.0", want: "v3.1.0"},
		"old":         {role: "old", env: "REPORT_VERSION=v3.1.0", want: "v3.1.0"},
		"none":        {role: "multiplex"},
		"setup fails": {role: "multiplex", env: "FAIL_SETUP=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := p.Version(t.Context(), entry(t, c.role, c.env))
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestVersionOfADatabasePlugin(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	e := entry(t, "database")
	e.Type = consts.PluginTypeDatabase
	if got, err := p.Version(t.Context(), e); err != nil || got != "v4.5.6" {
		t.Fatalf("got %q, %v", got, err)
	}
	// A secrets engine registered as a database plugin doesn't even start.
	e = entry(t, "multiplex", "REPORT_VERSION=v3.1.0")
	e.Type = consts.PluginTypeDatabase
	if got, err := p.Version(t.Context(), e); err == nil {
		t.Fatalf("a secrets engine says %q as a database plugin", got)
	}
	if infos := p.Processes(); len(infos) != 0 {
		t.Fatalf("left running: %+v", infos)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	goPlugin := []string{
		"PATH", "PLUGIN_CLIENT_CERT", "PLUGIN_MAX_PORT", "PLUGIN_MIN_PORT", "PLUGIN_PROTOCOL_VERSIONS",
		roleVariable, "VAULT_BACKEND_PLUGIN", "VAULT_PLUGIN_AUTOMTLS_ENABLED", "VAULT_PLUGIN_METADATA_MODE", "VAULT_VERSION",
	}
	for name, c := range map[string]struct {
		rule     environ.Rule
		prefixes []string
		more     []string
		source   string
	}{
		"host wins":    {rule: environ.HostWins, prefixes: []string{"VAULT_"}, source: "host"},
		"plugin wins":  {rule: environ.PluginWins, prefixes: []string{"VAULT_"}, source: "plugin"},
		"two prefixes": {prefixes: []string{"BAO_", "VAULT_"}, more: []string{"BAO_PLUGIN_AUTOMTLS_ENABLED", "BAO_PLUGIN_METADATA_MODE", "BAO_VERSION"}, source: "host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, func(h *process.Host) {
				h.Rule, h.OwnVariables = c.rule, c.prefixes
				h.Environ = func() []string { return []string{"PATH=/bin", "SOURCE=host", "PLUGIN_MIN_PORT=1"} }
			})
			env := environment(t, mount(t, p, "a", entry(t, "multiplex", "SOURCE=plugin", "VAULT_BACKEND_PLUGIN=plugin")))
			want := append(slices.Clone(goPlugin), append(c.more, "SOURCE")...)
			slices.Sort(want)
			if got := names(env); !slices.Equal(got, want) {
				t.Errorf("names %v, want %v", got, want)
			}
			for _, want := range []string{"SOURCE=" + c.source, "PLUGIN_MIN_PORT=10000", "PLUGIN_PROTOCOL_VERSIONS=5", "VAULT_VERSION=1.2.3", "VAULT_PLUGIN_AUTOMTLS_ENABLED=true"} {
				if !slices.Contains(env, want) {
					t.Errorf("no %s in %v", want, env)
				}
			}
		})
	}
}
