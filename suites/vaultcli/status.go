// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/vault/api"
)

// statusCommand asks sys/seal-status and sys/leader, which need no token
// (command/status.go). Its exit codes are its own: 2 means sealed.
func statusCommand(s *session) *command {
	c := s.command(0, "Print seal and HA status", `Usage: vault status

  Prints the current state of Vault including whether it is sealed and if HA
  mode is enabled. This command prints regardless of whether the Vault is
  sealed.

  The exit code reflects the seal status:

      - 0 - unsealed
      - 1 - error
      - 2 - sealed`)
	c.failure = exitUsage
	c.run = func(client *api.Client, _ []string) error {
		// A sealed server knows of no namespaces.
		client.ClearNamespace()
		seal, err := client.Sys().SealStatusWithContext(c.ctx)
		if err != nil {
			return serverError("Error checking seal status: %w", err)
		}
		leader, err := client.Sys().LeaderWithContext(c.ctx)
		// A sealed server that is not highly available would have answered.
		if refusal := (*api.ResponseError)(nil); seal.Sealed && errors.As(err, &refusal) && refusal.StatusCode == http.StatusServiceUnavailable {
			leader, err = &api.LeaderResponse{HAEnabled: true}, nil
		}
		if err != nil {
			return serverError("Error checking leader status: %w", err)
		}
		c.printTable(statusRows(seal, leader), defaultDelimiter)
		if seal.Sealed {
			return &exitError{code: exitServer}
		}
		return nil
	}
	return c
}

// statusRows are those of OutputSealStatusStruct in command/format.go, but for what only
// Vault Enterprise and a migration of the seal have.
func statusRows(seal *api.SealStatusResponse, leader *api.LeaderResponse) []string {
	rows := []string{"Key | Value"}
	add := func(key string, value any) { rows = append(rows, fmt.Sprintf("%s | %v", key, value)) }
	recovery := ""
	add("Seal Type", seal.Type)
	if seal.RecoverySeal {
		recovery = "Recovery "
		add("Recovery Seal Type", seal.RecoverySealType)
	}
	add("Initialized", seal.Initialized)
	add("Sealed", seal.Sealed)
	add("Total "+recovery+"Shares", seal.N)
	add("Threshold", seal.T)
	if seal.Sealed {
		add("Unseal Progress", fmt.Sprintf("%d/%d", seal.Progress, seal.T))
		add("Unseal Nonce", seal.Nonce)
	}
	add("Version", seal.Version)
	add("Build Date", seal.BuildDate)
	add("Storage Type", seal.StorageType)
	if seal.ClusterName != "" && seal.ClusterID != "" {
		add("Cluster Name", seal.ClusterName)
		add("Cluster ID", seal.ClusterID)
	}
	add("HA Enabled", leader.HAEnabled)
	if leader.HAEnabled && !seal.Sealed {
		add("HA Cluster", leader.LeaderClusterAddress)
		if leader.IsSelf {
			add("HA Mode", "active")
			if !leader.ActiveTime.IsZero() {
				add("Active Since", leader.ActiveTime.Format(time.RFC3339Nano))
			}
		} else {
			add("HA Mode", "standby")
			add("Active Node Address", cmp.Or(leader.LeaderAddress, "<none>"))
		}
	}
	if leader.RaftCommittedIndex > 0 {
		add("Raft Committed Index", leader.RaftCommittedIndex)
	}
	if leader.RaftAppliedIndex > 0 {
		add("Raft Applied Index", leader.RaftAppliedIndex)
	}
	return rows
}
