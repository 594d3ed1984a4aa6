// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"strings"

	"github.com/hashicorp/vault/api"
)

// pluginInfo is GET sys/plugins/catalog/TYPE/NAME. Since Vault 1.15 it shows image
// and runtime whether there are any or not (command/plugin_info.go).
func pluginInfo(s *session) *command {
	c := s.command(2, "Read information about a plugin in the catalog", `Usage: vault plugin info [options] TYPE NAME

  Displays information about a plugin in the catalog with the given name. If
  the plugin does not exist, an error is returned. The argument of type
  takes "auth", "database", or "secret".

  Get info about a plugin:

      $ vault plugin info database mysql-database-plugin`)
	version := c.flags.String("version", "", "Semantic `version` of the plugin. Optional.")
	c.run = func(client *api.Client, args []string) error {
		typ, err := api.ParsePluginType(strings.TrimSpace(args[0]))
		if err != nil {
			return err
		}
		name := strings.TrimSpace(args[1])
		info, err := client.Sys().GetPluginWithContext(c.ctx, &api.GetPluginInput{Name: name, Type: typ, Version: *version})
		switch {
		case err != nil:
			return serverError("Error reading plugin named %s: %w", name, err)
		case info == nil:
			return serverError("No value found for plugin %q", name)
		}
		table := secretTable{"Key" + rareDelimiter + "Value"}
		table.addMap(map[string]any{
			"args":               info.Args,
			"builtin":            info.Builtin,
			"command":            info.Command,
			"deprecation_status": info.DeprecationStatus,
			"name":               info.Name,
			"oci_image":          info.OCIImage,
			"runtime":            info.Runtime,
			"sha256":             info.SHA256,
			"version":            info.Version,
		})
		c.printTable(table, rareDelimiter)
		return nil
	}
	return c
}
