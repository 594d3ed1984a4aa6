// SPDX-License-Identifier: MPL-2.0

package build

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/plugproof/plugproof/suites/internal/usage"
)

// Find returns the path of each plugin that o selects, by name. In this order,
// the plugins are
//
//  1. those in directory, the value of --plugins, unless it is empty;
//  2. those for this machine that are beside the program or in a directory plugins
//     there, and those for another in plugins/GOOS_GOARCH, if all are there;
//  3. those that Plugins builds.
func Find(ctx context.Context, directory string, o Options) (map[string]string, error) {
	selected, err := selectSources(o.Names)
	if err != nil {
		return nil, err
	}
	if directory != "" {
		return o.given(directory, selected)
	}
	if program, err := os.Executable(); err == nil {
		if found, ok := o.beside(program, selected); ok {
			return found, nil
		}
	}
	return Plugins(ctx, o)
}

// given finds the binaries in a directory, or names all that it lacks.
func (o Options) given(directory string, selected []source) (map[string]string, error) {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return nil, usage.Errorf("--plugins: %w", err)
	}
	if info, err := os.Stat(absolute); err != nil || !info.IsDir() {
		return nil, usage.Errorf("--plugins %s is not a directory.\n%s", directory, o.Instructions(absolute))
	}
	found, missing := o.in(absolute, selected)
	if len(missing) > 0 {
		return nil, usage.Errorf("--plugins %s lacks %s.\n%s", directory, strings.Join(missing, ", "), o.Instructions(absolute))
	}
	return found, nil
}

// beside finds the binaries that were installed with the program.
func (o Options) beside(program string, selected []source) (map[string]string, bool) {
	program, err := filepath.EvalSymlinks(program)
	if err != nil {
		return nil, false
	}
	beside := filepath.Dir(program)
	plugins := filepath.Join(beside, "plugins")
	directories := []string{filepath.Join(plugins, o.goos()+"_"+o.goarch())}
	if o.goos() == runtime.GOOS && o.goarch() == runtime.GOARCH {
		directories = append(directories, plugins, beside)
	}
	for _, directory := range directories {
		if found, missing := o.in(directory, selected); len(missing) == 0 {
			return found, true
		}
	}
	return nil, false
}

// in returns the binaries in a directory and the names of those that it lacks. In
// a checkout, the directory plugins has directories of these names.
func (o Options) in(directory string, selected []source) (found map[string]string, missing []string) {
	found = make(map[string]string)
	for _, s := range selected {
		path := filepath.Join(directory, s.name+o.suffix())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			missing = append(missing, s.name)
			continue
		}
		found[s.name] = path
	}
	return found, missing
}
