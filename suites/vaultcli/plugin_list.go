// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"strings"

	"github.com/hashicorp/vault/api"
)

// pluginList is GET sys/plugins/catalog, of whose answer the client takes the TYPE
// (command/plugin_list.go). The rows are in the server's order. They are made of
// details that servers have since Vault 1.12, so older ones show none.
func pluginList(s *session) *command {
	c := s.command(0, "Lists available plugins", `Usage: vault plugin list [options] [TYPE]

  Lists available plugins registered in the catalog. This does not list whether
  plugins are in use, but rather just their availability. The last argument of
  type takes "auth", "database", or "secret".

  List all available plugins with detailed output:

      $ vault plugin list -detailed`)
	c.most = 1
	detailed := c.flags.Bool("detailed", false, "Print detailed plugin information such as plugin type, version, and "+
		"deprecation status for each plugin.")
	c.run = func(client *api.Client, args []string) error {
		typ := api.PluginTypeUnknown
		if len(args) > 0 {
			var err error
			if typ, err = api.ParsePluginType(strings.TrimSpace(args[0])); err != nil {
				return serverError("Error parsing type: %w", err)
			}
		}
		list, err := client.Sys().ListPluginsWithContext(c.ctx, &api.ListPluginsInput{Type: typ})
		switch {
		case err != nil:
			return serverError("Error listing available plugins: %w", err)
		case list == nil:
			return serverError("No response from server when listing plugins")
		}
		columns := func(name, typ, version, status string) string {
			switch {
			case *detailed:
				return strings.Join([]string{name, typ, version, status}, " | ")
			case len(args) == 0:
				return strings.Join([]string{name, typ, version}, " | ")
			}
			return name + " | " + version
		}
		rows := []string{columns("Name", "Type", "Version", "Deprecation Status")}
		for _, p := range list.Details {
			rows = append(rows, columns(p.Name, p.Type, p.Version, p.DeprecationStatus))
		}
		c.printTable(rows, defaultDelimiter)
		return nil
	}
	return c
}
