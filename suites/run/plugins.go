// SPDX-License-Identifier: MPL-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

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
	options := build.Options{Progress: progress.out, Names: slices.Sorted(maps.Values(samples()))}
	var binaries map[string]string
	var err error
	if folder == "" {
		binaries, err = builtPlugins(ctx, target, options, progress)
	} else {
		binaries, err = givenPlugins(folder, options)
	}
	if err != nil {
		return nil, err
	}
	plugins := make(map[string]string)
	for name, binary := range samples() {
		plugins[name] = binaries[binary]
	}
	return plugins, nil
}

func builtPlugins(ctx context.Context, target steps.Target, options build.Options, progress *Progress) (map[string]string, error) {
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
	return paths, nil
}

// givenPlugins finds the binaries in a folder and names all that it lacks.
func givenPlugins(folder string, options build.Options) (map[string]string, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("--plugins: %w", err)
	}
	found := make(map[string]string)
	var missing []string
	for _, binary := range options.Names {
		path := filepath.Join(absolute, binary)
		_, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, binary)
		case err != nil:
			return nil, &configError{fmt.Errorf("--plugins: %w", err)}
		}
		found[binary] = path
	}
	if len(missing) > 0 {
		return nil, &configError{fmt.Errorf("--plugins %s lacks %s.\n%s", folder, strings.Join(missing, ", "), options.Instructions(absolute))}
	}
	return found, nil
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
