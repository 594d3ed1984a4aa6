// SPDX-License-Identifier: MPL-2.0

// Package build turns the sample plugins and the pinned public ones into
// binaries that a server can run: static, without debug information and the
// same bytes from the same sources.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Errors that callers may tell apart; their texts name the remedy.
var (
	// ErrNoGo: there is no go command to build with.
	ErrNoGo = errors.New("building the plugins needs the go command, which is not in PATH: install Go, or give a directory of built plugins with --plugins")
	// ErrNoSources: the sources are nowhere to be found.
	ErrNoSources = errors.New("the plugins' sources were not found: run inside a checkout of " + modulePath + ", or give a directory of built plugins with --plugins")
	// ErrUnknown: there is no plugin of that name.
	ErrUnknown = errors.New("no such plugin")
)

// stopTimeout is how long a cancelled go command may take to clean up.
const stopTimeout = 5 * time.Second

// Options say what to build. The zero Options build the three sample plugins
// for this machine into the user's cache.
type Options struct {
	// Dir is where binaries are kept, in a directory below it for each
	// platform. Empty is plugproof/plugins in the user's cache directory.
	Dir string
	// GOOS and GOARCH are the platform to build for; empty is this machine's.
	GOOS, GOARCH string
	// Names are the plugins to build, as Names lists them. Empty is
	// passthrough-plugin, jwt and probe.
	Names []string
	// Progress is told about a build that takes more than a second; nil is not.
	Progress io.Writer
}

// source is where a plugin is built from.
type source struct {
	name string
	// module is the directory of the plugin's module below the project's root.
	module string
	// pkg is the plugin's main package; its last element is the plugin's name.
	pkg string
}

func sources() []source {
	return []source{
		{"passthrough-plugin", ".", modulePath + "/plugins/passthrough/cmd/passthrough-plugin"},
		{"jwt", ".", modulePath + "/plugins/jwt/cmd/jwt"},
		{"probe", ".", modulePath + "/plugins/probe/cmd/probe"},
		{"probe-v4", "plugins/old", modulePath + "/plugins/old/cmd/probe-v4"},
		{"vault-plugin-auth-jwt", "plugins/thirdparty", "github.com/hashicorp/vault-plugin-auth-jwt/cmd/vault-plugin-auth-jwt"},
		{"vault-plugin-secrets-kv", "plugins/thirdparty", "github.com/hashicorp/vault-plugin-secrets-kv/cmd/vault-plugin-secrets-kv"},
	}
}

// Names lists the plugins that can be built: the three sample plugins, probe-v4
// (built with an old SDK) and the public ones.
func Names() []string {
	var names []string
	for _, s := range sources() {
		names = append(names, s.name)
	}
	return names
}

// Plugins builds what o says and returns the path of each binary by its name.
// What is up to date is not built again, which Go finds out in a fraction of a
// second; a caller that needs the binaries often keeps the answer.
//
// Calls may run at the same time, in other processes too: they build one after
// another and the later ones find the work done.
func Plugins(ctx context.Context, o Options) (map[string]string, error) {
	wanted, err := choose(o.Names)
	if err != nil {
		return nil, err
	}
	paths, err := o.plugins(ctx, wanted)
	if errors.Is(err, ErrNoGo) || errors.Is(err, ErrNoSources) {
		return nil, fmt.Errorf("%w\n%s", err, o.Instructions("$PWD/built"))
	}
	return paths, err
}

func (o Options) plugins(ctx context.Context, wanted []source) (map[string]string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrNoGo, err)
	}
	dir, err := o.platformDir()
	if err != nil {
		return nil, err
	}
	root, err := findRoot(ctx)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(ctx, dir+".lock")
	if err != nil {
		return nil, fmt.Errorf("wait for another build: %w", err)
	}
	defer unlock()

	paths := make(map[string]string)
	for module, group := range byModule(wanted) {
		if err := o.build(ctx, filepath.Join(root, module), dir, group); err != nil {
			return nil, err
		}
		for _, s := range group {
			paths[s.name] = filepath.Join(dir, s.name+o.suffix())
		}
	}
	return paths, nil
}

func byModule(wanted []source) map[string][]source {
	modules := make(map[string][]source)
	for _, s := range wanted {
		modules[s.module] = append(modules[s.module], s)
	}
	return modules
}

func choose(names []string) ([]source, error) {
	all := sources()
	if len(names) == 0 {
		return all[:3], nil
	}
	var wanted []source
	for _, name := range names {
		i := slices.IndexFunc(all, func(s source) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: %q; there are %s", ErrUnknown, name, strings.Join(Names(), ", "))
		}
		if !slices.Contains(wanted, all[i]) {
			wanted = append(wanted, all[i])
		}
	}
	return wanted, nil
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

// platformDir makes the directory that this platform's binaries go to.
func (o Options) platformDir() (string, error) {
	dir := o.Dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a place for the plugins: %w", err)
		}
		dir = filepath.Join(cache, "plugproof", "plugins")
	}
	// The go command runs in another directory.
	dir, err := filepath.Abs(filepath.Join(dir, o.goos()+"_"+o.goarch()))
	if err != nil {
		return "", fmt.Errorf("find a place for the plugins: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a place for the plugins: %w", err)
	}
	return dir, nil
}

// build runs one go build for plugins of one module.
func (o Options) build(ctx context.Context, module, dir string, group []source) error {
	var names []string
	args := []string{
		"build", "-C", module, "-trimpath", "-buildvcs=false", "-ldflags=-s -w",
		"-o", dir + string(filepath.Separator),
	}
	for _, s := range group {
		names = append(names, s.name)
		args = append(args, s.pkg)
	}
	if _, err := os.Stat(filepath.Join(module, "go.mod")); err != nil {
		return fmt.Errorf("%w (%s is built from a checkout only: %w)", ErrNoSources, strings.Join(names, ", "), err)
	}
	said := announce(o.Progress, time.Second, fmt.Sprintf("Building %s for %s/%s", strings.Join(names, ", "), o.goos(), o.goarch()))
	defer said.done()
	// GOWORK: a workspace around the checkout would hide the modules in it.
	_, err := runGo(ctx, []string{"CGO_ENABLED=0", "GOWORK=off", "GOOS=" + o.goos(), "GOARCH=" + o.goarch()}, args...)
	if err != nil {
		return fmt.Errorf("build %s for %s/%s: %w", strings.Join(names, ", "), o.goos(), o.goarch(), err)
	}
	return nil
}

// runGo returns what the go command printed; an error holds what it complained
// about.
func runGo(ctx context.Context, env []string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// Interrupted, go ends the compilers that it started.
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
