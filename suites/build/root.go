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

// findRoot returns the directory of the project's module: the checkout around
// the working directory; else what the module around it uses, for a plugin
// author's Go tests; else the sources of the version that this program was
// installed as.
func findRoot(ctx context.Context) (string, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the plugins' sources: %w", err)
	}
	if root, ok := checkoutAround(cwd); ok {
		return root, nil
	}
	// An error here only says that no module around uses ours.
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

// checkoutAround looks for the project's go.mod in dir and above it. Modules
// in between, such as plugins/old, are passed by.
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

// installedVersion is the module version that this program was built from;
// empty for one that was built in a checkout.
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

// download returns the directory of a version in Go's module cache.
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
