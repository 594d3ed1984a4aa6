// SPDX-License-Identifier: MPL-2.0

package build_test

import (
	"context"
	"debug/elf"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/build"
)

func TestPlugins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{"passthrough-plugin", "jwt", "probe", "memdb", "probe-v4"}
	var stages []string
	paths, err := build.Plugins(t.Context(), build.Options{Dir: dir, Names: names, Stage: func(text string) { stages = append(stages, text) }})
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(paths)); !slices.Equal(got, []string{"jwt", "memdb", "passthrough-plugin", "probe", "probe-v4"}) {
		t.Errorf("built %v", got)
	}
	before := make(map[string]os.FileInfo)
	for name, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o111 == 0 || filepath.Base(path) != name {
			t.Errorf("%s: %s, %v", name, path, info.Mode())
		}
		before[path] = info
		if runtime.GOOS == "linux" {
			checkStatic(t, path)
		}
	}

	// Concurrent builds of what is up to date leave the files as they are.
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			again, err := build.Plugins(t.Context(), build.Options{Dir: dir, Names: names})
			if err != nil || !maps.Equal(again, paths) {
				t.Errorf("again: %v, %v", again, err)
			}
		})
	}
	calls.Wait()
	for path, info := range before {
		now, err := os.Stat(path)
		// Go updates the times of a file that is up to date, so compare inodes.
		if err != nil || !os.SameFile(now, info) || now.Size() != info.Size() {
			t.Errorf("%s was written again: %v", path, err)
		}
	}
}

// checkStatic reports a binary that needs a dynamic linker or has debug
// information.
func checkStatic(t *testing.T, path string) {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s needs a dynamic linker", path)
		}
	}
	if file.Section(".debug_info") != nil || file.Section(".zdebug_info") != nil {
		t.Errorf("%s has debug information", path)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := build.Plugins(t.Context(), build.Options{Dir: dir, Names: []string{"nope"}})
	if !errors.Is(err, build.ErrUnknown) || !strings.Contains(err.Error(), "vault-plugin-secrets-kv") {
		t.Errorf("unknown name: %v", err)
	}
	_, err = build.Plugins(t.Context(), build.Options{Dir: dir, GOOS: "plan10", Names: []string{"jwt"}})
	if err == nil || !strings.Contains(err.Error(), "unsupported GOOS/GOARCH pair plan10/") {
		t.Errorf("unknown platform: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := build.Plugins(cancelled, build.Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Plugins(t.Context(), build.Options{Dir: file}); err == nil {
		t.Error("a file was taken for a directory")
	}
}

func TestOutsideModule(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := build.Plugins(t.Context(), build.Options{Dir: t.TempDir()})
	if !errors.Is(err, build.ErrNoSources) || !strings.Contains(err.Error(), "--plugins") || !strings.Contains(err.Error(), "must contain passthrough-plugin, jwt, probe, memdb.") {
		t.Errorf("got %v", err)
	}
}

// TestInstructions runs the commands.
func TestInstructions(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "built")
	o := build.Options{Names: []string{"jwt", "probe-v4"}, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	names, commands, _ := strings.Cut(o.Instructions(dir), "\n")
	if !strings.Contains(names, "jwt, probe-v4") {
		t.Errorf("names: %s", names)
	}
	shell := exec.CommandContext(t.Context(), "sh", "-e", "-c", commands)
	shell.Dir = "../../.."
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
	for _, name := range o.Names {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestInsideNestedModule(t *testing.T) {
	t.Chdir("../../../plugins/old")
	if _, err := build.Plugins(t.Context(), build.Options{Dir: t.TempDir(), Names: []string{"probe-v4"}}); err != nil {
		t.Error(err)
	}
}

func TestWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := build.Plugins(t.Context(), build.Options{Dir: t.TempDir()})
	if !errors.Is(err, build.ErrNoGo) || !strings.Contains(err.Error(), "--plugins") {
		t.Errorf("got %v", err)
	}
}
