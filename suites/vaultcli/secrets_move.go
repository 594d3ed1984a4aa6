// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/vault/api"
)

const (
	// Vault asks every 10 seconds and prints a line each time (command/secrets_move.go).
	// Asking more often and printing at the same pace gives the same output sooner.
	movePollFirst = 20 * time.Millisecond
	movePollMost  = time.Second
	moveSayEvery  = 10 * time.Second
)

// secretsMove is POST sys/remount, and GET sys/remount/status until the status is
// final: the API has no other way to learn that.
func secretsMove(s *session) *command {
	c := s.command(2, "Move a secrets engine to a new path", `Usage: vault secrets move SOURCE DESTINATION

  Moves an existing secrets engine to a new path. Any leases from the old
  secrets engine are revoked, but all configuration associated with the engine
  is preserved. The command starts the migration and waits until it has ended.

  Move the secrets engine at secret/ to generic/:

      $ vault secrets move secret/ generic/`)
	c.run = func(client *api.Client, args []string) error {
		from, to := mountPath(args[0]), mountPath(args[1])
		started, err := client.Sys().StartRemountWithContext(c.ctx, from, to)
		if err != nil {
			return serverError("Error moving secrets engine %s to %s: %w", from, to, err)
		}
		move := fmt.Sprintf("secrets engine %s to %s, with migration ID %s", from, to, started.MigrationID)
		c.Output("Started moving " + move)
		failed := func(err error) error {
			return serverError("Error checking migration status of secrets engine %s to %s: %w", from, to, err)
		}
		var said time.Time
		for pause := movePollFirst; ; pause = min(2*pause, movePollMost) {
			status, err := client.Sys().RemountStatusWithContext(c.ctx, started.MigrationID)
			if err != nil {
				return failed(err)
			}
			if status.MigrationInfo == nil || status.MigrationInfo.MigrationStatus == "" {
				return failed(errors.New("the server's answer has no status"))
			}
			switch status.MigrationInfo.MigrationStatus {
			case "success":
				c.Output("Success! Finished moving " + move)
				return nil
			case "failure":
				// Vault's exit code for this is 0.
				c.Error("Failure! Error encountered moving " + move)
				return nil
			}
			if time.Since(said) >= moveSayEvery {
				c.Output("Waiting for terminal status in migration of " + move)
				said = time.Now()
			}
			select {
			case <-c.ctx.Done():
				return failed(c.ctx.Err())
			case <-time.After(pause):
			}
		}
	}
	return c
}
