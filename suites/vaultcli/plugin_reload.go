// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/api"
)

// pluginReload follows command/plugin_reload.go of Vault 1.16, whose root namespace
// has a path of its own for each plugin, with two deviations. Vault calls that path
// for -mounts too, with an empty name that no server understands; here -mounts goes
// to the path that takes mounts. And where a server does not know the newer path
// (Vault up to 1.15, OpenBao) the older one is called.
func pluginReload(s *session) *command {
	c := s.command(0, "Reload mounted plugin backend", `Usage: vault plugin reload [options]

  Reloads mounted plugins. Either the plugin name or the desired plugin
  mount(s) must be provided, but not both. If the plugin name is provided, all
  of its mounts are reloaded.

  Reload the plugin named "my-custom-plugin":

      $ vault plugin reload -plugin=my-custom-plugin`)
	c.most = anyNumber
	plugin := c.flags.String("plugin", "", "The `name` of the plugin to reload, as registered in the plugin catalog.")
	mounts := c.list("mounts", "Mount `path` of the plugin backend to reload.")
	c.check = func([]string) error {
		switch {
		case *plugin == "" && len(*mounts) == 0:
			return usageError("No plugins specified, must specify exactly one of -plugin or -mounts")
		case *plugin != "" && len(*mounts) > 0:
			return usageError("Must specify exactly one of -plugin or -mounts")
		}
		return nil
	}
	c.run = func(client *api.Client, _ []string) error {
		if err := reload(c.ctx, client, *plugin, *mounts); err != nil {
			return serverError("Error reloading plugin/mounts: %w", err)
		}
		if len(*mounts) > 0 {
			c.Output(fmt.Sprintf("Success! Reloaded mounts: %s", *mounts))
		} else {
			c.Output("Success! Reloaded plugin: " + *plugin)
		}
		return nil
	}
	return c
}

func reload(ctx context.Context, client *api.Client, plugin string, mounts []string) error {
	if client.Namespace() == "" && len(mounts) == 0 {
		_, err := client.Sys().RootReloadPlugin(ctx, &api.RootReloadPluginInput{Plugin: plugin, Type: api.PluginTypeUnknown})
		if refusal := (*api.ResponseError)(nil); !errors.As(err, &refusal) || refusal.StatusCode != http.StatusNotFound {
			return err
		}
	}
	_, err := client.Sys().ReloadPluginWithContext(ctx, &api.ReloadPluginInput{Plugin: plugin, Mounts: mounts})
	return err
}
