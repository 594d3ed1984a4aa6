// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"os"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// A plugin that cannot be started when the server starts leaves its mount without a
// backend: requests are answered as if there were no handler, also after the plugin
// was registered again, until a reload. The mount's storage stays read-only, so that
// it cannot be removed while there is something in it.
//
// Source: setupMounts, setupCredentials and reloadBackendCommon of Vault and OpenBao.

// startStored is the starter of mounts that were there when the server started.
// Real servers start them at once, the mock with the first request, which therefore
// decides; what is certain beforehand is decided by checkStored.
func (c *Core) startStored(ctx context.Context, r *mounts.Route) (*mounts.Backend, error) {
	b, err := c.start(ctx, r)
	if err == nil || r.Skipped() || r.Started() {
		return b, err
	}
	if uninitialized := (*initializeError)(nil); errors.As(err, &uninitialized) {
		c.logger.Error("failed to initialize mount backend", "path", r.Entry().Path, "error", err)
		return b, nil
	}
	c.skip(r, err)
	return b, err
}

// checkStored skips a mount whose plugin is not registered any more or has lost its
// file.
func (c *Core) checkStored(ctx context.Context, r *mounts.Route) {
	key, err := c.resolve(ctx, r.Entry())
	if err != nil {
		c.skip(r, err)
		return
	}
	plug, err := c.catalogEntry(ctx, key)
	if err == nil && !plug.Builtin && plug.Image == "" {
		_, err = os.Stat(c.catalog.Path(plug))
	}
	if err != nil {
		c.skip(r, err)
	}
}

// skip leaves a mount without a backend because of err.
func (c *Core) skip(r *mounts.Route, err error) {
	r.Skip()
	// Nothing runs; what ran last stays as stored.
	_ = r.Modify(func(e *mounts.Entry) error {
		e.RunningSHA256 = ""
		return nil
	})
	kind, table := "mount", "plugin-based mount"
	if r.Entry().Auth {
		kind, table = "credential", "plugin-based auth"
	}
	c.logger.Error("failed to create "+kind+" entry", "path", r.Entry().Path, "error", err)
	c.logger.Warn("skipping "+table+" entry", "path", r.Entry().Path)
}

// checkRemovable returns an error for a mount that was skipped and has data: its
// storage is read-only.
func (c *Core) checkRemovable(ctx context.Context, r *mounts.Route) error {
	if !r.Skipped() {
		return nil
	}
	names, err := r.Storage.List(ctx, "")
	if err == nil && len(names) > 0 {
		err = logical.ErrSetupReadOnly
	}
	return err
}
