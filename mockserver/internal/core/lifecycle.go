// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// ErrMoving is returned when a mount cannot be removed because it is being
// moved. The text is the server's, which then no longer finds it.
var ErrMoving = errors.New("failed to remove entry in mounts table")

// errOfNamespace is returned for the removal of a mount of a namespace below that of the
// request: it is found, and not found again in the table.
var errOfNamespace = errors.New("failed to taint entry in mounts table")

// errBeingRemoved is returned for a change of a mount that is being removed.
var errBeingRemoved = errors.New("the mount is being removed")

// errUnmounted is returned for a write of a backend after its mount's removal.
var errUnmounted = errors.New("cannot write to the storage of a removed mount")

// protectedPrefixes returns the path prefixes at which nothing can be mounted.
func protectedPrefixes() []string {
	return []string{"audit/", mounts.AuthPrefix, "sys/", "cubbyhole/", "identity/"}
}

// EnableMount mounts a plugin: its path is reserved, the plugin started, its
// type compared and the mount stored, in this order. If a step fails nothing is
// left. Only then its backend is initialized: where that fails, the mount stays.
func (c *Core) EnableMount(ctx context.Context, e *mounts.Entry) error {
	e.Namespace = namespace.From(ctx).Path
	if !e.Auth {
		for _, p := range protectedPrefixes() {
			if strings.HasPrefix(e.Path, p) {
				return fmt.Errorf("cannot mount %q", e.Path)
			}
		}
		if c.Internal(e.Type) {
			return fmt.Errorf("mount type of %q is not mountable", e.Type)
		}
	}
	if e.Path == "/" {
		return errors.New("backend path must be specified")
	}
	if e.Auth && c.OwnType(e.Type) == tokenType {
		return errors.New("token credential backend cannot be instantiated")
	}
	if err := e.Identify(); err != nil {
		return err
	}
	r := mounts.NewRoute(e, c.mountView(e), c.start)
	if err := c.reserve(ctx, r); err != nil {
		return err
	}
	err := c.startBackend(ctx, r)
	var uninitialized *initializeError
	if err != nil && !errors.As(err, &uninitialized) {
		c.table.Remove(r)
		// The request may have ended; what was begun must be undone all the same.
		return errors.Join(err, c.discard(context.WithoutCancel(ctx), r))
	}
	c.table.Ready(r)
	c.rollbacks.mounted(r.Entry())
	if uninitialized != nil {
		return errors.Join(uninitialized.error, c.endUninitialized(context.WithoutCancel(ctx), r))
	}
	c.logger.Info("successful mount", "namespace", e.Namespace, "path", e.FullPath(), "type", e.Type, "version", e.Version)
	return nil
}

// endUninitialized ends the backend of a new mount that failed to initialize, where servers
// do.
func (c *Core) endUninitialized(ctx context.Context, r *mounts.Route) error {
	if !c.dialect.Mounts.UninitializedEnds {
		return nil
	}
	return r.Suspend(ctx, func(b *mounts.Backend) { b.Cleanup(ctx) })
}

// reserve puts a new mount in the table, unless its path leads into a mount or a
// namespace.
func (c *Core) reserve(ctx context.Context, r *mounts.Route) error {
	err := c.table.Reserve(r)
	var inUse *mounts.InUseError
	if errors.As(err, &inUse) && inUse.Namespace != r.Entry().Namespace {
		return fmt.Errorf("existing mount at %s", inUse.TablePath)
	}
	if err != nil {
		return err
	}
	inside, _ := c.namespaces.Longest(r.Entry().TablePath())
	if inside.Path != namespace.From(ctx).Path {
		c.table.Remove(r)
		return fmt.Errorf("existing mount at %s", inside.Path)
	}
	return nil
}

// startBackend starts a new mount's backend, compares its type with the table, and
// stores the mount.
func (c *Core) startBackend(ctx context.Context, r *mounts.Route) error {
	b, leave, err := r.Enter(ctx)
	var uninitialized *initializeError
	switch {
	case errors.As(err, &uninitialized):
		b = r.Running()
	case err != nil:
		return err
	default:
		defer leave()
	}
	e := r.Entry()
	switch kind := b.Type(); {
	case e.Auth && kind != logical.TypeCredential:
		return fmt.Errorf("cannot mount %q of type %q as an auth backend", e.Type, kind)
	case !e.Auth && kind != logical.TypeLogical:
		return fmt.Errorf("unknown backend type: %q", e.Type)
	}
	if failed := c.persist(ctx, r.Entry()); failed != nil {
		return failed
	}
	return err // of a backend that failed to initialize
}

// discard ends a mount's backend and removes what it stored.
func (c *Core) discard(ctx context.Context, r *mounts.Route) error {
	stopped := r.Stop(ctx, func(b *mounts.Backend) { b.Cleanup(ctx) })
	// What the backend left running must store nothing after the end.
	r.Storage.SetReadOnly(errUnmounted)
	return errors.Join(
		stopped,
		r.Storage.Clear(ctx),
		// After the changes that began before, whose storing would outlive it.
		r.Modify(func(e *mounts.Entry) error { return c.view.Delete(ctx, mountKey(e)) }),
	)
}

// DisableMount revokes the leases of the mount at the full path, ends its
// backend and removes its storage. If a lease can't be revoked nothing is
// removed. The error wraps mounts.ErrNotFound when there is no mount.
func (c *Core) DisableMount(ctx context.Context, path string) error {
	r, err := c.MountAt(ctx, path)
	if err != nil {
		return err
	}
	if r.Entry().Namespace != namespace.From(ctx).Path {
		return errOfNamespace
	}
	if !r.TryRemove() {
		if r.Removing() {
			return nil // somebody else is removing it
		}
		return ErrMoving
	}
	// A move may have ended since the mount was found: another path is not meant.
	if r.Entry().FullPath() != path {
		r.EndOp()
		return fmt.Errorf("%w: %q", mounts.ErrNotFound, path)
	}
	// Servers store that the mount is being removed before they close it (Vault,
	// taintMountEntry). Where that is impossible nothing has happened yet.
	if err := r.Modify(func(e *mounts.Entry) error { return c.persist(ctx, e) }); err != nil {
		r.EndOp()
		return err
	}
	r.Taint(true)
	c.lastRollback(ctx, r)
	if r.Running() != nil || !r.Skipped() {
		if err := c.access.RevokePrefix(ctx, path); err != nil {
			// The mount stays, closed: somebody still has what it gave, and a forced
			// revocation lets the next attempt pass (measured, OpenBao 2.5.5).
			r.EndOp()
			return err
		}
	}
	if err := c.checkRemovable(ctx, r); err != nil {
		r.EndOp()
		return err
	}
	// From here on a caller that goes away must not leave half a mount.
	ctx = context.WithoutCancel(ctx)
	if err := c.discard(ctx, r); err != nil {
		r.Storage.SetReadOnly(nil)
		r.Unstop()
		r.EndOp()
		return err
	}
	c.table.Remove(r)
	if err := c.quotas.Drop(ctx, r.Entry().Namespace, path); err != nil {
		c.logger.Error("failed to delete the quotas of a mount", "path", path, "error", err)
	}
	c.logger.Info("successfully unmounted", "path", path, "namespace", r.Entry().Namespace)
	return nil
}

// Reload ends the backend of a mount and starts it anew, with what the catalog
// says now. Backends of the server itself are left alone. The error wraps
// mounts.ErrStopped if the mount was removed meanwhile.
func (c *Core) Reload(ctx context.Context, r *mounts.Route) error {
	if c.Internal(r.Entry().Type) {
		return nil
	}
	reload := context.WithValue(ctx, plugin.ContextKeyPluginReload, "reload")
	if err := r.Exchange(ctx, func(b *mounts.Backend) { b.Cleanup(reload) }); err != nil {
		if uninitialized := (*initializeError)(nil); errors.As(err, &uninitialized) {
			return uninitialized.error
		}
		// Servers note what runs before they look at the error.
		return errors.Join(err, r.Modify(func(e *mounts.Entry) error {
			e.RunningSHA256 = ""
			return nil
		}))
	}
	c.logger.Info("successfully reloaded plugin", "path", r.Entry().FullPath(), "plugin", r.Entry().Type, "version", r.Entry().Version)
	return nil
}

// Change stores what modify makes of the mount's configuration; nothing changes
// if it returns an error, or if the mount is being removed. Changes of one mount
// happen one after the other.
func (c *Core) Change(ctx context.Context, r *mounts.Route, modify func(*mounts.Entry) error) error {
	return r.Modify(func(e *mounts.Entry) error {
		if r.Removing() {
			return errBeingRemoved
		}
		if err := modify(e); err != nil {
			return err
		}
		return c.persist(ctx, e)
	})
}

// persist stores one mount under a key of its own. The mounts of the server
// itself are stored too, so that their accessors stay.
func (c *Core) persist(ctx context.Context, e *mounts.Entry) error {
	entry, err := logical.StorageEntryJSON(mountKey(e), e)
	if err != nil {
		return err
	}
	if err := c.view.Put(ctx, entry); err != nil {
		return fmt.Errorf("failed to update mount table: %w", err)
	}
	return nil
}

func mountKey(e *mounts.Entry) string { return "mounts/" + e.UUID }

// OwnType returns the type that a mount of a namespace has in the root: the server's own
// mounts have a prefix in namespaces.
func (c *Core) OwnType(kind string) string {
	if !c.dialect.Namespaces.Enabled {
		return kind
	}
	return strings.TrimPrefix(kind, c.dialect.Namespaces.MountTypePrefix)
}

// Internal reports whether a type is part of the server: mounted from the start, once
// in each namespace, and never reloaded.
func (c *Core) Internal(kind string) bool {
	return slices.Contains([]string{systemType, tokenType, cubbyholeType, identityType}, c.OwnType(kind))
}
