// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"github.com/hashicorp/vault/api"
)

// tokenCreate is POST auth/token/create (command/token_create.go). Durations are
// sent even when they are zero, which means the server's default.
func tokenCreate(s *session) *command {
	c := s.command(0, "Create a new token", `Usage: vault token create [options]

  Creates a new token that can be used for authentication. This token will be
  created as a child of the currently authenticated token. The generated token
  will inherit all policies and permissions of the currently authenticated
  token unless you explicitly define a subset list policies to assign to the
  token.`)
	c.fieldFlag()
	c.formatFlag()
	ttl := c.flags.Duration("ttl", 0, "Initial TTL to associate with the token, such as \"30s\" or \"5m\".")
	policies := c.list("policy", "The `name` of a policy to associate with this token.")
	c.run = func(client *api.Client, _ []string) error {
		renewable := true
		secret, err := client.Auth().Token().CreateWithContext(c.ctx, &api.TokenCreateRequest{
			Policies:       *policies,
			TTL:            ttl.String(),
			ExplicitMaxTTL: "0s",
			Period:         "0s",
			Renewable:      &renewable,
			Type:           "service",
		})
		if err != nil {
			return serverError("Error creating token: %w", err)
		}
		return c.printFieldOrSecret(secret)
	}
	return c
}
