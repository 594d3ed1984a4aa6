// SPDX-License-Identifier: MPL-2.0

package dialect

// vault115 is Vault 1.15.1.
func vault115() *Dialect {
	const version = "1.15.1"
	d := vault114()
	d.Name, d.Version = "vault-1.15", version

	// Changelog 1.15.0, #22712: plugins run in containers.
	d.Images, d.Runtimes = true, true
	// Server source, sys/plugins/catalog: command or image.
	d.MissingCommand = "must provide at least one of command or oci_image"
	// Server source, sys/plugins/catalog.
	d.BadHash = "Could not decode SHA256 value from Hex "
	d.Builtins = builtins(version, d.BuiltinSuffix, vault115Builtins())
	return d
}

// vault115Builtins is from go.mod at 1.15.1; centrify is deprecated from
// 1.15.0 (#23050).
func vault115Builtins() map[string]string {
	return map[string]string{
		"auth": "alicloud=0.16.0 approle aws azure=0.16.2 centrify=0.15.1!deprecated cert cf=0.15.1 " +
			"gcp=0.16.1 github jwt=0.17.0 kerberos=0.10.1 kubernetes=0.17.1 ldap oci=0.14.2 oidc okta " +
			"pcf!deprecated radius userpass",
		"database": databasePlugins("cassandra couchbase=0.9.4 elasticsearch=0.13.3 hana influxdb mongodb mongodbatlas=0.10.1 " +
			"mssql mysql mysql-aurora mysql-legacy mysql-rds postgresql redis=0.2.2 " +
			"redis-elasticache=0.2.3 redshift snowflake=0.9.0"),
		"secret": "ad=0.16.1!deprecated alicloud=0.15.1 aws azure=0.16.3 consul gcp=0.17.0 gcpkms=0.15.1 " +
			"kubernetes=0.6.0 kv=0.16.1 ldap mongodbatlas=0.10.1 nomad openldap=0.11.2 pki rabbitmq ssh " +
			"terraform=0.7.3 totp transit",
	}
}
