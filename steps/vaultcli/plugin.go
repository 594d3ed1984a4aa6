// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
)

func pluginCommands() []command {
	return []command{
		{
			name: "plugin", synopsis: "Interact with Vault plugins and catalog",
			help: `Usage: vault plugin <subcommand> [options] [args]

  This command groups subcommands for interacting with Vault's plugins and the
  plugin catalog. The catalog has three types of plugin: "auth", "database",
  and "secret". Here are a few examples of the plugin commands.

  List all available plugins in the catalog of a particular type:

      $ vault plugin list database

  Register a new plugin to the catalog as a particular type:

      $ vault plugin register -sha256=d3f0a8b... auth my-custom-plugin

  Get information about a plugin in the catalog:

      $ vault plugin info auth my-custom-plugin

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "plugin register", synopsis: "Registers a new plugin in the catalog",
			help: `Usage: vault plugin register [options] TYPE NAME

  Registers a new plugin in the catalog. The plugin binary must exist in Vault's
  configured plugin directory. The argument of type takes "auth", "database",
  or "secret".

  Register the plugin named my-custom-plugin:

      $ vault plugin register -sha256=d3f0a8b... -version=v1.0.0 auth my-custom-plugin

  Register a plugin with custom arguments and environment:

      $ vault plugin register \
          -sha256=d3f0a8b... \
          -version=v1.0.0 \
          -args=--with-glibc,--with-cgo \
          -env REGION=eu -env TOKEN_FILE=/var/run/token \
          auth my-custom-plugin`,
			action: func() action { return new(pluginRegister) },
		},
		{
			name: "plugin deregister", synopsis: "Deregister an existing plugin in the catalog",
			help: `Usage: vault plugin deregister [options] TYPE NAME

  Deregister an existing plugin in the catalog. If the plugin does not exist,
  no action is taken (the command is idempotent). The TYPE argument
  takes "auth", "database", or "secret".

  Deregister the unversioned auth plugin named my-custom-plugin:

      $ vault plugin deregister auth my-custom-plugin

  Deregister the auth plugin named my-custom-plugin, version 1.0.0:

      $ vault plugin deregister -version=v1.0.0 auth my-custom-plugin`,
			action: func() action { return new(pluginDeregister) },
		},
		{
			name: "plugin info", synopsis: "Read information about a plugin in the catalog",
			help: `Usage: vault plugin info [options] TYPE NAME

  Displays information about a plugin in the catalog with the given name. If
  the plugin does not exist, an error is returned. The argument of type
  takes "auth", "database", or "secret".

  Get info about a plugin:

      $ vault plugin info database mysql-database-plugin`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(pluginInfo) },
		},
		{
			name: "plugin list", synopsis: "Lists available plugins",
			help: `Usage: vault plugin list [options] [TYPE]

  Lists available plugins registered in the catalog. This does not list whether
  plugins are in use, but rather just their availability. The last argument of
  type takes "auth", "database", or "secret".

  List all available plugins in the catalog:

      $ vault plugin list

  List all available database plugins in the catalog:

      $ vault plugin list database

  List all available plugins with detailed output:

      $ vault plugin list -detailed`,
			outputs: formatOnly(),
			action:  func() action { return new(pluginList) },
		},
		{
			name: "plugin reload", synopsis: "Reload mounted plugin backend",
			help: `Usage: vault plugin reload [options]

  Reloads mounted plugins. Either the plugin name or the desired plugin
  mount(s) must be provided, but not both. If the plugin name is provided, all
  of its mounts are reloaded.

  Reload the secret plugin named "my-custom-plugin" on the current node:

      $ vault plugin reload -type=secret -plugin=my-custom-plugin

  Reload it across all nodes and replicated clusters:

      $ vault plugin reload \
          -type=secret \
          -plugin=my-custom-plugin \
          -scope=global`,
			action: func() action { return new(pluginReload) },
		},
	}
}

// pluginType reads the TYPE argument.
func pluginType(text string) (api.PluginType, error) {
	typ, err := api.ParsePluginType(strings.TrimSpace(text))
	if err != nil {
		return typ, refused("%w", err)
	}
	return typ, nil
}

// pluginInfo is GET sys/plugins/catalog/TYPE/NAME. Since Vault 1.16 it needs both
// arguments, and it shows image and runtime whether there are any or not.
type pluginInfo struct{ version string }

func (a *pluginInfo) flags(f *flagSet) {
	f.text(&a.version, "version", "Semantic version of the plugin. Optional.")
}

func (a *pluginInfo) run(inv *invocation, args []string) error {
	if err := exactly(2, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	typ, err := pluginType(args[0])
	if err != nil {
		return err
	}
	name := strings.TrimSpace(args[1])
	info, err := client.Sys().GetPluginWithContext(inv.ctx, &api.GetPluginInput{Name: name, Type: typ, Version: a.version})
	if err != nil {
		return refused("Error reading plugin named %s: %w", name, err)
	}
	if info == nil {
		return refused("No value found for plugin %q", name)
	}
	data := map[string]any{
		"args":               info.Args,
		"builtin":            info.Builtin,
		"command":            info.Command,
		"deprecation_status": info.DeprecationStatus,
		"name":               info.Name,
		"oci_image":          info.OCIImage,
		"runtime":            info.Runtime,
		"sha256":             info.SHA256,
		"version":            info.Version,
	}
	if inv.field != "" {
		return inv.printField(data[inv.field])
	}
	return inv.printData(data)
}

// pluginList is GET sys/plugins/catalog; the client picks the TYPE out of the answer.
// Tables are made of what the server says in detail, so they are empty with
// servers older than Vault 1.12, which say only names.
type pluginList struct{ detailed bool }

func (a *pluginList) flags(f *flagSet) {
	f.boolean(&a.detailed, flagDetailed, "Print detailed plugin information such as plugin type, version, and deprecation "+
		"status for each plugin. This option is only applicable to table-formatted output.")
}

func (a *pluginList) run(inv *invocation, args []string) error {
	if err := between(0, 1, "0 or 1", args); err != nil {
		return err
	}
	typ := api.PluginTypeUnknown
	if len(args) > 0 && strings.TrimSpace(args[0]) != "" {
		var err error
		if typ, err = api.ParsePluginType(strings.TrimSpace(args[0])); err != nil {
			return refused("Error parsing type: %w", err)
		}
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	list, err := client.Sys().ListPluginsWithContext(inv.ctx, &api.ListPluginsInput{Type: typ})
	if err != nil {
		return refused("Error listing available plugins: %w", err)
	}
	if list == nil {
		return refused("No response from server when listing plugins")
	}
	if inv.isTable() {
		inv.say(table(a.rows(list.Details, typ), defaultDelimiter))
		return nil
	}
	data := map[string]any{"details": list.Details}
	for _, typ := range slices.Sorted(maps.Keys(list.PluginsByType)) {
		data[typ.String()] = list.PluginsByType[typ]
	}
	return inv.printData(data)
}

// rows keeps the order of the server: by type, then by name.
func (a *pluginList) rows(plugins []api.PluginDetails, typ api.PluginType) []string {
	var rows []string
	switch {
	case a.detailed:
		rows = append(rows, "Name | Type | Version | Deprecation Status")
	case typ == api.PluginTypeUnknown:
		rows = append(rows, "Name | Type | Version")
	default:
		rows = append(rows, "Name | Version")
	}
	for _, p := range plugins {
		switch {
		case a.detailed:
			rows = append(rows, fmt.Sprintf("%s | %s | %s | %s", p.Name, p.Type, p.Version, p.DeprecationStatus))
		case typ == api.PluginTypeUnknown:
			rows = append(rows, fmt.Sprintf("%s | %s | %s", p.Name, p.Type, p.Version))
		default:
			rows = append(rows, fmt.Sprintf("%s | %s", p.Name, p.Version))
		}
	}
	return rows
}
