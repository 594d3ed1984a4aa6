// SPDX-License-Identifier: MPL-2.0

package build

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// Program builds a main package of the checkout for this machine and returns the
// path of the static binary, which is in the directory .plugproof of the checkout.
// pkg is the package's directory, relative to the root and with slashes; "." is
// plugproof itself. version is the value of its variable main.version; empty leaves
// that as it is.
//
// Tests use it for the programs that they start: all are compiled with the same
// flags, without the race detector, and a program that is up to date is not linked
// again. Errors and concurrency are those of Plugins.
func Program(ctx context.Context, pkg string, version string) (string, error) {
	root, err := sourcesRoot(ctx)
	if err != nil {
		return "", err
	}
	name, flags := path.Base(pkg), linkFlags
	if pkg == "." {
		name = path.Base(modulePath)
	}
	if version != "" {
		name, flags = name+"-"+version, flags+" -X main.version="+version
	}
	return buildProgram(ctx, root, name, append(compileFlags(root), "-ldflags="+flags), pkg)
}

// Tests builds the tests of a package of the checkout as Program builds programs, and
// returns the path of the test binary.
func Tests(ctx context.Context, pkg string) (string, error) {
	root, err := sourcesRoot(ctx)
	if err != nil {
		return "", err
	}
	args := compileFlags(root)
	args[0] = "test" // for build
	return buildProgram(ctx, root, path.Base(pkg)+".test", append(args, "-c", "-vet=off", "-ldflags="+linkFlags), pkg)
}

// buildProgram runs the go command with args, which are all but the output and the
// package.
func buildProgram(ctx context.Context, root, name string, args []string, pkg string) (string, error) {
	// Each has a directory of its own: plugproof finds plugins that are beside it.
	dir := filepath.Join(root, ".plugproof", "programs", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("create the directory of built programs: %w", err)
	}
	unlock, err := lock(ctx, dir+".lock")
	if err != nil {
		return "", fmt.Errorf("wait for another build: %w", err)
	}
	defer unlock()
	file := filepath.Join(dir, name)
	args = append(args, "-o", file, "./"+pkg)
	if _, err := runGo(ctx, []string{"CGO_ENABLED=0", "GOWORK=off"}, args...); err != nil {
		return "", fmt.Errorf("build %s: %w", pkg, err)
	}
	return file, nil
}
