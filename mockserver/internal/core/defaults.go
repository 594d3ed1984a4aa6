// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
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
	own := map[string]logical.Factory{
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
		start := c.start
		if factory, ok := own[e.Type]; ok {
			start = c.startOwn(factory)
		}
		r := mounts.NewRoute(e, c.view.Sub("logical/"+e.UUID+"/"), start)
		if err := c.table.Reserve(r); err != nil {
			return fmt.Errorf("stored mount %s: %w", e.FullPath(), err)
		}
		c.table.Ready(r)
	}
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
	if b, err := c.catalog.Builtin(e.PluginType(), e.Type); err == nil {
		return b.Version
	}
	return c.dialect.OwnVersion()
}
