// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"github.com/hashicorp/vault/api"
)

// policyList is GET sys/policies/acl, one name a line without a header
// (command/policy_list.go).
func policyList(s *session) *command {
	c := s.command(0, "Lists the installed policies", `Usage: vault policy list

  Lists the names of the policies that are installed on the Vault server.`)
	c.run = func(client *api.Client, _ []string) error {
		names, err := client.Sys().ListPoliciesWithContext(c.ctx)
		if err != nil {
			return serverError("Error listing policies: %w", err)
		}
		for _, name := range names {
			c.Output(name)
		}
		return nil
	}
	return c
}
