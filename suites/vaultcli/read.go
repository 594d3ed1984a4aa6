// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"context"

	"github.com/hashicorp/vault/api"
)

// readCommand is GET (command/read.go). A 404 is "No value found", whatever the
// reason.
func readCommand(s *session) *command {
	c := s.command(1, "Read data and retrieves secrets", `Usage: vault read [options] PATH

  Reads data from Vault at the given path. This can be used to read secrets,
  generate dynamic credentials, get configuration details, and more.

  Read one variable of a plugin's process, if the plugin shows it:

      $ vault read -field=value my-secrets/env/REGION`)
	c.fieldFlag()
	c.formatFlag()
	c.run = func(client *api.Client, args []string) error {
		// The client library leaves the timeout of these calls to the caller.
		ctx, cancel := context.WithTimeout(c.ctx, client.ClientTimeout())
		defer cancel()
		path := cleanPath(args[0])
		secret, err := client.Logical().ReadWithContext(ctx, path)
		switch {
		case err != nil:
			return serverError("Error reading %s: %w", path, err)
		case secret == nil:
			return serverError("No value found at %s", path)
		}
		return c.printFieldOrSecret(secret)
	}
	return c
}
