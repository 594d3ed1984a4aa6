// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"time"

	"github.com/hashicorp/vault/api"
)

const (
	// Vault asks every 10 s and prints a line each time. Asking more often and
	// printing at the same pace gives the same output, only sooner.
	movePollFirst = 20 * time.Millisecond
	movePollMost  = time.Second
	moveSayEvery  = 10 * time.Second
)

// mountMove is `secrets move` and `auth move`.
type mountMove struct{ kind mountKind }

func (*mountMove) flags(*flagSet) {}

func (a *mountMove) run(inv *invocation, args []string) error {
	if err := exactly(2, args); err != nil {
		return err
	}
	from, to := mountPath(args[0]), mountPath(args[1])
	client, err := inv.client()
	if err != nil {
		return err
	}
	started, err := client.Sys().StartRemountWithContext(inv.ctx, from, to)
	if err != nil {
		return refused("Error moving %s %s to %s: %w", a.kind.one, from, to, err)
	}
	inv.sayf("Started moving %s %s to %s, with migration ID %s", a.kind.one, from, to, started.MigrationID)
	return a.wait(inv, client, from, to, started.MigrationID)
}

// wait asks for the migration's status until it is final: the API has no way to
// be told.
func (a *mountMove) wait(inv *invocation, client *api.Client, from, to, id string) error {
	var said time.Time
	for pause := movePollFirst; ; pause = min(2*pause, movePollMost) {
		status, err := client.Sys().RemountStatusWithContext(inv.ctx, id)
		if err != nil {
			return refused("Error checking migration status of %s %s to %s: %w", a.kind.one, from, to, err)
		}
		switch {
		case status.MigrationInfo != nil && status.MigrationInfo.MigrationStatus == "success":
			inv.sayf("Success! Finished moving %s %s to %s, with migration ID %s", a.kind.one, from, to, id)
			return nil
		case status.MigrationInfo != nil && status.MigrationInfo.MigrationStatus == "failure":
			inv.complain("Failure! Error encountered moving " + a.kind.one + " " + from + " to " + to + ", with migration ID " + id)
			// Vault's exit code for this is 0.
			return nil
		}
		if time.Since(said) >= moveSayEvery {
			inv.sayf("Waiting for terminal status in migration of %s %s to %s, with migration ID %s", a.kind.one, from, to, id)
			said = time.Now()
		}
		select {
		case <-inv.ctx.Done():
			return refused("Error checking migration status of %s %s to %s: %w", a.kind.one, from, to, inv.ctx.Err())
		case <-time.After(pause):
		}
	}
}
