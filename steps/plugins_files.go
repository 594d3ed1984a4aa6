// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// These steps change the plugin directory the way an administrator of the
// server's host could. They need PluginFiles.

// pluginFile returns the path of a file of the scenario.
func (w *world) pluginFile(ctx context.Context, name string) (string, error) {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Join(server.PluginDir(), w.names.out(name)), nil
}

func (w *world) removeLater(path string) {
	w.closers = append(w.closers, func() error { return os.RemoveAll(path) })
}

// holdsSymlink creates a symbolic link. A relative destination is a file of the
// plugin directory.
func (w *world) holdsSymlink(ctx context.Context, name, destination string) error {
	w.names.add(name)
	path, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(destination) {
		destination = filepath.Join(filepath.Dir(path), destination)
	}
	if err := os.Symlink(destination, path); err != nil {
		return fmt.Errorf("create a symlink in the plugin directory: %w", err)
	}
	w.removeLater(path)
	return nil
}

// holdsSubdirectory creates a subdirectory with a hard link to a binary in it, so
// that only the subdirectory can be the reason of a refusal.
func (w *world) holdsSubdirectory(ctx context.Context, name, binary string) error {
	w.names.add(name)
	path, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return fmt.Errorf("create a subdirectory of the plugin directory: %w", err)
	}
	w.removeLater(path)
	if err := os.Link(filepath.Join(filepath.Dir(path), binary), filepath.Join(path, binary)); err != nil {
		return fmt.Errorf("link a binary into the subdirectory: %w", err)
	}
	return nil
}

// changeBinary appends to a file, which changes its checksum. The changed copy
// replaces the file, which may be a link that other servers use too.
func (w *world) changeBinary(ctx context.Context, name string) error {
	path, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if err := w.keepBinary(path); err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("change the binary: %w", err)
	}
	changed := path + ".changed"
	if err := os.WriteFile(changed, append(content, "changed after registration\n"...), 0o755); err != nil { // executable: a plugin is run
		return fmt.Errorf("change the binary: %w", err)
	}
	if err := os.Rename(changed, path); err != nil {
		return fmt.Errorf("change the binary: %w", err)
	}
	return nil
}

func (w *world) removeBinary(ctx context.Context, name string) error {
	path, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if err := w.keepBinary(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the binary: %w", err)
	}
	return nil
}

// keptBinary is where a file that was changed or removed is kept.
func keptBinary(path string) string { return path + ".kept" }

// keepBinary keeps a file as it is before its first change.
func (w *world) keepBinary(path string) error {
	err := os.Link(path, keptBinary(path))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep the binary: %w", err)
	}
	w.removeLater(keptBinary(path))
	return nil
}

// restoreBinary puts a file back that was changed or removed.
func (w *world) restoreBinary(ctx context.Context, name string) error {
	path, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if err := os.Rename(keptBinary(path), path); err != nil {
		return fmt.Errorf("restore the binary: %w", err)
	}
	return nil
}
