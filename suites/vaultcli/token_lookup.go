// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"github.com/hashicorp/vault/api"
)

// tokenLookup is GET auth/token/lookup-self (command/token_lookup.go).
func tokenLookup(s *session) *command {
	c := s.command(0, "Display information about a token", `Usage: vault token lookup

  Displays information about the locally authenticated token.`)
	c.run = func(client *api.Client, _ []string) error {
		secret, err := client.Auth().Token().LookupSelfWithContext(c.ctx)
		if err != nil {
			return serverError("Error looking up token: %w", err)
		}
		return c.printSecret(secret)
	}
	return c
}
