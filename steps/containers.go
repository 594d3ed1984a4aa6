// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"slices"
)

// haveImage makes an image of a plugin for the container engine and keeps what a
// registration of it needs.
func (w *world) haveImage(ctx context.Context, binary string) error {
	path, ok := w.suite.config.Plugins[binary]
	if !ok {
		return fmt.Errorf("this run has no plugin binary %q", binary)
	}
	image, err := ImageOf(ctx, w.suite.config.Target, path)
	if err != nil {
		return err
	}
	w.saved["image of "+binary] = image.Name
	w.saved["digest of "+binary] = image.Digest
	w.saved["OCI runtime"] = image.OCIRuntime
	return nil
}

// containersOf waits until so many containers of a plugin exist.
func (w *world) containersOf(ctx context.Context, plugin string, count int) error {
	return poll(ctx, soon, func(ctx context.Context) error {
		found, err := ContainersOf(ctx, w.suite.config.Target, w.names.out(plugin))
		if err != nil || len(found) == count {
			return err
		}
		return mismatch(fmt.Sprintf("containers of %s: %d", plugin, count), fmt.Sprint(len(found)))
	})
}

// containersCapable checks that each container of a plugin was given a capability.
func (w *world) containersCapable(ctx context.Context, plugin, capability string) error {
	return w.capability(ctx, plugin, capability, true)
}

// containersPlain checks that no container of a plugin was given a capability.
func (w *world) containersPlain(ctx context.Context, plugin, capability string) error {
	return w.capability(ctx, plugin, capability, false)
}

// capability checks that each container of a plugin was given a capability, or none was.
func (w *world) capability(ctx context.Context, plugin, capability string, want bool) error {
	with := map[bool]string{true: "with", false: "without"}
	return w.eachContainer(ctx, plugin, func(c PluginContainer) error {
		if slices.Contains(c.Capabilities, capability) != want {
			return mismatch(fmt.Sprintf("a container of %s %s the capability %s", plugin, with[want], capability), fmt.Sprintf("%q", c.Capabilities))
		}
		return nil
	})
}

// containersLimited checks that each container of a plugin may use so many bytes of memory.
func (w *world) containersLimited(ctx context.Context, plugin string, bytes int) error {
	return w.eachContainer(ctx, plugin, func(c PluginContainer) error {
		if c.Memory != int64(bytes) {
			return mismatch(fmt.Sprintf("a container of %s with %d bytes of memory", plugin, bytes), fmt.Sprint(c.Memory))
		}
		return nil
	})
}

// eachContainer checks each container of a plugin, of which there has to be one.
func (w *world) eachContainer(ctx context.Context, plugin string, check func(PluginContainer) error) error {
	found, err := ContainersOf(ctx, w.suite.config.Target, w.names.out(plugin))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return mismatch("a container of "+plugin, "none")
	}
	for _, c := range found {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}
