// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// root is a system's root directory. Paths below it are written as the system
// itself sees them.
type root string

// real returns where a path of the system lies, with symbolic links followed below
// the root.
func (r root) real(name string) (string, error) {
	return securejoin.SecureJoin(string(r), name)
}

// read reads a file.
func (r root) read(name string) (string, error) {
	where, err := r.real(name)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(where)
	if err != nil {
		return "", err
	}
	// A pipe would be waited for.
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", where)
	}
	raw, err := os.ReadFile(where)
	return string(raw), err
}

// exists reports whether there is a file of that name.
func (r root) exists(name string) bool {
	where, err := r.real(name)
	if err != nil {
		return false
	}
	info, err := os.Stat(where)
	return err == nil && info.Mode().IsRegular()
}

// list returns the names in a directory, sorted, and none where there is none.
func (r root) list(directory string) ([]string, error) {
	where, err := r.real(directory)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(where)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, nil
}

// link returns what a symbolic link points to as the system sees it, and "" where
// name is not a link.
func (r root) link(name string) string {
	directory, err := r.real(path.Dir(name))
	if err != nil {
		return ""
	}
	target, err := os.Readlink(filepath.Join(directory, path.Base(name)))
	if err != nil {
		return ""
	}
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(name), target)
	}
	return path.Clean(target)
}

// masked reports whether a unit or a drop-in is masked: a link to /dev/null, or an
// empty file (systemd.unit(5)).
func (r root) masked(name string) bool {
	seen := 0
	for target := r.link(name); target != "" && seen < 16; target = r.link(target) {
		if target == "/dev/null" {
			return true
		}
		seen++
	}
	text, err := r.read(name)
	return err == nil && text == ""
}

// glob returns the files that a pattern of EnvironmentFile= names (glob(3)), in
// the order of their names; systemd leaves the order to the directory.
func (r root) glob(pattern string) ([]string, error) {
	var found []string
	for _, alternative := range braces(pattern) {
		relative := strings.ReplaceAll(strings.TrimLeft(path.Clean(alternative), "/"), "[!", "[^")
		matches, err := fs.Glob(os.DirFS(string(r)), relative)
		if err != nil {
			return nil, err
		}
		for _, match := range matches {
			if !hiddenMatch(relative, match) {
				found = append(found, "/"+match)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// hiddenMatch reports whether a wildcard matched the dot at the beginning of a
// name, which glob(3) does not.
func hiddenMatch(pattern, match string) bool {
	patterns, names := strings.Split(pattern, "/"), strings.Split(match, "/")
	for i, name := range names {
		if strings.HasPrefix(name, ".") && i < len(patterns) && !strings.HasPrefix(patterns[i], ".") {
			return true
		}
	}
	return false
}

// braces expands {a,b} as glob(3) does with GLOB_BRACE.
func braces(pattern string) []string {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}
	}
	depth, start := 0, open+1
	var parts []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				parts = append(parts, pattern[start:i])
				start = i + 1
			}
		case '}':
			if depth--; depth > 0 {
				continue
			}
			parts = append(parts, pattern[start:i])
			var all []string
			for _, part := range parts {
				all = append(all, braces(pattern[:open]+part+pattern[i+1:])...)
			}
			return all
		}
	}
	return []string{pattern}
}
