// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

func statusCommands() []command {
	return []command{{
		name: "status", synopsis: "Print seal and HA status",
		help: `Usage: vault status [options]

  Prints the current state of Vault including whether it is sealed and if HA
  mode is enabled. This command prints regardless of whether the Vault is
  sealed.

  The exit code reflects the seal status:

      - 0 - unsealed
      - 1 - error
      - 2 - sealed`,
		outputs: formatOnly(),
		action:  func() action { return new(status) },
	}}
}

// status asks sys/seal-status and sys/leader, both without need of a token.
type status struct{}

func (*status) flags(*flagSet) {}

// sealStatus is what json and yaml print: the seal's status and the leader's.
type sealStatus struct {
	api.SealStatusResponse
	HAEnabled                bool      `json:"ha_enabled"`
	IsSelf                   bool      `json:"is_self,omitempty"`
	ActiveTime               time.Time `json:"active_time,omitempty"` //nolint:modernize // printed as Vault prints it
	LeaderAddress            string    `json:"leader_address,omitempty"`
	LeaderClusterAddress     string    `json:"leader_cluster_address,omitempty"`
	PerfStandby              bool      `json:"performance_standby,omitempty"`
	PerfStandbyLastRemoteWAL uint64    `json:"performance_standby_last_remote_wal,omitempty"`
	LastWAL                  uint64    `json:"last_wal,omitempty"`
	RaftCommittedIndex       uint64    `json:"raft_committed_index,omitempty"`
	RaftAppliedIndex         uint64    `json:"raft_applied_index,omitempty"`
}

// run has an exit code of its own for failures: 2 means sealed here.
func (*status) run(inv *invocation, args []string) error {
	if err := exactly(0, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return misuse("%w", err)
	}
	// A sealed server knows of no namespaces.
	client.ClearNamespace()
	seal, err := client.Sys().SealStatusWithContext(inv.ctx)
	if err != nil {
		return misuse("Error checking seal status: %w", err)
	}
	leader, err := client.Sys().LeaderWithContext(inv.ctx)
	if isSealed(err) {
		// Highly available, or the question would have been answered.
		leader, err = &api.LeaderResponse{HAEnabled: true}, nil
	}
	switch {
	case err != nil:
		inv.complain(fmt.Sprintf("Error checking leader status: %s", err))
	default:
		all := sealStatus{
			SealStatusResponse:   *seal,
			HAEnabled:            leader.HAEnabled,
			IsSelf:               leader.IsSelf,
			ActiveTime:           leader.ActiveTime,
			LeaderAddress:        leader.LeaderAddress,
			LeaderClusterAddress: leader.LeaderClusterAddress,
			PerfStandby:          leader.PerfStandby,
			LastWAL:              leader.LastWAL,
			RaftCommittedIndex:   leader.RaftCommittedIndex,
			RaftAppliedIndex:     leader.RaftAppliedIndex,

			PerfStandbyLastRemoteWAL: leader.PerfStandbyLastRemoteWAL,
		}
		if err = inv.printStatus(&all); err != nil {
			return err
		}
	}
	switch {
	case seal.Sealed:
		return silently(exitServer)
	case err != nil:
		return silently(exitUsage)
	}
	return nil
}

// isSealed tells whether a request was refused because the server is sealed.
func isSealed(err error) bool {
	var refusal *api.ResponseError
	if !errors.As(err, &refusal) {
		return false
	}
	for _, text := range refusal.Errors {
		// The only mark that the API gives.
		if strings.Contains(text, "Vault is sealed") {
			return true
		}
	}
	return false
}

func (inv *invocation) printStatus(s *sealStatus) error {
	if !inv.isTable() {
		return inv.printData(s)
	}
	rows := []string{"Key | Value"}
	add := func(key string, val any) { rows = append(rows, fmt.Sprintf("%s | %v", key, val)) }
	recovery := ""
	add("Seal Type", s.Type)
	if s.RecoverySeal {
		recovery = "Recovery "
		add("Recovery Seal Type", s.RecoverySealType)
	}
	add("Initialized", s.Initialized)
	add("Sealed", s.Sealed)
	add("Total "+recovery+"Shares", s.N)
	add("Threshold", s.T)
	if s.Sealed {
		add("Unseal Progress", fmt.Sprintf("%d/%d", s.Progress, s.T))
		add("Unseal Nonce", s.Nonce)
	}
	if s.Migration {
		add("Seal Migration in Progress", s.Migration)
	}
	add("Version", s.Version)
	add("Build Date", s.BuildDate)
	add("Storage Type", s.StorageType)
	if s.ClusterName != "" && s.ClusterID != "" {
		add("Cluster Name", s.ClusterName)
		add("Cluster ID", s.ClusterID)
	}
	if s.HCPLinkStatus != "" {
		add("HCP Link Status", s.HCPLinkStatus)
		add("HCP Link Resource ID", s.HCPLinkResourceID)
	}
	add("HA Enabled", s.HAEnabled)
	if s.HAEnabled && !s.Sealed {
		s.addLeader(add)
	}
	if s.RaftCommittedIndex > 0 {
		add("Raft Committed Index", s.RaftCommittedIndex)
	}
	if s.RaftAppliedIndex > 0 {
		add("Raft Applied Index", s.RaftAppliedIndex)
	}
	if s.LastWAL != 0 {
		add("Last WAL", s.LastWAL)
	}
	if len(s.Warnings) > 0 {
		add("Warnings", s.Warnings)
	}
	inv.say(table(rows, defaultDelimiter))
	return nil
}

func (s *sealStatus) addLeader(add func(string, any)) {
	add("HA Cluster", s.LeaderClusterAddress)
	switch {
	case s.IsSelf:
		add("HA Mode", "active")
		if !s.ActiveTime.IsZero() {
			add("Active Since", s.ActiveTime.Format(time.RFC3339Nano))
		}
	default:
		add("HA Mode", "standby")
		leader := s.LeaderAddress
		if leader == "" {
			leader = "<none>"
		}
		add("Active Node Address", leader)
	}
	if s.PerfStandby {
		add("Performance Standby Node", s.PerfStandby)
		add("Performance Standby Last Remote WAL", s.PerfStandbyLastRemoteWAL)
	}
}
