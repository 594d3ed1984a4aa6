// SPDX-License-Identifier: MPL-2.0

package run

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/build"
)

// samples maps the names by which features call the sample plugins to those of
// their binaries.
func samples() map[string]string {
	return map[string]string{
		"probe":       "probe",
		"probe-v4":    "probe-v4",
		"passthrough": "passthrough-plugin",
		"jwt":         "jwt",
	}
}

// platformer is a target whose servers may run on another system than this.
type platformer interface {
	Platform() (goos, goarch string, err error)
}

// samplePlugins takes the sample plugins from a folder, or builds them for the
// target's system.
func samplePlugins(ctx context.Context, target steps.Target, folder string, progress *Progress) (map[string]string, error) {
	built := make(map[string]string)
	if folder == "" {
		options := build.Options{Progress: progress.out}
		for _, binary := range samples() {
			options.Names = append(options.Names, binary)
		}
		if elsewhere, ok := target.(platformer); ok {
			goos, goarch, err := elsewhere.Platform()
			if err != nil {
				return nil, err
			}
			options.GOOS, options.GOARCH = goos, goarch
		}
		progress.say("building the sample plugins")
		paths, err := build.Plugins(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("build the sample plugins: %w", err)
		}
		built = paths
	}
	plugins := make(map[string]string)
	for name, binary := range samples() {
		path, ok := built[binary]
		if !ok {
			absolute, err := filepath.Abs(filepath.Join(folder, binary))
			if err != nil {
				return nil, fmt.Errorf("--plugins: %w", err)
			}
			if _, err := os.Stat(absolute); err != nil {
				return nil, &configError{fmt.Errorf("--plugins: %w", err)}
			}
			path = absolute
		}
		plugins[name] = path
	}
	return plugins, nil
}

// commandLine is our own, or the binary that the user names.
func commandLine(path string) (steps.CommandLine, error) {
	if path == "" {
		return steps.OwnCommandLine{}, nil
	}
	found, err := exec.LookPath(path)
	if err == nil {
		found, err = filepath.Abs(found)
	}
	if err != nil {
		return nil, &configError{fmt.Errorf("--cli: %w", err)}
	}
	return steps.BinaryCommandLine{Path: found}, nil
}
