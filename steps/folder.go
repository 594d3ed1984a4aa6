// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// The sentences here change the plugin directory as somebody with access to the
// server's disk would. They need PluginFiles.

// inFolder gives the path of a file of the scenario's own.
func (w *world) inFolder(ctx context.Context, name string) (string, error) {
	server, err := w.running(ctx)
	if err != nil {
		return "", err
	}
	return filepath.Join(server.PluginDir(), w.names.out(name)), nil
}

func (w *world) remember(path string) {
	w.closers = append(w.closers, func() error { return os.RemoveAll(path) })
}

// holdsLink makes a symbolic link. A relative destination is a file of the
// plugin directory.
func (w *world) holdsLink(ctx context.Context, name, destination string) error {
	w.names.add(name)
	path, err := w.inFolder(ctx, name)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(destination) {
		destination = filepath.Join(filepath.Dir(path), destination)
	}
	if err := os.Symlink(destination, path); err != nil {
		return fmt.Errorf("make a link in the plugin directory: %w", err)
	}
	w.remember(path)
	return nil
}

// holdsFolder makes a folder with a link to a binary in it: the server has to
// refuse because of the folder.
func (w *world) holdsFolder(ctx context.Context, name, binary string) error {
	w.names.add(name)
	path, err := w.inFolder(ctx, name)
	if err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return fmt.Errorf("make a folder in the plugin directory: %w", err)
	}
	w.remember(path)
	if err := os.Link(filepath.Join(filepath.Dir(path), binary), filepath.Join(path, binary)); err != nil {
		return fmt.Errorf("put a binary into the folder: %w", err)
	}
	return nil
}

// isChanged appends to a file, so that its sum is another. The changed file
// takes the place of the old one: that may be a link to a file of many servers.
func (w *world) isChanged(ctx context.Context, name string) error {
	path, err := w.inFolder(ctx, name)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("change the binary: %w", err)
	}
	changed := path + ".changed"
	if err := os.WriteFile(changed, append(content, "changed after registration\n"...), 0o755); err != nil { //nolint:gosec // a plugin is run
		return fmt.Errorf("change the binary: %w", err)
	}
	if err := os.Rename(changed, path); err != nil {
		return fmt.Errorf("change the binary: %w", err)
	}
	return nil
}

func (w *world) isRemoved(ctx context.Context, name string) error {
	path, err := w.inFolder(ctx, name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the binary: %w", err)
	}
	return nil
}
