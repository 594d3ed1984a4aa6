// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

func tokenCommands() []command {
	return []command{
		{
			name: "token", synopsis: "Interact with tokens",
			help: `Usage: vault token <subcommand> [options] [args]

  This command groups subcommands for interacting with tokens. Users can
  create, lookup, renew, and revoke tokens.

  Create a new token:

      $ vault token create

  Revoke a token:

      $ vault token revoke 96ddf4bc-d217-f3ba-f9bd-017055595017

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "token create", synopsis: "Create a new token",
			help: `Usage: vault token create [options]

  Creates a new token that can be used for authentication. This token will be
  created as a child of the currently authenticated token. The generated token
  will inherit all policies and permissions of the currently authenticated
  token unless you explicitly define a subset list policies to assign to the
  token.

  A ttl can also be associated with the token; it then expires after that
  amount of time unless it is renewed.

  If a role is specified, the role may override parameters specified here.`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(tokenCreate) },
		},
		{
			name: "token lookup", synopsis: "Display information about a token",
			help: `Usage: vault token lookup [options] [TOKEN | ACCESSOR]

  Displays information about a token or accessor. If a TOKEN is not provided,
  the locally authenticated token is used.

  Get information about the locally authenticated token:

      $ vault token lookup

  Get information about a token via its accessor:

      $ vault token lookup -accessor 9793c9b3-e04a-46f3-e7b8-748d7da248da`,
			outputs: formatOnly(),
			action:  func() action { return new(tokenLookup) },
		},
		{
			name: "token renew", synopsis: "Renew a token lease",
			help: `Usage: vault token renew [options] [TOKEN]

  Renews a token's lease, extending the amount of time it can be used. If a
  TOKEN is not provided, the locally authenticated token is used. A token
  accessor can be used as well. Lease renewal will fail if the token is not
  renewable, has already been revoked, or has already reached its maximum TTL.

  Renew a token requesting a specific increment value:

      $ vault token renew -increment=30m 96ddf4bc-d217-f3ba-f9bd-017055595017`,
			outputs: formatOnly(),
			action:  func() action { return new(tokenRenew) },
		},
		{
			name: "token revoke", synopsis: "Revoke a token and its children",
			help: `Usage: vault token revoke [options] [TOKEN | ACCESSOR]

  Revokes authentication tokens and their children. If a TOKEN is not provided,
  the locally authenticated token is used with -self. The "-mode" flag can be
  used to control the behavior of the revocation.

  Revoke a token and all the token's children:

      $ vault token revoke 96ddf4bc-d217-f3ba-f9bd-017055595017

  Revoke a token leaving the token's children:

      $ vault token revoke -mode=orphan 96ddf4bc-d217-f3ba-f9bd-017055595017`,
			action: func() action { return new(tokenRevoke) },
		},
		{
			name: "token capabilities", synopsis: "Print capabilities of a token on a path",
			help: `Usage: vault token capabilities [options] [TOKEN] PATH

  Fetches the capabilities of a token for a given path. If a TOKEN
  is provided as an argument, the "/sys/capabilities" endpoint is used. If no
  TOKEN is provided, "/sys/capabilities-self" is used with the locally
  authenticated token.

  List capabilities for the local token on the "secret/foo" path:

      $ vault token capabilities secret/foo

  List capabilities for a token on the "cubbyhole/foo" path:

      $ vault token capabilities 96ddf4bc-d217-f3ba-f9bd-017055595017 cubbyhole/foo`,
			outputs: formatOnly(),
			action:  func() action { return new(tokenCapabilities) },
		},
	}
}

// tokenCreate is POST auth/token/create, or create/ROLE. Durations are sent even
// when they are zero, which means the server's default.
type tokenCreate struct {
	id, displayName, role, typ, entityAlias string
	ttl, explicitMaxTTL, period             time.Duration
	renewable, orphan, noDefaultPolicy      bool
	useLimit                                int
	metadata                                map[string]string
	policies                                []string
}

func (a *tokenCreate) flags(f *flagSet) {
	a.renewable, a.typ = true, "service"
	f.text(&a.id, "id", "Value for the token. By default, this is an auto-generated string. Specifying this value requires "+
		"sudo permissions.")
	f.text(&a.displayName, "display-name", "Name to associate with this token. This is a non-sensitive value that can be "+
		"used to help identify created secrets (e.g. prefixes).")
	f.duration(&a.ttl, "ttl", "Initial TTL to associate with the token. Token renewals may be able to extend beyond this "+
		`value, depending on the configured maximum TTLs. This is a numeric string with suffix like "30s" or "5m".`)
	f.duration(&a.explicitMaxTTL, "explicit-max-ttl", "Explicit maximum lifetime for the token. Unlike normal TTLs, the "+
		"maximum TTL is a hard limit and cannot be exceeded.")
	f.duration(&a.period, "period", "If specified, every renewal will use the given period. Periodic tokens do not expire "+
		"(unless -explicit-max-ttl is also provided). Setting this value requires sudo permissions.")
	f.boolean(&a.renewable, "renewable", "Allow the token to be renewed up to it's maximum TTL.")
	f.boolean(&a.orphan, "orphan", "Create the token with no parent. This prevents the token from being revoked when the "+
		"token which created it expires. Setting this value requires root or sudo permissions.")
	f.boolean(&a.noDefaultPolicy, "no-default-policy", `Detach the "default" policy from the policy set for this token.`)
	f.integer(&a.useLimit, "use-limit", "Number of times this token can be used. After the last use, the token is "+
		"automatically revoked. By default, tokens can be used an unlimited number of times until their expiration.")
	f.text(&a.role, "role", "Name of the role to create the token against. Specifying -role may override other arguments. "+
		`The locally authenticated Vault token must have permission for "auth/token/create/<role>".`)
	f.text(&a.typ, "type", `The type of token to create. Can be "service" or "batch".`)
	f.pairs(&a.metadata, "metadata", "Arbitrary key=value metadata to associate with the token. This metadata will show in "+
		"the audit log when the token is used. This can be specified multiple times.")
	f.list(&a.policies, "policy", "Name of a policy to associate with this token. This can be specified multiple times to "+
		"attach multiple policies.")
	f.text(&a.entityAlias, "entity-alias", "Name of the entity alias to associate with during token creation. Only works in "+
		"combination with -role argument and used entity alias must be listed in allowed_entity_aliases.")
}

func (a *tokenCreate) run(inv *invocation, args []string) error {
	if err := exactly(0, args); err != nil {
		return err
	}
	if a.typ == "batch" {
		a.renewable = false
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	request := &api.TokenCreateRequest{
		ID:              a.id,
		Policies:        a.policies,
		Metadata:        a.metadata,
		TTL:             a.ttl.String(),
		NoParent:        a.orphan,
		NoDefaultPolicy: a.noDefaultPolicy,
		DisplayName:     a.displayName,
		NumUses:         a.useLimit,
		Renewable:       &a.renewable,
		ExplicitMaxTTL:  a.explicitMaxTTL.String(),
		Period:          a.period.String(),
		Type:            a.typ,
		EntityAlias:     a.entityAlias,
	}
	var secret *api.Secret
	if a.role != "" {
		secret, err = client.Auth().Token().CreateWithRoleWithContext(inv.ctx, request, a.role)
	} else {
		secret, err = client.Auth().Token().CreateWithContext(inv.ctx, request)
	}
	if err != nil {
		return refused("Error creating token: %w", err)
	}
	return inv.printFieldOrSecret(secret)
}

// tokenLookup asks for the token in use, another, or one known by its accessor.
type tokenLookup struct{ accessor bool }

const accessorUsage = "Treat the argument as an accessor instead of a token. When this option is selected, the output will " +
	"NOT include the token."

func (a *tokenLookup) flags(f *flagSet) { f.boolean(&a.accessor, "accessor", accessorUsage) }

func (a *tokenLookup) run(inv *invocation, args []string) error {
	switch {
	case a.accessor && len(args) < 1:
		return misuse("Not enough arguments with -accessor (expected 1, got %d)", len(args))
	case a.accessor && len(args) > 1:
		return misuse("Too many arguments with -accessor (expected 1, got %d)", len(args))
	case len(args) > 1:
		return misuse("Too many arguments (expected 0-1, got %d)", len(args))
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	tokens := client.Auth().Token()
	var secret *api.Secret
	switch token := onlyArgument(args); {
	case token == "":
		secret, err = tokens.LookupSelfWithContext(inv.ctx)
	case a.accessor:
		secret, err = tokens.LookupAccessorWithContext(inv.ctx, token)
	default:
		secret, err = tokens.LookupWithContext(inv.ctx, token)
	}
	if err != nil {
		return refused("Error looking up token: %w", err)
	}
	return inv.printSecret(secret)
}

// onlyArgument is the first argument, empty if there is none.
func onlyArgument(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return strings.TrimSpace(args[0])
}

// tokenRenew renews the token in use, another, or one known by its accessor.
// Increments are whole seconds; less than one asks for the default.
type tokenRenew struct {
	accessor  bool
	increment time.Duration
}

func (a *tokenRenew) flags(f *flagSet) {
	f.boolean(&a.accessor, "accessor", accessorUsage)
	f.duration(&a.increment, "increment", "Request a specific increment for renewal. This increment may not be honored, for "+
		"instance in the case of periodic tokens. If not supplied, Vault will use the default TTL.", alias("i"))
}

func (a *tokenRenew) run(inv *invocation, args []string) error {
	if len(args) > 1 {
		return exactly(1, args)
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	tokens := client.Auth().Token()
	seconds := int(a.increment / time.Second)
	var secret *api.Secret
	switch token := onlyArgument(args); {
	case token == "":
		secret, err = tokens.RenewSelfWithContext(inv.ctx, seconds)
	case a.accessor:
		secret, err = tokens.RenewAccessorWithContext(inv.ctx, token, seconds)
	default:
		secret, err = tokens.RenewWithContext(inv.ctx, token, seconds)
	}
	if err != nil {
		return refused("Error renewing token: %w", err)
	}
	return inv.printSecret(secret)
}

// tokenRevoke always says that it succeeded "if it existed": servers don't tell.
type tokenRevoke struct {
	accessor, self bool
	mode           string
}

func (a *tokenRevoke) flags(f *flagSet) {
	f.boolean(&a.accessor, "accessor", "Treat the argument as an accessor instead of a token.")
	f.boolean(&a.self, "self", "Perform the revocation on the currently authenticated token.")
	f.text(&a.mode, "mode", "Type of revocation to perform. If unspecified, Vault will revoke the token and all of the "+
		`token's children. If "orphan", Vault will revoke only the token, leaving the children as orphans. If "path", tokens `+
		"created from the given authentication path prefix are deleted along with their children.")
}

// check refuses what can't be combined.
func (a *tokenRevoke) check(args []string) error {
	switch {
	case !slices.Contains([]string{"", "orphan", "path"}, a.mode):
		return misuse("Invalid mode: %s", a.mode)
	case a.self && len(args) > 0:
		return misuse("Too many arguments with -self (expected 0, got %d)", len(args))
	case !a.self && len(args) > 1:
		return misuse("Too many arguments (expected 1 or -self, got %d)", len(args))
	case !a.self && len(args) < 1:
		return misuse("Not enough arguments (expected 1 or -self, got %d)", len(args))
	case a.self && a.accessor:
		return misuse("Cannot use -self with -accessor!")
	case a.self && a.mode != "":
		return misuse("Cannot use -self with -mode!")
	case a.accessor && a.mode != "":
		return misuse("Cannot use -accessor with -mode=%s!", a.mode)
	}
	return nil
}

func (a *tokenRevoke) run(inv *invocation, args []string) error {
	if err := a.check(args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	tokens := client.Auth().Token()
	var revoke func(context.Context, string) error
	switch {
	case a.self:
		revoke = tokens.RevokeSelfWithContext
	case a.accessor:
		revoke = tokens.RevokeAccessorWithContext
	case a.mode == "orphan":
		revoke = tokens.RevokeOrphanWithContext
	case a.mode == "path":
		revoke = client.Sys().RevokePrefixWithContext
	default:
		revoke = tokens.RevokeTreeWithContext
	}
	if err := revoke(inv.ctx, onlyArgument(args)); err != nil {
		return refused("Error revoking token: %w", err)
	}
	inv.say("Success! Revoked token (if it existed)")
	return nil
}

// tokenCapabilities prints what a token may do at a path, sorted in tables and in
// the server's order elsewhere.
type tokenCapabilities struct{}

func (*tokenCapabilities) flags(*flagSet) {}

func (*tokenCapabilities) run(inv *invocation, args []string) error {
	if err := between(1, 2, "1-2", args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	var capabilities []string
	if len(args) == 1 {
		capabilities, err = client.Sys().CapabilitiesSelfWithContext(inv.ctx, args[0])
	} else {
		capabilities, err = client.Sys().CapabilitiesWithContext(inv.ctx, args[0], args[1])
	}
	if err != nil {
		return refused("Error listing capabilities: %w", err)
	}
	if capabilities == nil {
		return misuse("No capabilities found")
	}
	if !inv.isTable() {
		return inv.printData(capabilities)
	}
	slices.Sort(capabilities)
	inv.say(strings.Join(capabilities, ", "))
	return nil
}
