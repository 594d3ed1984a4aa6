// SPDX-License-Identifier: MPL-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/plugproof/plugproof/steps"
)

// sampleNames are the binaries that the features speak of.
func sampleNames() []string { return []string{"probe", "probe-v4", "passthrough", "jwt"} }

// sampleSet is the sample plugins as files.
type sampleSet struct {
	paths  map[string]string
	remove func() error
}

// samplePlugins takes the sample plugins from a folder, or builds them.
func samplePlugins(ctx context.Context, folder string, progress *Progress) (sampleSet, error) {
	set := sampleSet{paths: make(map[string]string), remove: func() error { return nil }}
	if folder == "" {
		return set, errors.New("building is not there yet: name a folder with --plugins")
	}
	for _, name := range sampleNames() {
		path, err := filepath.Abs(filepath.Join(folder, name))
		if err != nil {
			return set, err
		}
		if _, err := os.Stat(path); err != nil {
			return set, &configError{fmt.Errorf("--plugins: %w", err)}
		}
		set.paths[name] = path
	}
	return set, nil
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
