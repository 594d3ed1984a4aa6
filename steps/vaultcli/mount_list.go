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

// mountList is `secrets list` and `auth list`.
type mountList struct {
	kind     mountKind
	detailed bool
}

func (a *mountList) flags(f *flagSet) {
	f.boolean(&a.detailed, flagDetailed, "Print detailed information such as TTLs and replication status about each "+
		a.kind.one+". This option is only applicable to table-formatted output.")
}

func (a *mountList) run(inv *invocation, args []string) error {
	if err := exactly(0, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	var mounts map[string]*api.MountOutput
	if a.kind.auth {
		mounts, err = client.Sys().ListAuthWithContext(inv.ctx)
		if err != nil {
			return refused("Error listing enabled authentications: %w", err)
		}
	} else {
		mounts, err = client.Sys().ListMountsWithContext(inv.ctx)
		if err != nil {
			return refused("Error listing secrets engines: %w", err)
		}
	}
	switch {
	case !inv.isTable():
		return inv.printData(mounts)
	case a.detailed:
		inv.say(table(a.detailedRows(mounts), defaultDelimiter))
	default:
		inv.say(table(a.rows(mounts), defaultDelimiter))
	}
	return nil
}

// rows are the short table's: auth methods show the configured version, secrets
// engines don't.
func (a *mountList) rows(mounts map[string]*api.MountOutput) []string {
	rows := []string{"Path | Type | Accessor | Description"}
	if a.kind.auth {
		rows[0] += " | Version"
	}
	for _, path := range slices.Sorted(maps.Keys(mounts)) {
		m := mounts[path]
		row := fmt.Sprintf("%s | %s | %s | %s", path, m.Type, m.Accessor, m.Description)
		if a.kind.auth {
			row += " | " + m.PluginVersion
		}
		rows = append(rows, row)
	}
	return rows
}

// detailedRows has Vault's 16 columns, which differ in the sixth.
func (a *mountList) detailedRows(mounts map[string]*api.MountOutput) []string {
	sixth := "Force No Cache"
	if a.kind.auth {
		sixth = "Token Type"
	}
	rows := []string{"Path | Plugin | Accessor | Default TTL | Max TTL | " + sixth + " | Replication | Seal Wrap | " +
		"External Entropy Access | Options | Description | UUID | Version | Running Version | Running SHA256 | Deprecation Status"}
	for _, path := range slices.Sorted(maps.Keys(mounts)) {
		m := mounts[path]
		sixth := strconv.FormatBool(m.Config.ForceNoCache)
		if a.kind.auth {
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
