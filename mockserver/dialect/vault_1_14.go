// SPDX-License-Identifier: MPL-2.0

package dialect

import "github.com/plugproof/plugproof/mockserver/environ"

// vault114 is Vault 1.14.3: recorded, and the ground that the later versions
// of Vault stand on.
func vault114() *Dialect {
	const version = "1.14.3"
	return &Dialect{
		Name:        "vault-1.14",
		Product:     Vault,
		DisplayName: "Vault",
		Version:     version,

		Environment:  environ.HostWins,
		OwnVariables: []string{"VAULT_"},
		// Recorded in env-names: Vault's main turns SHA-1 certificates back on.
		ProcessVariables: []string{"GODEBUG=x509sha1=1"},

		BuiltinSuffix: "builtin.vault",
		Builtins:      builtins(version, "builtin.vault", vault114Builtins()),

		ReloadScope:      true,
		BadHash:          "Could not decode SHA-256 value from Hex",
		MissingCommand:   "missing command value",
		MalformedVersion: "Malformed version",
		FieldErrors:      FieldErrorsWithInput,
		RelativePaths:    true,

		// vault/token_store.go since 1.10.
		ServiceTokenPrefix: "hvs.",
		BatchTokenPrefix:   "hvb.",
		SignedTokens:       true,
		OldLeasePaths:      true,
	}
}

// vault114Builtins is recorded in list-all.
func vault114Builtins() map[string]string {
	return map[string]string{
		"auth": "alicloud=0.15.0 approle aws azure=0.16.0 centrify=0.15.1 cert cf=0.15.0 gcp=0.16.0 github " +
			"jwt=0.16.0 kerberos=0.10.0 kubernetes=0.16.0 ldap oci=0.14.0 oidc okta pcf!deprecated " +
			"radius userpass",
		"database": databasePlugins("cassandra couchbase=0.9.2 elasticsearch=0.13.2 hana influxdb mongodb mongodbatlas=0.10.0 " +
			"mssql mysql mysql-aurora mysql-legacy mysql-rds postgresql redis=0.2.1 " +
			"redis-elasticache=0.2.1 redshift snowflake=0.9.0"),
		"secret": "ad=0.16.0!deprecated alicloud=0.15.0 aws azure=0.16.1 consul gcp=0.16.0 gcpkms=0.15.0 " +
			"kubernetes=0.5.0 kv=0.15.0 ldap mongodbatlas=0.10.0 nomad openldap=0.11.1 pki rabbitmq ssh " +
			"terraform=0.7.1 totp transit",
	}
}
