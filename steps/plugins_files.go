// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/plugproof/plugproof/steps/host"
)

// These steps change the plugin directory the way an administrator of the
// server's host could. They need PluginFiles.

// pluginFile returns the path of a file of the scenario, and the machine that it is
// on.
func (w *world) pluginFile(ctx context.Context, name string) (string, host.Host, error) {
	machine, err := w.host(ctx)
	if err != nil {
		return "", nil, err
	}
	return onHost(w.server.PluginDir(), w.names.out(name)), machine, nil
}

// removeLater has the scenario's end remove a file or a directory of the server's
// host.
func (w *world) removeLater(path string) {
	w.files = append(w.files, func(ctx context.Context) error {
		machine, err := w.host(ctx) // another one, if a container was restarted
		if err != nil {
			return err
		}
		return machine.Remove(ctx, path)
	})
}

// holdsSymlink creates a symbolic link. A relative destination is a file of the
// plugin directory or, with "../", one beside it, which is created.
func (w *world) holdsSymlink(ctx context.Context, name, destination string) error {
	w.names.add(name)
	path, machine, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(destination) {
		outside := strings.HasPrefix(destination, "../")
		destination = onHost(w.server.PluginDir(), destination)
		if outside {
			if err := machine.Create(ctx, destination); err != nil {
				return fmt.Errorf("create a file beside the plugin directory: %w", err)
			}
			w.removeLater(destination)
		}
	}
	if err := machine.Symlink(ctx, destination, path); err != nil {
		return fmt.Errorf("create a symlink in the plugin directory: %w", err)
	}
	w.removeLater(path)
	return nil
}

// holdsSubdirectory creates a subdirectory with a hard link to a binary in it, so
// that only the subdirectory can be the reason of a refusal.
func (w *world) holdsSubdirectory(ctx context.Context, name, binary string) error {
	w.names.add(name)
	path, machine, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if err := machine.MakeDirectory(ctx, path); err != nil {
		return fmt.Errorf("create a subdirectory of the plugin directory: %w", err)
	}
	w.removeLater(path)
	if err := machine.Link(ctx, onHost(w.server.PluginDir(), binary), onHost(path, binary)); err != nil {
		return fmt.Errorf("link a binary into the subdirectory: %w", err)
	}
	return nil
}

// changeBinary appends to a file, which changes its checksum. The changed copy
// replaces the file, which may be a link that other servers use too.
func (w *world) changeBinary(ctx context.Context, name string) error {
	path, machine, err := w.keptBinary(ctx, name)
	if err != nil {
		return err
	}
	if err := machine.Append(ctx, path, "changed after registration\n"); err != nil {
		return fmt.Errorf("change the binary: %w", err)
	}
	return nil
}

func (w *world) removeBinary(ctx context.Context, name string) error {
	path, machine, err := w.keptBinary(ctx, name)
	if err != nil {
		return err
	}
	if err := machine.Remove(ctx, path); err != nil {
		return fmt.Errorf("remove the binary: %w", err)
	}
	return nil
}

// kept is added to the path of a file that was changed or removed, for where it is
// kept.
const kept = ".kept"

// keptBinary keeps a file as it is before its first change, and returns its path.
func (w *world) keptBinary(ctx context.Context, name string) (string, host.Host, error) {
	path, machine, err := w.pluginFile(ctx, name)
	if err != nil {
		return "", nil, err
	}
	if err := machine.Link(ctx, path, path+kept); err != nil {
		return "", nil, fmt.Errorf("keep the binary: %w", err)
	}
	w.removeLater(path + kept)
	return path, machine, nil
}

// restoreBinary puts a file back that was changed or removed.
func (w *world) restoreBinary(ctx context.Context, name string) error {
	path, machine, err := w.pluginFile(ctx, name)
	if err != nil {
		return err
	}
	if err := machine.Rename(ctx, path+kept, path); err != nil {
		return fmt.Errorf("restore the binary: %w", err)
	}
	return nil
}
