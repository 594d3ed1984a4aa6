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
)

// ErrMoving says that a mount can't be removed because it is on its way to
// another path. The text is the server's, which then no longer finds it.
var ErrMoving = errors.New("failed to remove entry in mounts table")

// errLeaving says that a mount is being removed.
var errLeaving = errors.New("the mount is being removed")

// protected are the paths that nobody can mount at.
var protected = []string{"audit/", mounts.AuthPrefix, "sys/", "cubbyhole/", "identity/"}

// EnableMount mounts a plugin: its path is reserved, the plugin started, its
// type compared and the mount stored, in this order. If a step fails nothing is
// left.
func (c *Core) EnableMount(ctx context.Context, e *mounts.Entry) error {
	if !e.Auth {
		for _, p := range protected {
			if strings.HasPrefix(e.Path, p) {
				return fmt.Errorf("cannot mount %q", e.Path)
			}
		}
		if Internal(e.Type) || c.dialect.Namespaces && Internal(strings.TrimPrefix(e.Type, "ns_")) {
			return fmt.Errorf("mount type of %q is not mountable", e.Type)
		}
	}
	if e.Path == "/" {
		return errors.New("backend path must be specified")
	}
	if e.Auth && (e.Type == tokenType || e.Type == "ns_"+tokenType) {
		return errors.New("token credential backend cannot be instantiated")
	}
	if err := e.Identify(); err != nil {
		return err
	}
	r := mounts.NewRoute(e, c.view.Sub("logical/"+e.UUID+"/"), c.start)
	if err := c.table.Reserve(r); err != nil {
		return err
	}
	err := c.bringUp(ctx, r)
	if err != nil {
		c.table.Remove(r)
		// The request may have ended; what was begun must be undone all the same.
		return errors.Join(err, c.discard(context.WithoutCancel(ctx), r))
	}
	c.table.Ready(r)
	c.logger.Info("successful mount", "path", e.FullPath(), "type", e.Type, "version", e.Version)
	return nil
}

// bringUp starts a new mount's backend, compares its type with the table, and
// stores the mount.
func (c *Core) bringUp(ctx context.Context, r *mounts.Route) error {
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	e := r.Entry()
	switch kind := b.Type(); {
	case e.Auth && kind != logical.TypeCredential:
		return fmt.Errorf("cannot mount %q of type %q as an auth backend", e.Type, kind)
	case !e.Auth && kind != logical.TypeLogical:
		return fmt.Errorf("unknown backend type: %q", e.Type)
	}
	return c.persist(ctx, r.Entry())
}

// discard ends a mount's backend and removes what it stored.
func (c *Core) discard(ctx context.Context, r *mounts.Route) error {
	return errors.Join(
		r.Stop(ctx, func(b *mounts.Backend) { b.Cleanup(ctx) }),
		r.Storage.Clear(ctx),
		// After the changes that began before, whose storing would outlive it.
		r.Modify(func(e *mounts.Entry) error { return c.view.Delete(ctx, mountKey(e)) }),
	)
}

// DisableMount revokes the leases of the mount at the full path, ends its
// backend and removes its storage. If a lease can't be revoked nothing is
// removed. The error wraps mounts.ErrNotFound when there is no mount.
func (c *Core) DisableMount(ctx context.Context, path string) error {
	r, err := c.table.Exact(path)
	if err != nil {
		return err
	}
	if !r.Leave() {
		if r.Leaving() {
			return nil // somebody else is removing it
		}
		return ErrMoving
	}
	r.Taint(true)
	if err := c.access.RevokePrefix(ctx, path); err != nil {
		// The mount stays, closed: somebody still has what it gave, and a forced
		// revocation lets the next attempt pass (measured, OpenBao 2.5.5).
		r.Stay()
		return err
	}
	// From here on a caller that goes away must not leave half a mount.
	ctx = context.WithoutCancel(ctx)
	if err := c.discard(ctx, r); err != nil {
		r.Stay()
		return err
	}
	c.table.Remove(r)
	c.logger.Info("successfully unmounted", "path", path)
	return nil
}

// Reload ends the backend of a mount and starts it anew, with what the catalog
// says now. Backends of the server itself are left alone.
func (c *Core) Reload(ctx context.Context, r *mounts.Route) error {
	if Internal(r.Entry().Type) {
		return nil
	}
	reload := context.WithValue(ctx, plugin.ContextKeyPluginReload, "reload")
	if err := r.Exchange(ctx, func(b *mounts.Backend) { b.Cleanup(reload) }); err != nil {
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
		if r.Leaving() {
			return errLeaving
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

// Internal tells whether a type is part of the server: mounted from the start,
// once, and never reloaded.
func Internal(kind string) bool {
	return slices.Contains([]string{systemType, tokenType, cubbyholeType, identityType}, kind)
}
