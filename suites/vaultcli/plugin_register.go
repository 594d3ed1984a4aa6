// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"strings"

	"github.com/hashicorp/vault/api"
)

// pluginRegister is PUT sys/plugins/catalog/TYPE/NAME (command/plugin_register.go
// of Vault 1.21, where the hash may be missing if there is a version). Without a
// TYPE, the server is asked for type "unknown".
func pluginRegister(s *session) *command {
	c := s.command(1, "Registers a new plugin in the catalog", `Usage: vault plugin register [options] TYPE NAME

  Registers a new plugin in the catalog. The plugin binary must exist in Vault's
  configured plugin directory. The argument of type takes "auth", "database",
  or "secret".

  Register a plugin with custom arguments and environment:

      $ vault plugin register \
          -sha256=d3f0a8b... \
          -version=v1.0.0 \
          -args=--with-glibc -args=--with-cgo \
          -env REGION=eu -env TOKEN_FILE=/var/run/token \
          auth my-custom-plugin`)
	c.most = 2
	var input api.RegisterPluginInput
	args := c.list("args", "The `argument` to pass to the plugin when starting.")
	env := c.list("env", "Environment `variable` to set for the plugin when starting, as NAME=VALUE.")
	c.flags.StringVar(&input.Command, "command", "", "The `command` to spawn the plugin. This defaults to the name of the plugin.")
	c.flags.StringVar(&input.SHA256, "sha256", "", "SHA256 `sum` of the plugin binary. This is required to register a plugin binary.")
	c.flags.StringVar(&input.Version, "version", "", "Semantic `version` of the plugin. Optional.")
	c.check = func([]string) error {
		if input.SHA256 == "" && input.Version == "" {
			// Vault forgot the blank between the last sentences.
			return usageError("One of -sha256 or -version is required. " +
				"If registering with a binary, please provide at least -sha256 (-version optional)." +
				"If registering with an artifact, please provide -version only.")
		}
		return nil
	}
	c.run = func(client *api.Client, given []string) error {
		if len(given) == 1 {
			given = []string{api.PluginTypeUnknown.String(), given[0]}
		}
		var err error
		if input.Type, err = api.ParsePluginType(strings.TrimSpace(given[0])); err != nil {
			return err
		}
		input.Name, input.Args, input.Env = strings.TrimSpace(given[1]), *args, *env
		if input.SHA256 != "" && input.Command == "" {
			input.Command = input.Name
		}
		answer, err := client.Sys().RegisterPluginWithContextDetailed(c.ctx, &input)
		if err != nil {
			return serverError("Error registering plugin %s: %w", input.Name, err)
		}
		if answer != nil && len(answer.Warnings) > 0 {
			c.Warn(wrap("Warnings while registering plugin "+input.Name+": "+strings.Join(answer.Warnings, "\n\n"), 0) + "\n")
		}
		c.Output("Success! Registered plugin: " + input.Name)
		return nil
	}
	return c
}
