// SPDX-License-Identifier: MPL-2.0

package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// localFiles are the files of this machine.
type localFiles struct{}

// Resolve implements Files.
func (localFiles) Resolve(_ context.Context, path string) (string, error) {
	return filepath.EvalSymlinks(path)
}

// Create implements Files.
func (localFiles) Create(_ context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755) // executable: it stands for a program
	if err != nil {
		return err
	}
	return f.Close()
}

// MakeDirectory implements Files.
func (localFiles) MakeDirectory(_ context.Context, path string) error { return os.Mkdir(path, 0o755) }

// Temporary implements Files.
func (localFiles) Temporary(context.Context) (string, error) {
	directory, err := os.MkdirTemp("", "plugproof-scratch-")
	if err != nil {
		return "", err
	}
	// The server, and so its plugins, may be another user.
	return directory, os.Chmod(directory, 0o777|fs.ModeSticky)
}

// Symlink implements Files.
func (localFiles) Symlink(_ context.Context, destination, path string) error {
	return os.Symlink(destination, path)
}

// Link implements Files.
func (localFiles) Link(_ context.Context, file, path string) error {
	if err := os.Link(file, path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Rename implements Files.
func (localFiles) Rename(_ context.Context, file, path string) error { return os.Rename(file, path) }

// Append implements Files. The file may be a link that other servers use too, and
// may be running.
func (localFiles) Append(_ context.Context, path, text string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := path + ".changed"
	if err := os.WriteFile(changed, append(content, text...), 0o755); err != nil { // executable: a plugin is run
		return err
	}
	return os.Rename(changed, path)
}

// Remove implements Files.
func (localFiles) Remove(_ context.Context, path string) error { return os.RemoveAll(path) }

// List implements Files.
func (localFiles) List(_ context.Context, directory string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type()&fs.ModeSocket == 0 && path != directory {
			found = append(found, strings.TrimPrefix(path, directory+string(filepath.Separator)))
		}
		return err
	})
	return found, err
}
