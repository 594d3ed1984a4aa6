// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/api"
)

// mountList is GET sys/mounts or sys/auth (command/secrets_list.go,
// command/auth_list.go).
func mountList(s *session, kind mountKind) *command {
	c := s.command(0, "List enabled "+kind.one+"s", `Usage: vault `+kind.word+` list [options]

  Lists the enabled `+kind.one+`s on the Vault server. This command also
  outputs information about the enabled path including configured TTLs and
  human-friendly descriptions. A TTL of "system" indicates that the system
  default is in use.

  List all with detailed output:

      $ vault `+kind.word+` list -detailed`)
	c.formatFlag()
	detailed := c.flags.Bool("detailed", false, "Print detailed information such as TTLs and replication status about each "+
		kind.one+". This option is only applicable to table-formatted output.")
	c.run = func(client *api.Client, _ []string) error {
		list, what := client.Sys().ListMountsWithContext, "secrets engines"
		if kind.auth {
			list, what = client.Sys().ListAuthWithContext, "enabled authentications"
		}
		mounts, err := list(c.ctx)
		switch {
		case err != nil:
			return serverError("Error listing %s: %w", what, err)
		case c.format == formatJSON:
			return c.printData(mounts)
		case *detailed:
			c.printTable(kind.detailedRows(mounts), defaultDelimiter)
		default:
			c.printTable(kind.rows(mounts), defaultDelimiter)
		}
		return nil
	}
	return c
}

// rows are the short table's: auth methods show the configured version, secrets
// engines do not.
func (k mountKind) rows(mounts map[string]*api.MountOutput) []string {
	rows := []string{"Path | Type | Accessor | Description"}
	if k.auth {
		rows[0] += " | Version"
	}
	for _, path := range slices.Sorted(maps.Keys(mounts)) {
		m := mounts[path]
		row := strings.Join([]string{path, m.Type, m.Accessor, m.Description}, " | ")
		if k.auth {
			row += " | " + m.PluginVersion
		}
		rows = append(rows, row)
	}
	return rows
}

// detailedRows has 16 columns, of which the sixth differs.
func (k mountKind) detailedRows(mounts map[string]*api.MountOutput) []string {
	sixth := "Force No Cache"
	if k.auth {
		sixth = "Token Type"
	}
	rows := []string{"Path | Plugin | Accessor | Default TTL | Max TTL | " + sixth + " | Replication | Seal Wrap | " +
		"External Entropy Access | Options | Description | UUID | Version | Running Version | Running SHA256 | Deprecation Status"}
	for _, path := range slices.Sorted(maps.Keys(mounts)) {
		m := mounts[path]
		sixth := strconv.FormatBool(m.Config.ForceNoCache)
		if k.auth {
			sixth = m.Config.TokenType
		}
		replication := "replicated"
		if m.Local {
			replication = "local"
		}
		rows = append(rows, strings.Join([]string{
			path,
			m.Type,
			m.Accessor,
			ttlCell(m.Type, m.Config.DefaultLeaseTTL),
			ttlCell(m.Type, m.Config.MaxLeaseTTL),
			sixth,
			replication,
			strconv.FormatBool(m.SealWrap),
			strconv.FormatBool(m.ExternalEntropyAccess),
			fmt.Sprint(m.Options),
			m.Description,
			m.UUID,
			m.PluginVersion,
			m.RunningVersion,
			m.RunningSha256,
			m.DeprecationStatus,
		}, " | "))
	}
	return rows
}

// ttlCell is seconds, "system" for the server's default, and nothing for mounts
// that have no leases.
func ttlCell(typ string, seconds int) string {
	switch {
	case typ == "system" || typ == "cubbyhole":
		return ""
	case seconds != 0:
		return strconv.Itoa(seconds)
	}
	return "system"
}
