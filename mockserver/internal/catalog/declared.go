// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/helper/consts"
)

// Declaration is a plugin that the server's configuration registers.
type Declaration struct {
	Type, Name string
	// Version is taken as it is, without the canonical form that requests get.
	Version string
	// Command is relative to the plugin directory, SHA256 in hex.
	Command   string
	SHA256    string
	Args, Env []string
	// OCI: it was downloaded from an OCI registry.
	OCI bool
}

// kmsType is the type of plugins that the catalog does not have.
const kmsType = "kms"

// errConflict refuses to declare what is registered already.
var errConflict = errors.New("conflicts with existing non-declarative plugin; do not specify existing plugins in the server configuration")

// versionError says that a declared version is none.
type versionError struct{ entry, malformed, version string }

func (e *versionError) Error() string {
	return fmt.Sprintf("while listing plugins of type unknown: failed to list plugins: unexpected error parsing version from plugin catalog entry %q: %s: %s", e.entry, e.malformed, e.version)
}

// Declare brings the catalog in line with the configuration: it registers and updates
// the declared plugins, in their order, and removes those that were declared once and
// are not any more. The logger is that of the catalog.
//
// Source: PluginCatalog.registerDeclarativePlugins in vault/plugin_catalog.go at v2.6.2.
func (c *Catalog) Declare(ctx context.Context, plugins []Declaration, probe Prober, logger hclog.Logger) error {
	declared := map[Key]bool{}
	for i, p := range plugins {
		if p.Type == kmsType && c.dialect.Configuration.KMSPlugins {
			continue
		}
		key, err := c.declare(ctx, p, probe, logger)
		if errors.As(err, new(*versionError)) {
			return err
		}
		if err != nil {
			return fmt.Errorf("[plugin %d (name: %s / type: %s)]: %w", i, p.Name, p.Type, err)
		}
		declared[key] = true
	}
	for _, kind := range consts.PluginTypes {
		entries, err := c.allRegistered(ctx, kind)
		if err != nil {
			return fmt.Errorf("while listing plugins of type %s: failed to list plugins: %w", kind, err)
		}
		for i, e := range entries {
			if !e.Declarative || declared[e.Key] {
				continue
			}
			logger.Info("removing plugin present in storage but no longer present in configuration", "name", e.Name, "type", kind.String(), "version", e.Version)
			if err := c.storage.Delete(ctx, "plugins/"+e.storageKey()); err != nil {
				return fmt.Errorf("while listing plugins of type %s: [stored plugin %d (name: %s / version: %s)]: failed to delete plugin: %w", kind, i, e.Name, e.Version, err)
			}
		}
	}
	return nil
}

// declare registers one plugin unless it is registered just so, and returns the declared
// key. What the plugin itself says of version or type makes another one of it, which
// servers then remove as not declared.
func (c *Catalog) declare(ctx context.Context, p Declaration, probe Prober, logger hclog.Logger) (Key, error) {
	kind, err := consts.ParsePluginType(p.Type)
	if err != nil {
		return Key{}, err
	}
	sum, err := hex.DecodeString(p.SHA256)
	if err != nil {
		return Key{}, fmt.Errorf("invalid plugin sha256: %w", err)
	}
	key := Key{Type: kind, Name: p.Name, Version: p.Version}
	// Servers notice a version that is none when they list what they registered, and
	// then at each start.
	if _, err := version.NewVersion(p.Version); p.Version != "" && err != nil {
		return key, &versionError{entry: path.Join(kind.String(), p.Name, p.Version), malformed: c.dialect.Catalog.MalformedVersion, version: p.Version}
	}
	fields := []any{"name", p.Name, "type", p.Type, "version", p.Version, "sha256", p.SHA256}
	present, err := c.Get(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		logger.Info("registering new declarative plugin", fields...)
	case err != nil:
		return key, fmt.Errorf("failed getting plugin: %w", err)
	case !present.Declarative:
		return key, errConflict
	case p.OCI && present.OCI && bytes.Equal(sum, present.SHA256) && slices.Equal(p.Args, present.Args) && slices.Equal(p.Env, present.Env):
		return key, nil
	default:
		// A plugin with a command is always updated: servers compare its command
		// with the path of the file.
		logger.Info("updating existing plugin", fields...)
	}
	e := &Entry{Key: key, Command: p.Command, Args: p.Args, Env: p.Env, SHA256: sum, OCI: p.OCI, Declarative: true}
	if err := c.set(ctx, e, probe); err != nil {
		return key, fmt.Errorf("failed to register new plugin: %w", err)
	}
	return key, nil
}
