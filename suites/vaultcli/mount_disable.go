// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"github.com/hashicorp/vault/api"
)

// mountDisable is DELETE sys/mounts/PATH or sys/auth/PATH
// (command/secrets_disable.go, command/auth_disable.go). Servers don't say whether
// there was anything to disable.
func mountDisable(s *session, kind mountKind) *command {
	c := s.command(1, "Disable a "+kind.one, `Usage: vault `+kind.word+` disable PATH

  Disables the `+kind.one+` at the given PATH. The argument corresponds to the
  enabled PATH, not the TYPE! All secrets and tokens that it created are
  revoked and its Vault data is removed.

      $ vault `+kind.word+` disable my-path/`)
	c.run = func(client *api.Client, args []string) error {
		path := mountPath(cleanPath(args[0]))
		disable := client.Sys().UnmountWithContext
		if kind.auth {
			disable = client.Sys().DisableAuthWithContext
		}
		if err := disable(c.ctx, path); err != nil {
			return serverError("Error disabling %s at %s: %w", kind.one, path, err)
		}
		c.Output("Success! Disabled the " + kind.one + " (if it existed) at: " + path)
		return nil
	}
	return c
}
