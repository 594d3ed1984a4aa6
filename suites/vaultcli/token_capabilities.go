// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
)

// tokenCapabilities is POST sys/capabilities-self; what the token may do is sorted
// (command/token_capabilities.go).
func tokenCapabilities(s *session) *command {
	c := s.command(1, "Print capabilities of a token on a path", `Usage: vault token capabilities PATH

  Fetches the capabilities of the locally authenticated token for a given path.

  List capabilities on the "secret/foo" path:

      $ vault token capabilities secret/foo`)
	c.run = func(client *api.Client, args []string) error {
		capabilities, err := client.Sys().CapabilitiesSelfWithContext(c.ctx, args[0])
		switch {
		case err != nil:
			return serverError("Error listing capabilities: %w", err)
		case capabilities == nil:
			return usageError("No capabilities found")
		}
		slices.Sort(capabilities)
		c.Output(strings.Join(capabilities, ", "))
		return nil
	}
	return c
}
