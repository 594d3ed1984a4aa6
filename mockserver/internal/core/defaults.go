// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// The types of the mounts that are the server itself.
const (
	systemType    = "system"
	tokenType     = "token"
	cubbyholeType = "cubbyhole"
	identityType  = "identity"
)

// defaultMounts are those of a development server, as recorded in
// sys-mounts-defaults.
func defaultMounts() []*mounts.Entry {
	return []*mounts.Entry{
		{Path: "cubbyhole/", Type: cubbyholeType, Description: "per-token private secret storage", Local: true},
		{Path: "identity/", Type: identityType, Description: "identity store", Config: mounts.Config{PassthroughRequestHeaders: []string{"Authorization"}}},
		{Path: "secret/", Type: "kv", Description: "key/value secret storage", Options: map[string]string{"version": "2"}},
		{Path: "sys/", Type: systemType, Description: "system endpoints used for control, policy and debugging", SealWrap: true, Config: mounts.Config{PassthroughRequestHeaders: []string{"Accept"}}},
		{Path: "token/", Auth: true, Type: tokenType, Description: "token based credentials", Config: mounts.Config{TokenType: logical.TokenTypeDefaultService}},
	}
}

// loadMounts fills the table from the storage, or with the default mounts when
// nothing is stored. It starts no plugin.
func (c *Core) loadMounts(ctx context.Context, system logical.Factory) error {
	c.own = map[string]logical.Factory{
		systemType: system, tokenType: c.access.TokenBackend,
		cubbyholeType: c.access.CubbyholeBackend, identityType: c.access.IdentityBackend,
	}
	entries, err := c.storedMounts(ctx)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		entries = defaultMounts()
		for _, e := range entries {
			e.RunningVersion = c.builtinVersion(e)
			if err := e.Identify(); err != nil {
				return err
			}
			if err := c.persist(ctx, e); err != nil {
				return err
			}
		}
	}
	for _, e := range entries {
		start, isOwn := c.startStored, c.Internal(e.Type)
		if isOwn {
			start = c.startInternal
		}
		r := mounts.NewRoute(e, c.mountView(e), start)
		if err := c.table.Reserve(r); err != nil {
			return fmt.Errorf("stored mount %s: %w", e.TablePath(), err)
		}
		if !isOwn {
			c.checkStored(ctx, r)
		}
		c.table.Ready(r)
		c.rollbacks.mounted(r.Entry())
	}
	return nil
}

// requiredMounts are those of every namespace but the root, of types with the prefix
// (requiredMountTable and defaultAuthTable in OpenBao's vault/mount.go and vault/auth.go;
// the configuration of token/ differs from the root's as measured on 2.6.2).
func requiredMounts(prefix string) []*mounts.Entry {
	var required []*mounts.Entry
	for _, e := range defaultMounts() {
		if !e.Auth && e.Type == "kv" {
			continue
		}
		if e.Auth {
			e.Config.TokenType = logical.TokenTypeDefault
		}
		e.Type = prefix + e.Type
		required = append(required, e)
	}
	return required
}

// makeOwnMount makes one of the server's own mounts in the namespace of ctx.
func (c *Core) makeOwnMount(ctx context.Context, e *mounts.Entry) error {
	e.Namespace = namespace.From(ctx).Path
	e.RunningVersion = c.builtinVersion(e)
	if err := e.IdentifyAs(c.OwnType(e.Type)); err != nil {
		return err
	}
	r := mounts.NewRoute(e, c.mountView(e), c.startInternal)
	if err := c.table.Reserve(r); err != nil {
		return err
	}
	if err := c.persist(ctx, e); err != nil {
		c.table.Remove(r)
		return err
	}
	c.table.Ready(r)
	return nil
}

func (c *Core) storedMounts(ctx context.Context) ([]*mounts.Entry, error) {
	ids, err := c.view.List(ctx, "mounts/")
	if err != nil {
		return nil, err
	}
	var entries []*mounts.Entry
	for _, id := range ids {
		raw, err := c.view.Get(ctx, "mounts/"+id)
		if err != nil {
			return nil, err
		}
		if raw == nil {
			continue
		}
		e := new(mounts.Entry)
		if err := raw.DecodeJSON(e); err != nil {
			return nil, fmt.Errorf("stored mount %s: %w", id, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// builtinVersion is what a mount of a builtin runs: the catalog's version of
// it, or for the server's own mounts the server's.
func (c *Core) builtinVersion(e *mounts.Entry) string {
	if b, err := c.catalog.Builtin(e.PluginType(), c.OwnType(e.Type)); err == nil {
		return b.Version
	}
	return c.dialect.OwnVersion()
}
