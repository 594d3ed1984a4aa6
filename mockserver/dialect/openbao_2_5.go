// SPDX-License-Identifier: MPL-2.0

package dialect

import "github.com/plugproof/plugproof/mockserver/environ"

// openbao25 is OpenBao 2.5.5 as it was recorded: built without a version
// stamp, it calls itself 2.0.0.
func openbao25() *Dialect {
	const version = "2.0.0"
	return &Dialect{
		Name:          "openbao-2.5",
		Product:       OpenBao,
		DisplayName:   "OpenBao",
		Version:       version,
		VersionSuffix: "-HEAD",

		Environment:  environ.HostWins,
		OwnVariables: []string{"BAO_", "VAULT_"},

		BuiltinSuffix: "builtin.bao",
		Builtins: builtins(version, "builtin.bao", map[string]string{
			"auth": "approle cert jwt kerberos kubernetes ldap oidc radius userpass",
			"database": databasePlugins("cassandra influxdb mysql mysql-aurora mysql-legacy mysql-rds " +
				"postgresql redis valkey"),
			"secret": "kubernetes kv ldap openldap pki rabbitmq ssh totp transit",
		}),

		// OpenBao 2.5.5, #3186.
		ListsVersionedOnly: true,
		// OpenBao 2.5.0, #1824 and #2132.
		CatalogReadExtra: map[string]any{"oci": false, "declarative": false},
		BadHash:          "Could not decode SHA-256 value from Hex",
		MissingCommand:   "missing command value",
		MalformedVersion: "malformed version",
		FieldErrors:      FieldErrorsPlain,
		StrictJSON:       true,
		Namespaces:       true,
		HandshakeHint:    true,

		// vault/token_store.go, policy.go and logical_system_paths.go of 2.5.5.
		ServiceTokenPrefix: "s.",
		BatchTokenPrefix:   "b.",
		PolicyVersions:     true,
		EntityNameSuffix:   ".root", // measured
		MoreCapabilities:   []string{"scan"},
		MorePolicyKeys:     []string{"pagination_limit", "expiration", "list_scan_response_keys_filter_path"},
	}
}
