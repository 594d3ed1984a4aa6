// SPDX-License-Identifier: MPL-2.0

//go:build race

package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// pluginProgram builds these tests without the race detector, with which a plugin takes
// ten times as long to start, in dir. The tests watch the server's side.
func pluginProgram(dir string) (string, error) {
	file := filepath.Join(dir, "process.test")
	// The flags are those of all programs of the tests, which share what is compiled.
	build := exec.Command("go", "test", "-c", "-vet=off", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return file, nil
}
