// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

func isBuiltinVersion(v string) bool { return catalog.IsBuiltinVersion(v) }

func joined(names []string) string { return strings.Join(names, ", ") }

// pinned returns the version of a plugin that must be used, "" for any.
func (b *backend) pinned(ctx context.Context, plugin string) (string, error) {
	pins, ok := b.System().(interface {
		GetPinnedPluginVersion(context.Context, consts.PluginType, string) (*pluginutil.PinnedVersion, error)
	})
	if !ok {
		return "", nil
	}
	pin, err := pins.GetPinnedPluginVersion(ctx, consts.PluginTypeDatabase, plugin)
	if errors.Is(err, pluginutil.ErrPinnedVersionNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return pin.Version, nil
}

// runningVersion returns the version to start for a configuration.
func (b *backend) runningVersion(ctx context.Context, c *configuration) (string, error) {
	if c.OverridePin {
		return c.PluginVersion, nil
	}
	pin, err := b.pinned(ctx, c.PluginName)
	if err != nil || pin != "" {
		return pin, err
	}
	return c.PluginVersion, nil
}

// showRunning adds the version that runs to a configuration that is shown, and warns
// if it is not the configured one.
func (b *backend) showRunning(ctx context.Context, req *logical.Request, name string, c *configuration, resp *logical.Response) {
	running := ""
	if conn, err := b.connect(ctx, req.Storage, name, false); err == nil {
		running = conn.version
		conn.release()
		if c.PluginVersion != "" && c.PluginVersion != running {
			warning := fmt.Sprintf("Plugin version is configured as %q, but running %q", c.PluginVersion, running)
			if pin, _ := b.pinned(ctx, c.PluginName); pin == running {
				warning += " because that version is pinned"
			} else {
				warning += " either due to a pinned version or because the plugin was upgraded and not yet reloaded"
			}
			resp.AddWarning(warning)
		}
	}
	resp.Data["running_plugin_version"] = running
}

// selectVersion decides which version a configuration uses: the pinned one, the one
// asked for, the unversioned plugin, or for a new configuration the newest. It returns
// the version to start.
func (b *backend) selectVersion(ctx context.Context, c *configuration, d *framework.FieldData, create bool) (string, *logical.Response, error) {
	pin, err := b.pinned(ctx, c.PluginName)
	if err != nil {
		return "", nil, err
	}
	if override, ok := d.GetOk("override_pinned_version"); ok {
		c.OverridePin = override.(bool)
	}
	if c.OverridePin {
		pin = ""
	}
	asked, given := d.GetOk("plugin_version")
	switch {
	case given && pin != "":
		v := "v"
		if b.dialect.Database.PinnedOnce {
			v = ""
		}
		return "", logical.ErrorResponse("cannot specify plugin_version for plugin %q as it is pinned (%s%s)", c.PluginName, v, pin), nil
	case pin != "":
		return pin, nil, nil
	case given:
		c.PluginVersion = asked.(string)
	}
	unversioned, err := b.System().LookupPlugin(ctx, c.PluginName, consts.PluginTypeDatabase)
	shadowed := err == nil && !unversioned.Builtin
	switch {
	case c.PluginVersion != "":
		parsed, err := version.NewVersion(c.PluginVersion)
		if err != nil {
			return "", logical.ErrorResponse("version %q is not a valid semantic version: %s", c.PluginVersion, b.dialect.Catalog.VersionError(err)), nil
		}
		c.PluginVersion = "v" + parsed.String()
		if c.PluginVersion != b.builtinVersion(c.PluginName) {
			break
		}
		if shadowed {
			return "", logical.ErrorResponse("database plugin %q, version %s not found, as it is overridden by an unversioned plugin of the same name. Omit `plugin_version` to use the unversioned plugin", c.PluginName, c.PluginVersion), nil
		}
		c.PluginVersion = ""
	case !shadowed && create:
		c.PluginVersion, err = b.newest(ctx, c.PluginName)
		if err != nil {
			return "", nil, err
		}
	}
	return c.PluginVersion, nil, nil
}

// builtinVersion returns the version of the server's own database plugin of a name.
func (b *backend) builtinVersion(name string) string {
	for _, builtin := range b.dialect.Builtins {
		if builtin.Type == consts.PluginTypeDatabase.String() && builtin.Name == name {
			return builtin.Version
		}
	}
	return ""
}

// newest returns the newest registered version of a plugin, "" if there is none.
func (b *backend) newest(ctx context.Context, name string) (string, error) {
	plugins, err := b.System().ListVersionedPlugins(ctx, consts.PluginTypeDatabase)
	if err != nil {
		return "", err
	}
	var newest *version.Version
	for _, p := range plugins {
		if !p.Builtin && p.Name == name && p.Version != "" && (newest == nil || p.SemanticVersion.GreaterThan(newest)) {
			newest = p.SemanticVersion
		}
	}
	if newest == nil {
		return "", nil
	}
	return "v" + newest.String(), nil
}
