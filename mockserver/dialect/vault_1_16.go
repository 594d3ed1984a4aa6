// SPDX-License-Identifier: MPL-2.0

package dialect

import "github.com/plugproof/plugproof/mockserver/environ"

// vault116 is Vault 1.16.0.
func vault116() *Dialect {
	const version = "1.16.0"
	d := vault115()
	d.Name, d.Version = "vault-1.16", version

	// Changelog 1.16.0, #25128: a plugin's registered variables win.
	d.Environment = environ.PluginWins
	// Changelog 1.16.0, #25105.
	d.Pins = true
	// Changelog 1.16.0, #24878.
	d.TypedReload = true
	// Changelog 1.16.0: "no plugins were reloaded".
	d.ReloadsNothingWarns = true
	// Server source, sys/mounts/:path.
	d.VersionMismatchWarns = true
	// Changelog 1.16.0, #24236 and #24864.
	d.RootlessRuntimes = true
	// vault/sdk 0.11.1, logical/translate_response.go.
	d.MountType = true
	d.Builtins = builtins(version, d.BuiltinSuffix, vault116Builtins())
	return d
}

// vault116Builtins is from go.mod at 1.16.0.
func vault116Builtins() map[string]string {
	return map[string]string{
		"auth": "alicloud=0.17.0 approle aws azure=0.17.0 centrify=0.15.1!deprecated cert cf=0.16.0 " +
			"gcp=0.16.2 github jwt=0.20.1 kerberos=0.11.0 kubernetes=0.18.0 ldap oci=0.15.1 oidc okta " +
			"pcf!deprecated radius userpass",
		"database": databasePlugins("cassandra couchbase=0.10.1 elasticsearch=0.14.0 hana influxdb mongodb mongodbatlas=0.11.0 " +
			"mssql mysql mysql-aurora mysql-legacy mysql-rds postgresql redis=0.2.3 " +
			"redis-elasticache=0.3.0 redshift snowflake=0.10.0"),
		"secret": "ad=0.17.0!deprecated alicloud=0.16.0 aws azure=0.17.0 consul gcp=0.18.0 gcpkms=0.16.0 " +
			"kubernetes=0.7.0 kv=0.17.0 ldap mongodbatlas=0.11.0 nomad openldap=0.12.1 pki rabbitmq ssh " +
			"terraform=0.7.5 totp transit",
	}
}
