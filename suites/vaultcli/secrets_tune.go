// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"flag"

	"github.com/hashicorp/vault/api"
)

// secretsTune is POST sys/mounts/PATH/tune (command/secrets_tune.go). TTLs and
// options are always sent, the version if it was given, also an empty one.
func secretsTune(s *session) *command {
	c := s.command(1, "Tune a secrets engine configuration", `Usage: vault secrets tune [options] PATH

  Tunes the configuration options for the secrets engine at the given PATH.
  The argument corresponds to the PATH where the secrets engine is enabled,
  not the TYPE!

  Select another version of the plugin:

      $ vault secrets tune -plugin-version=v2.0.0 my-secrets/`)
	version := c.flags.String("plugin-version", "", "Semantic `version` of the plugin to run. The new version must be "+
		"registered in the plugin catalog, and will not start running until the plugin is reloaded.")
	c.run = func(client *api.Client, args []string) error {
		path := mountPath(cleanPath(args[0]))
		config := api.TuneMountConfigInput{DefaultLeaseTTL: new(string), MaxLeaseTTL: new(string), Options: new(map[string]string)}
		c.flags.Visit(func(*flag.Flag) { config.PluginVersion = version })
		if err := client.Sys().TuneMountAllowNilWithContext(c.ctx, path, config); err != nil {
			return serverError("Error tuning secrets engine %s: %w", path, err)
		}
		c.Output("Success! Tuned the secrets engine at: " + path)
		return nil
	}
	return c
}
