// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"time"
)

// connection is what the flags that every command has say about the way to the
// server.
type connection struct {
	address, agentAddress      string
	caCert, caPath             string
	clientCert, clientKey      string
	tlsServerName              string
	tlsSkipVerify              bool
	disableRedirects           bool
	namespace, namespaceShort  string
	policyOverride             bool
	wrapTTL                    time.Duration
	mfa                        []string
	header                     map[string]string
	unlockKey                  string
	outputCurl, outputPolicies bool
	nonInteractive             bool
}

const (
	// notSet marks a namespace that nobody gave: empty is the root namespace.
	notSet = "(not set)"

	defaultAddress = "https://127.0.0.1:8200"
)

// outputs names the output flags of a command.
type outputs struct {
	field, format, detailed bool
	// raw: -format=raw is allowed.
	raw bool
}

// The combinations that commands have.
func formatOnly() outputs     { return outputs{format: true} }
func fieldAndFormat() outputs { return outputs{field: true, format: true} }

// flagSet declares all flags of a command: the common ones into conn and inv,
// its own into act.
func (c *command) flagSet(act action, conn *connection, inv *invocation) *flagSet {
	f := newFlagSet(inv.env)
	conn.flags(f)
	if c.outputs.field || c.outputs.format || c.outputs.detailed {
		f.group("Output Options")
	}
	if c.outputs.field {
		f.text(&inv.field, "field", "Print only the field with the given name. This takes precedence over other "+
			"formatting options. The result has no trailing newline, which makes it ideal for piping to other processes.")
	}
	// The format and detail were found by scanGlobals; these only take the flags
	// off the command line and document them.
	if c.outputs.format {
		format := formatTable
		f.text(&format, flagFormat, `Print the output in the given format. Valid formats are "table", "json", "yaml", `+
			`or "pretty". "raw" is allowed for 'vault read' operations only.`, fromEnv(envFormat))
	}
	if c.outputs.detailed {
		var detailed bool
		f.boolean(&detailed, flagDetailed, "Enables additional metadata during some operations.", fromEnv(envDetailed))
	}
	own := len(f.groups)
	f.group("Command Options")
	act.flags(f)
	if isEmpty(f.groups[own].set) {
		f.groups = f.groups[:own]
	}
	return f
}

// flags declares the flags of the connection. Variables of env give defaults, so a
// flag wins over its variable.
func (c *connection) flags(f *flagSet) {
	c.address, c.namespace, c.namespaceShort = defaultAddress, notSet, notSet

	f.group("HTTP Options")
	f.text(&c.address, "address", "Address of the Vault server.", fromEnv("VAULT_ADDR"))
	f.text(&c.agentAddress, "agent-address", "Address of the Agent.", fromEnv("VAULT_AGENT_ADDR"))
	f.text(&c.caCert, "ca-cert", "Path on the local disk to a single PEM-encoded CA certificate to verify the Vault "+
		"server's SSL certificate. This takes precedence over -ca-path.", fromEnv("VAULT_CACERT"))
	f.text(&c.caPath, "ca-path", "Path on the local disk to a directory of PEM-encoded CA certificates to verify the "+
		"Vault server's SSL certificate.", fromEnv("VAULT_CAPATH"))
	f.text(&c.clientCert, "client-cert", "Path on the local disk to a single PEM-encoded certificate to use for TLS "+
		"authentication to the Vault server. If this flag is specified, -client-key is also required.", fromEnv("VAULT_CLIENT_CERT"))
	f.text(&c.clientKey, "client-key", "Path on the local disk to a single PEM-encoded private key matching the client "+
		"certificate from -client-cert.", fromEnv("VAULT_CLIENT_KEY"))
	f.text(&c.namespace, "namespace", "The namespace to use for the command. Setting this is not necessary but allows "+
		"using relative paths. -ns can be used as shortcut.", fromEnv("VAULT_NAMESPACE"))
	f.text(&c.namespaceShort, "ns", "Alias for -namespace. This takes precedence over -namespace.", hidden())
	f.text(&c.tlsServerName, "tls-server-name", "Name to use as the SNI host when connecting to the Vault server via TLS.",
		fromEnv("VAULT_TLS_SERVER_NAME"))
	f.boolean(&c.tlsSkipVerify, "tls-skip-verify", "Disable verification of TLS certificates. This is highly discouraged: "+
		"anybody on the way can then read and change what is sent.", fromEnv("VAULT_SKIP_VERIFY"))
	f.boolean(&c.disableRedirects, "disable-redirects", "Disable the default client behavior, which honors a single "+
		"redirect response from a request.", fromEnv("VAULT_DISABLE_REDIRECTS"))
	f.boolean(&c.policyOverride, "policy-override", "Override a Sentinel policy that has a soft-mandatory "+
		"enforcement_level specified.")
	f.duration(&c.wrapTTL, "wrap-ttl", "Wraps the response in a cubbyhole token with the requested TTL. The response is "+
		`available via the "vault unwrap" command. The TTL is a numeric string with suffix like "30s" or "5m".`,
		fromEnv("VAULT_WRAP_TTL"))
	f.list(&c.mfa, "mfa", "Supply MFA credentials as part of X-Vault-MFA header.", fromEnv("VAULT_MFA"))
	f.boolean(&c.outputCurl, flagOutputCurl, "Instead of executing the request, print an equivalent cURL command string "+
		"and exit.")
	f.boolean(&c.outputPolicies, flagOutputPolicy, "Instead of executing the request, print an example HCL policy that "+
		"would be required to run this command, and exit.")
	f.text(&c.unlockKey, "unlock-key", "Key to unlock a namespace API lock.")
	f.pairs(&c.header, "header", "Key-value pair provided as key=value to provide http header added to any request done "+
		"by the CLI. Headers starting with 'X-Vault-' are forbidden and make the command fail. This can be specified "+
		"multiple times.")
	f.boolean(&c.nonInteractive, "non-interactive", "When set true, prevents asking the user for input via the terminal.")
}
