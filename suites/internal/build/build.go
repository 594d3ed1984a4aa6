// SPDX-License-Identifier: MPL-2.0

// Package build compiles the sample plugins and the pinned public ones to static
// binaries without debug information. Builds are reproducible: the same sources
// give the same bytes.
//
// The sources are those of the project's root, the directory of its go.mod; see
// findRoot.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Errors of Plugins, to be compared with errors.Is. Their messages name the remedy.
var (
	// ErrNoGo reports that there is no go command.
	ErrNoGo = errors.New("building the plugins needs the go command, which is not in PATH: install Go, or give a directory of built plugins with --plugins")
	// ErrNoSources reports that no sources of the plugins were found.
	ErrNoSources = errors.New("the plugins' sources were not found: run inside a checkout of " + modulePath + ", or give a directory of built plugins with --plugins")
	// ErrUnknown reports a name that no plugin has.
	ErrUnknown = errors.New("no such plugin")
)

// stopTimeout is how long a cancelled go command may take to exit.
const stopTimeout = 5 * time.Second

// Options select what to build. The zero Options build the sample plugins
// for this machine into the user's cache directory.
type Options struct {
	// Dir is the directory of the binaries, which has a subdirectory for each
	// platform. Empty means plugproof/plugins in the user's cache directory.
	Dir string
	// GOOS and GOARCH are the platform to build for. Empty means this machine's.
	GOOS, GOARCH string
	// Names are the plugins to build, out of those that Names returns. Empty
	// means passthrough-plugin, jwt, probe and memdb.
	Names []string
	// Stage is told what is built; nil is nobody.
	Stage func(text string)
}

// sampleCount is how many of sources are the sample plugins of our module.
const sampleCount = 4

// Inside is the program that looks into containers for the target container:. It is
// no plugin, but comes to machines without Go as the plugins do.
const Inside = "plugproof-inside"

// source locates the sources of a plugin.
type source struct {
	name string
	// module is the directory of the plugin's module, relative to the root.
	module string
	// pkg is the import path of the main package. Its last element is the name.
	pkg string
}

func sources() []source {
	return []source{
		{"passthrough-plugin", ".", modulePath + "/plugins/passthrough/cmd/passthrough-plugin"},
		{"jwt", ".", modulePath + "/plugins/jwt/cmd/jwt"},
		{"probe", ".", modulePath + "/plugins/probe/cmd/probe"},
		{"memdb", ".", modulePath + "/plugins/memdb/cmd/memdb"},
		{"probe-v4", "plugins/old", modulePath + "/plugins/old/cmd/probe-v4"},
		{Inside, ".", modulePath + "/suites/cmd/" + Inside},
		{"vault-plugin-auth-jwt", "plugins/thirdparty", "github.com/hashicorp/vault-plugin-auth-jwt/cmd/vault-plugin-auth-jwt"},
		{"vault-plugin-database-redis", "plugins/thirdparty", "github.com/hashicorp/vault-plugin-database-redis/cmd/vault-plugin-database-redis"},
		{"vault-plugin-secrets-kv", "plugins/thirdparty", "github.com/hashicorp/vault-plugin-secrets-kv/cmd/vault-plugin-secrets-kv"},
	}
}

// Names returns the names of the plugins that can be built: the sample
// plugins, probe-v4 (built with an old SDK) and the public ones.
func Names() []string {
	var names []string
	for _, s := range sources() {
		names = append(names, s.name)
	}
	return names
}

// Plugins builds the plugins that o selects and returns the path of each binary
// by name. Binaries that are up to date are not built again, which Go finds out
// in a fraction of a second; callers that need them often keep the result.
//
// The error is ErrUnknown, ErrNoGo or ErrNoSources, or holds what the go command
// printed. Plugins may be called concurrently, also by several processes: they
// build one after another, and later ones find the binaries built.
func Plugins(ctx context.Context, o Options) (map[string]string, error) {
	selected, err := selectSources(o.Names)
	if err != nil {
		return nil, err
	}
	paths, err := o.plugins(ctx, selected)
	if errors.Is(err, ErrNoGo) || errors.Is(err, ErrNoSources) {
		return nil, fmt.Errorf("%w\n%s", err, o.Instructions("$PWD/built"))
	}
	return paths, err
}

func (o Options) plugins(ctx context.Context, selected []source) (map[string]string, error) {
	root, err := sourcesRoot(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := o.platformDir()
	if err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, dir+".lock")
	if err != nil {
		return nil, fmt.Errorf("wait for another build: %w", err)
	}
	defer unlock()

	paths := make(map[string]string)
	for module, group := range byModule(selected) {
		if err := o.build(ctx, filepath.Join(root, module), dir, group); err != nil {
			return nil, err
		}
		for _, s := range group {
			paths[s.name] = filepath.Join(dir, s.name+o.suffix())
		}
	}
	return paths, nil
}

// sourcesRoot returns the root, where the go command can build from it.
func sourcesRoot(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoGo, err)
	}
	return findRoot(ctx)
}

// byModule groups sources by the directory of their module.
func byModule(selected []source) map[string][]source {
	modules := make(map[string][]source)
	for _, s := range selected {
		modules[s.module] = append(modules[s.module], s)
	}
	return modules
}

// selectSources returns the sources of the named plugins, each once, or of the
// sample plugins if there are no names.
func selectSources(names []string) ([]source, error) {
	all := sources()
	if len(names) == 0 {
		return all[:sampleCount], nil
	}
	var selected []source
	for _, name := range names {
		i := slices.IndexFunc(all, func(s source) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: %q; there are %s", ErrUnknown, name, strings.Join(Names(), ", "))
		}
		if !slices.Contains(selected, all[i]) {
			selected = append(selected, all[i])
		}
	}
	return selected, nil
}

func (o Options) goos() string {
	if o.GOOS == "" {
		return runtime.GOOS
	}
	return o.GOOS
}

func (o Options) goarch() string {
	if o.GOARCH == "" {
		return runtime.GOARCH
	}
	return o.GOARCH
}

func (o Options) suffix() string {
	if o.goos() == "windows" {
		return ".exe"
	}
	return ""
}

// platformDir creates the directory of the platform's binaries and returns its
// absolute path.
func (o Options) platformDir() (string, error) {
	dir := o.Dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("locate the cache of built plugins: %w", err)
		}
		dir = filepath.Join(cache, "plugproof", "plugins")
	}
	// The go command runs in another directory.
	dir, err := filepath.Abs(filepath.Join(dir, o.goos()+"_"+o.goarch()))
	if err != nil {
		return "", fmt.Errorf("locate the cache of built plugins: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("create the directory of built plugins: %w", err)
	}
	return dir, nil
}

// build runs go build once for all plugins of a module.
func (o Options) build(ctx context.Context, module, dir string, group []source) error {
	var names []string
	args := append(compileFlags(module), "-ldflags="+linkFlags, "-o", dir+string(filepath.Separator))
	for _, s := range group {
		names = append(names, s.name)
		args = append(args, s.pkg)
	}
	if _, err := os.Stat(filepath.Join(module, "go.mod")); err != nil {
		return fmt.Errorf("%w (%s can only be built in a checkout: %w)", ErrNoSources, strings.Join(names, ", "), err)
	}
	if o.Stage != nil {
		o.Stage(fmt.Sprintf("building %s for %s/%s", strings.Join(names, ", "), o.goos(), o.goarch()))
	}
	// A workspace around the checkout would hide the modules in it.
	_, err := runGo(ctx, []string{"CGO_ENABLED=0", "GOWORK=off", "GOOS=" + o.goos(), "GOARCH=" + o.goarch()}, args...)
	if err != nil {
		return fmt.Errorf("build %s for %s/%s: %w", strings.Join(names, ", "), o.goos(), o.goarch(), err)
	}
	return nil
}

// linkFlags leave out debug information.
const linkFlags = "-s -w"

// compileFlags are the flags with which everything in the module is compiled, for
// whatever it is built: compiled packages are shared.
func compileFlags(module string) []string {
	return []string{"build", "-C", module, "-trimpath", "-buildvcs=false"}
}

// runGo runs the go command with additional variables and returns its standard
// output. The error holds its standard error.
func runGo(ctx context.Context, env []string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// On an interrupt, go stops the compilers that it started.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTimeout
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}
