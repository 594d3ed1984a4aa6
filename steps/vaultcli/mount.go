// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"strings"
	"time"
)

// mountKind is what differs between `secrets` and `auth`, whose commands are
// otherwise alike.
type mountKind struct {
	// word is the first word of the commands.
	word string
	// one is one of them in messages, "secrets engine".
	one string
	// auth mounts have token types and user lockout, secrets engines caches,
	// managed keys and delegated authentication.
	auth bool
}

func secretsKind() mountKind { return mountKind{word: "secrets", one: "secrets engine"} }
func authKind() mountKind    { return mountKind{word: "auth", one: "auth method", auth: true} }

// tuning is what both enable and tune can set.
type tuning struct {
	defaultLeaseTTL, maxLeaseTTL time.Duration
	description                  string
	listingVisibility            string
	auditRequestKeys             []string
	auditResponseKeys            []string
	requestHeaders               []string
	responseHeaders              []string
	managedKeys                  []string
	delegatedAccessors           []string
	options                      map[string]string
	version                      int
	tokenType                    string
	identityTokenKey             string
	pluginVersion                string
	overridePinned               optionalBool
	trimSlashes                  optionalBool
}

// The names of flags whose presence matters beside their value.
const (
	flagAuditRequest    = "audit-non-hmac-request-keys"
	flagAuditResponse   = "audit-non-hmac-response-keys"
	flagDescription     = "description"
	flagListing         = "listing-visibility"
	flagRequestHeaders  = "passthrough-request-headers"
	flagResponseHeaders = "allowed-response-headers"
	flagManagedKeys     = "allowed-managed-keys"
	flagDelegated       = "delegated-auth-accessors"
	flagTokenType       = "token-type"
	flagIdentityKey     = "identity-token-key"
	flagPluginVersion   = "plugin-version"
)

// flags declares what enable and tune share; pluginVersion is the usage text that
// differs.
func (t *tuning) flags(f *flagSet, kind mountKind, pluginVersion string) {
	const repeat = " To specify multiple values, specify this flag multiple times."
	f.duration(&t.defaultLeaseTTL, "default-lease-ttl", "The default lease TTL for this "+kind.one+". If unspecified, this "+
		"defaults to the Vault server's globally configured default lease TTL.")
	f.duration(&t.maxLeaseTTL, "max-lease-ttl", "The maximum lease TTL for this "+kind.one+". If unspecified, this "+
		"defaults to the Vault server's globally configured maximum lease TTL.")
	f.text(&t.description, flagDescription, "Human-friendly description of this "+kind.one+".")
	f.text(&t.listingVisibility, flagListing, "Determines the visibility of the mount in the UI-specific listing endpoint.")
	f.list(&t.auditRequestKeys, flagAuditRequest, "Key that will not be HMAC'd by audit devices in the request data "+
		"object."+repeat)
	f.list(&t.auditResponseKeys, flagAuditResponse, "Key that will not be HMAC'd by audit devices in the response data "+
		"object."+repeat)
	f.list(&t.requestHeaders, flagRequestHeaders, "Request header value that will be sent to the plugin."+repeat)
	f.list(&t.responseHeaders, flagResponseHeaders, "Response header value that plugins will be allowed to set."+repeat)
	f.pairs(&t.options, "options", "Key-value pair provided as key=value for the mount options. This can be specified "+
		"multiple times.")
	f.integer(&t.version, "version", "Select the version of the "+kind.one+" to run. Not supported by all of them.")
	f.text(&t.pluginVersion, flagPluginVersion, pluginVersion)
	t.identityTokenKey = "default"
	f.text(&t.identityTokenKey, flagIdentityKey, "Select the key used to sign plugin identity tokens.")
	f.optional(&t.overridePinned, "override-pinned-version", "Whether to override the pinned version for this mount.")
	f.optional(&t.trimSlashes, "trim-request-trailing-slashes", "Whether to trim trailing slashes for incoming requests to "+
		"this mount.")
	if kind.auth {
		f.text(&t.tokenType, flagTokenType, "Sets a forced token type for the mount.")
		return
	}
	f.list(&t.managedKeys, flagManagedKeys, "Managed key name(s) that the mount in question is allowed to access."+repeat)
	f.list(&t.delegatedAccessors, flagDelegated, "A list of permitted authentication accessors this backend can delegate "+
		"authentication to."+repeat)
}

// finish brings -version into the options.
func (t *tuning) finish(version string) {
	if t.version <= 0 {
		return
	}
	if t.options == nil {
		t.options = make(map[string]string)
	}
	t.options["version"] = version
}

func mountCommands() []command {
	secrets, auth := secretsKind(), authKind()
	return []command{
		{
			name: "secrets", synopsis: "Interact with secrets engines",
			help: `Usage: vault secrets <subcommand> [options] [args]

  This command groups subcommands for interacting with Vault's secrets engines.
  Each secret engine behaves differently. Please see the documentation for
  more information.

  List all enabled secrets engines:

      $ vault secrets list

  Enable a new secrets engine:

      $ vault secrets enable database

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "secrets enable", synopsis: "Enable a secrets engine",
			help: `Usage: vault secrets enable [options] TYPE

  Enables a secrets engine. By default, secrets engines are enabled at the path
  corresponding to their TYPE, but users can customize the path using the
  -path option.

  Enable the SSH secrets engine at ssh-prod/:

      $ vault secrets enable -path=ssh-prod ssh

  Enable a custom plugin (after it is registered in the plugin registry):

      $ vault secrets enable -path=my-secrets my-plugin`,
			action: func() action { return &mountEnable{kind: secrets} },
		},
		{
			name: "secrets disable", synopsis: "Disable a secret engine",
			help: `Usage: vault secrets disable [options] PATH

  Disables a secrets engine at the given PATH. The argument corresponds to
  the enabled PATH of the engine, not the TYPE! All secrets created by this
  engine are revoked and its Vault data is removed.

  Disable the secrets engine enabled at aws/:

      $ vault secrets disable aws/`,
			action: func() action { return &mountDisable{secrets} },
		},
		{
			name: "secrets list", synopsis: "List enabled secrets engines",
			help: `Usage: vault secrets list [options]

  Lists the enabled secret engines on the Vault server. This command also
  outputs information about the enabled path including configured TTLs and
  human-friendly descriptions. A TTL of "system" indicates that the system
  default is in use.

  List all enabled secrets engines with detailed output:

      $ vault secrets list -detailed`,
			outputs: formatOnly(),
			action:  func() action { return &mountList{kind: secrets} },
		},
		{
			name: "secrets tune", synopsis: "Tune a secrets engine configuration",
			help: `Usage: vault secrets tune [options] PATH

  Tunes the configuration options for the secrets engine at the given PATH.
  The argument corresponds to the PATH where the secrets engine is enabled,
  not the TYPE!

  Tune the default lease for the PKI secrets engine:

      $ vault secrets tune -default-lease-ttl=72h pki/`,
			action: func() action { return &mountTune{kind: secrets} },
		},
		{
			name: "secrets move", synopsis: "Move a secrets engine to a new path",
			help:   moveHelp(secrets, "secret/", "generic/"),
			action: func() action { return &mountMove{secrets} },
		},
		{
			name: "auth", synopsis: "Interact with auth methods",
			help: `Usage: vault auth <subcommand> [options] [args]

  This command groups subcommands for interacting with Vault's auth methods.
  To authenticate to Vault as a user or machine, use the "vault login" command
  instead.

  List all enabled auth methods:

      $ vault auth list

  Enable a new auth method "userpass";

      $ vault auth enable userpass

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "auth enable", synopsis: "Enables a new auth method",
			help: `Usage: vault auth enable [options] TYPE

  Enables a new auth method. An auth method is responsible for authenticating
  users or machines and assigning them policies with which they can access
  Vault.

  Enable the LDAP auth method at auth-prod/:

      $ vault auth enable -path=auth-prod ldap

  Enable a custom auth plugin (after it's registered in the plugin registry):

      $ vault auth enable -path=my-auth my-auth-plugin`,
			action: func() action { return &mountEnable{kind: auth} },
		},
		{
			name: "auth disable", synopsis: "Disables an auth method",
			help: `Usage: vault auth disable [options] PATH

  Disables an existing auth method at the given PATH. The argument corresponds
  to the PATH of the mount, not the TYPE!. Once the auth method is disabled its
  path can no longer be used to authenticate, and all tokens it gave out are
  revoked.

  Disable the auth method at userpass/:

      $ vault auth disable userpass/`,
			action: func() action { return &mountDisable{auth} },
		},
		{
			name: "auth list", synopsis: "Lists enabled auth methods",
			help: `Usage: vault auth list [options]

  Lists the enabled auth methods on the Vault server. This command also outputs
  information about the method including configuration and human-friendly
  descriptions. A TTL of "system" indicates that the system default is in use.

  List all enabled auth methods with detailed output:

      $ vault auth list -detailed`,
			outputs: formatOnly(),
			action:  func() action { return &mountList{kind: auth} },
		},
		{
			name: "auth tune", synopsis: "Tunes an auth method configuration",
			help: `Usage: vault auth tune [options] PATH

  Tunes the configuration options for the auth method at the given PATH. The
  argument corresponds to the PATH where the auth method is enabled, not the
  TYPE!

  Tune the default lease for the github auth method:

      $ vault auth tune -default-lease-ttl=72h github/`,
			action: func() action { return &mountTune{kind: auth} },
		},
		{
			name: "auth move", synopsis: "Move an auth method to a new path",
			help:   moveHelp(auth, "auth/approle/", "auth/generic/"),
			action: func() action { return &mountMove{auth} },
		},
	}
}

func moveHelp(kind mountKind, from, to string) string {
	return strings.NewReplacer("WORD", kind.word, "ONE", kind.one, "FROM", from, "TO", to).Replace(
		`Usage: vault WORD move [options] SOURCE DESTINATION

  Moves an existing ONE to a new path. Its leases are revoked, but all of its
  configuration is preserved. The command starts the migration and asks for its
  status until it has ended.

  WARNING! Moving an existing ONE will revoke any leases from the old path.

  Move the ONE at FROM to TO:

      $ vault WORD move FROM TO`)
}
