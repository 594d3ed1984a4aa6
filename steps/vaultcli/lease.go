// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"time"

	"github.com/hashicorp/vault/api"
)

func leaseCommands() []command {
	return []command{
		{
			name: "lease", synopsis: "Interact with leases",
			help: `Usage: vault lease <subcommand> [options] [args]

  This command groups subcommands for interacting with leases. Users can revoke
  or renew leases.

  Renew a lease:

      $ vault lease renew database/creds/readonly/2f6a614c...

  Revoke a lease:

      $ vault lease revoke database/creds/readonly/2f6a614c...`,
		},
		{
			name: "lease lookup", synopsis: "Lookup the lease of a secret",
			help: `Usage: vault lease lookup ID

  Lookup the lease information of a secret. Every secret in Vault has a lease
  associated with it; its ID is the full path lease ID.

  Lookup lease of a secret:

      $ vault lease lookup database/creds/readonly/2f6a614c...`,
			outputs: formatOnly(),
			action:  func() action { return new(leaseLookup) },
		},
		{
			name: "lease renew", synopsis: "Renews the lease of a secret",
			help: `Usage: vault lease renew [options] ID

  Renews the lease on a secret, extending the time that it can be used before
  it is revoked by Vault. Renewing the lease does not change the contents of
  the secret. The ID is the full path lease ID.

  Renew a secret:

      $ vault lease renew database/creds/readonly/2f6a614c...

  Lease renewal will fail if the secret is not renewable, the secret has already
  been revoked, or if the secret has already reached its maximum TTL.`,
			outputs: formatOnly(),
			action:  func() action { return new(leaseRenew) },
		},
		{
			name: "lease revoke", synopsis: "Revokes leases and secrets",
			help: `Usage: vault lease revoke [options] ID

  Revokes secrets by their lease ID. This command can revoke a single secret
  or multiple secrets based on a path-matched prefix.

  The default behavior when not using -force is to revoke asynchronously; Vault
  will queue the revocation and keep trying if it fails. The -sync flag can be
  used to force a synchronous operation. Force mode is always synchronous.

  Revoke a single lease:

      $ vault lease revoke database/creds/readonly/2f6a614c...

  Revoke all leases for a role:

      $ vault lease revoke -prefix aws/creds/deploy`,
			action: func() action { return new(leaseRevoke) },
		},
	}
}

// leaseID checks that there is one argument; expected is Vault's description.
func leaseID(expected string, args []string) (string, error) {
	if len(args) == 0 {
		return "", misuse("Missing ID!")
	}
	return onlyArgument(args), between(1, 1, expected, args)
}

// leaseLookup is PUT sys/leases/lookup. Vault begins its error in lower case.
type leaseLookup struct{}

func (*leaseLookup) flags(*flagSet) {}

func (*leaseLookup) run(inv *invocation, args []string) error {
	id, err := leaseID("1", args)
	if err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	secret, err := client.Sys().LookupWithContext(inv.ctx, id)
	if err != nil {
		return refused("error looking up lease id %s: %w", id, err)
	}
	return inv.printSecret(secret)
}

// leaseRenew is PUT sys/leases/renew; increments are whole seconds.
type leaseRenew struct{ increment time.Duration }

func (a *leaseRenew) flags(f *flagSet) {
	f.duration(&a.increment, "increment", "Request a specific increment in seconds. Vault is not required to honor this "+
		"request.")
}

func (a *leaseRenew) run(inv *invocation, args []string) error {
	id, err := leaseID("1-2", args)
	if err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	secret, err := client.Sys().RenewWithContext(inv.ctx, id, int(a.increment/time.Second))
	if err != nil {
		return refused("Error renewing %s: %w", id, err)
	}
	return inv.printSecret(secret)
}

// leaseRevoke is PUT sys/leases/revoke, revoke-prefix or revoke-force. Without
// -sync success means only that the revocation is queued.
type leaseRevoke struct{ force, prefix, sync bool }

func (a *leaseRevoke) flags(f *flagSet) {
	f.boolean(&a.force, "force", "Delete the lease from Vault even if the secret engine revocation fails. This is meant for "+
		"recovery situations where the secret in the target secret engine was manually removed. If this flag is specified, "+
		"-prefix is also required.", alias("f"))
	f.boolean(&a.prefix, "prefix", "Treat the ID as a prefix instead of an exact lease ID. This can revoke multiple leases "+
		"simultaneously.")
	f.boolean(&a.sync, "sync", "Force a synchronous operation; on failure it is up to the client to retry.")
}

func (a *leaseRevoke) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	if a.force && !a.prefix {
		return misuse("Specifying -force requires also specifying -prefix")
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	id := onlyArgument(args)
	if a.force {
		inv.complain(wrap("Warning! Force-removing leases can cause Vault to become out of sync with secret engines!", 0))
	}
	err = client.Sys().RevokeWithOptionsWithContext(inv.ctx, &api.RevokeOptions{
		LeaseID: id,
		Force:   a.force,
		Prefix:  a.prefix,
		Sync:    a.sync,
	})
	switch {
	case err != nil && a.force:
		return refused("Error force revoking leases with prefix %s: %w", id, err)
	case err != nil && a.prefix:
		return refused("Error revoking leases with prefix %s: %w", id, err)
	case err != nil:
		return refused("Error revoking lease %s: %w", id, err)
	case a.force:
		inv.say("Success! Force revoked any leases with prefix: " + id)
	case a.sync && a.prefix:
		inv.say("Success! Revoked any leases with prefix: " + id)
	case a.sync:
		inv.say("Success! Revoked lease: " + id)
	default:
		inv.say("All revocation operations queued successfully!")
	}
	return nil
}
