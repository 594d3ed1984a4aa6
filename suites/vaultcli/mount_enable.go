// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/api"
)

// mountEnable is POST sys/mounts/PATH or sys/auth/PATH (command/secrets_enable.go,
// command/auth_enable.go). The TTLs are always sent.
func mountEnable(s *session, kind mountKind) *command {
	c := s.command(1, "Enable a "+kind.one, `Usage: vault `+kind.word+` enable [options] TYPE

  Enables a plugin of the given TYPE, at the path of that name or at the one of
  the -path option.

  Enable a custom plugin (after it is registered in the plugin registry):

      $ vault `+kind.word+` enable -path=my-path my-plugin`)
	path := c.flags.String("path", "", "The `path` where the "+kind.one+" will be accessible. This defaults to the TYPE.")
	description := c.flags.String("description", "", "Human-friendly `description` of this "+kind.one+".")
	version := c.flags.String("plugin-version", "", "Semantic `version` of the plugin to enable.")
	c.run = func(client *api.Client, args []string) error {
		typ := strings.TrimSpace(args[0])
		at := mountPath(cmp.Or(*path, typ))
		input := &api.MountInput{
			Type:        typ,
			Description: *description,
			Config:      api.MountConfigInput{DefaultLeaseTTL: "0s", MaxLeaseTTL: "0s", PluginVersion: *version},
		}
		suffix := ""
		if *version != "" {
			suffix = " version " + *version
		}
		if kind.auth {
			if err := client.Sys().EnableAuthWithOptionsWithContext(c.ctx, at, input); err != nil {
				return serverError("Error enabling %s auth: %w", typ, err)
			}
			c.Output(fmt.Sprintf("Success! Enabled %s auth method%s at: %s", typ, suffix, at))
			return nil
		}
		if err := client.Sys().MountWithContext(c.ctx, at, input); err != nil {
			return serverError("Error enabling: %w", err)
		}
		c.Output(fmt.Sprintf("Success! Enabled the %s secrets engine%s at: %s", typ, suffix, at))
		return nil
	}
	return c
}
