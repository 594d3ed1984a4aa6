// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/targets"
	"github.com/plugproof/plugproof/suites/vaultcli"
)

// cliTimeout is how long a command line may take to say its version.
const cliTimeout = 20 * time.Second

// samples maps the names by which features call the sample plugins to those of
// their binaries.
func samples() map[string]string {
	return map[string]string{
		"probe":       "probe",
		"probe-v4":    "probe-v4",
		"passthrough": "passthrough-plugin",
		"jwt":         "jwt",
		"memdb":       "memdb",
	}
}

// SamplePlugins returns the names of the binaries that features need, as
// --plugins expects them.
func SamplePlugins() []string { return slices.Sorted(maps.Values(samples())) }

// WithPlugins returns the configuration with the directory of the sample plugins
// for the target, which are built if need be: several runs then build them once.
func (c Config) WithPlugins(ctx context.Context, target steps.Target) (Config, error) {
	c.Observer = orSilent(c.Observer)
	plugins, err := samplePlugins(ctx, target, c)
	if err == nil {
		c.Plugins = filepath.Dir(plugins["probe"])
	}
	return c, err
}

// samplePlugins returns the paths of the sample plugins for the target's system,
// by the names of the features.
func samplePlugins(ctx context.Context, target steps.Target, config Config) (map[string]string, error) {
	options := build.Options{Names: SamplePlugins(), Stage: config.Observer.Stage}
	var err error
	if options.GOOS, options.GOARCH, err = steps.Platform(target); err != nil {
		return nil, err
	}
	binaries, err := build.Find(ctx, config.Plugins, options)
	if err != nil {
		return nil, err
	}
	plugins := make(map[string]string)
	for name, binary := range samples() {
		plugins[name] = binaries[binary]
	}
	return plugins, nil
}

// commandLine is our own, or the binary that the user names.
func commandLine(ctx context.Context, path string) (steps.CommandLine, error) {
	if path == "" {
		return vaultcli.CommandLine{}, nil
	}
	found, err := exec.LookPath(path)
	if err == nil {
		found, err = filepath.Abs(found)
	}
	if err != nil {
		return nil, usage.Errorf("--cli: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, cliTimeout)
	defer cancel()
	version := exec.CommandContext(ctx, found, "version")
	version.WaitDelay = time.Second
	if output, err := version.Output(); err != nil || !targets.IsVault(string(output)) {
		return nil, usage.Errorf("--cli: %s does not say that it is vault or bao when run as '%s version'", path, filepath.Base(found))
	}
	return steps.BinaryCommandLine{Path: found}, nil
}
