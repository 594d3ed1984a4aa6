// SPDX-License-Identifier: MPL-2.0

package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
)

// modulePath is the project's module.
const modulePath = "github.com/plugproof/plugproof"

// findRoot returns the root: the directory of the project's go.mod, where the
// sources of the plugins are. In this order, it is
//
//  1. the checkout that contains the working directory;
//  2. for the Go tests of a plugin author, the directory from which the module
//     that contains the working directory requires this one;
//  3. for an installed program, the sources of its version in Go's module cache,
//     downloaded if need be.
//
// The error is ErrNoSources if there is none of these.
func findRoot(ctx context.Context) (string, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the plugins' sources: %w", err)
	}
	if root, ok := checkoutAround(cwd); ok {
		return root, nil
	}
	// An error means that there is no module here that requires this one.
	if out, err := runGo(ctx, nil, "list", "-m", "-f", "{{.Dir}}", modulePath); err == nil {
		if root := strings.TrimSpace(string(out)); root != "" {
			return root, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	version := installedVersion()
	if version == "" {
		return "", ErrNoSources
	}
	return download(ctx, version)
}

// checkoutAround returns the directory of the project's go.mod, if that is dir or
// one of its parents. It skips other modules on the way, such as plugins/old.
func checkoutAround(dir string) (string, bool) {
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && modfile.ModulePath(text) == modulePath {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// installedVersion returns the version of the project's module that this program
// was built from, or "" if it was built in a checkout.
func installedVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range append(info.Deps, &info.Main) {
		if module.Path == modulePath && module.Version != "(devel)" && !strings.Contains(module.Version, "+dirty") {
			return module.Version
		}
	}
	return ""
}

// download returns the directory of a version of the module in Go's module cache,
// where it downloads the version if it is missing.
func download(ctx context.Context, version string) (string, error) {
	out, err := runGo(ctx, []string{"GOWORK=off"}, "mod", "download", "-json", modulePath+"@"+version)
	if err != nil {
		return "", fmt.Errorf("%w (version %s: %w)", ErrNoSources, version, err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil || module.Dir == "" {
		return "", fmt.Errorf("%w (go mod download of %s named no directory)", ErrNoSources, version)
	}
	return module.Dir, nil
}
