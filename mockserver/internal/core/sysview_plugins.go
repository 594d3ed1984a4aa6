// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/database/dbplugin"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// What the database engine asks of the system view: the plugins of the catalog, and
// connections to them. Plugins cannot: the servers' gRPC services do not have it.

// LookupPlugin returns the unversioned plugin of that name.
func (v *systemView) LookupPlugin(ctx context.Context, name string, kind consts.PluginType) (*pluginutil.PluginRunner, error) {
	return v.LookupPluginVersion(ctx, name, kind, "")
}

// LookupPluginVersion returns the plugin of that name and version. A builtin that the
// mock only lists can't be run.
func (v *systemView) LookupPluginVersion(ctx context.Context, name string, kind consts.PluginType, wanted string) (*pluginutil.PluginRunner, error) {
	e, err := v.core.catalog.Get(ctx, catalog.Key{Type: kind, Name: name, Version: wanted})
	if err != nil {
		return nil, err
	}
	return &pluginutil.PluginRunner{
		Name: e.Name, Type: e.Type, Version: e.Version, Command: e.Command, Args: e.Args, Env: e.Env, Sha256: e.SHA256,
		OCIImage: e.Image, Runtime: e.Runtime, Builtin: e.Builtin,
		BuiltinFactory: func() (any, error) {
			return nil, fmt.Errorf("plugproof's mock server lists the builtin plugin %q but does not emulate it: register the plugin's binary under this name to use it", name)
		},
	}, nil
}

// ListVersionedPlugins returns the plugins of a type.
func (v *systemView) ListVersionedPlugins(ctx context.Context, kind consts.PluginType) ([]pluginutil.VersionedPlugin, error) {
	entries, err := v.core.catalog.List(ctx, kind)
	if err != nil {
		return nil, err
	}
	var list []pluginutil.VersionedPlugin
	for _, e := range entries {
		semantic := e.Version
		if semantic == "" {
			semantic = "0.0.0"
		}
		parsed, err := version.NewVersion(semantic)
		if err != nil {
			return nil, fmt.Errorf("unexpected error parsing version from plugin catalog entry %q: %w", e.Name, err)
		}
		list = append(list, pluginutil.VersionedPlugin{
			Type: e.Type.String(), Name: e.Name, Version: e.Version, SHA256: hex.EncodeToString(e.SHA256), Builtin: e.Builtin, SemanticVersion: parsed,
		})
	}
	return list, nil
}

// GetPinnedPluginVersion returns the version of a plugin that mounts must use.
func (v *systemView) GetPinnedPluginVersion(ctx context.Context, kind consts.PluginType, name string) (*pluginutil.PinnedVersion, error) {
	if !v.core.dialect.Catalog.Pins {
		return nil, pluginutil.ErrPinnedVersionNotFound
	}
	pin, err := v.core.catalog.Pin(ctx, kind, name)
	if errors.Is(err, catalog.ErrNoPin) {
		return nil, pluginutil.ErrPinnedVersionNotFound
	}
	return &pluginutil.PinnedVersion{Name: pin.Name, Type: pin.Type, Version: pin.Version}, err
}

// NewPluginClient returns a connection to a database plugin, which is started if it
// does not run.
func (v *systemView) NewPluginClient(ctx context.Context, config pluginutil.PluginClientConfig) (pluginutil.PluginClient, error) {
	lookup := v.core.lookup(catalog.Key{Type: config.PluginType, Name: config.Name, Version: config.Version})
	entry, err := lookup(ctx)
	if err != nil {
		return nil, err
	}
	return v.core.pool.Database(ctx, entry, v.route.Entry().BackendUUID)
}

// OldDatabase starts a database plugin as one of the protocol before Vault 1.6. current is
// why NewPluginClient could not start it.
func (v *systemView) OldDatabase(ctx context.Context, name, wanted string, current error) (dbplugin.Database, error) {
	lookup := v.core.lookup(catalog.Key{Type: consts.PluginTypeDatabase, Name: name, Version: wanted})
	entry, err := lookup(ctx)
	if err != nil {
		return nil, err
	}
	return v.core.pool.OldDatabase(ctx, entry, v.route.Entry().BackendUUID, current)
}

// GeneratePasswordFromPolicy returns a password after a policy of
// sys/policies/password in the mount's namespace.
func (v *systemView) GeneratePasswordFromPolicy(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", errors.New("missing password policy name")
	}
	ns, err := v.core.namespaces.At(v.route.Entry().Namespace)
	if err != nil {
		return "", err
	}
	return v.core.passwords.Generate(namespace.With(ctx, ns), name)
}
