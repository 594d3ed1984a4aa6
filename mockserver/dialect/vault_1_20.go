// SPDX-License-Identifier: MPL-2.0

package dialect

// vault120 is Vault 1.20.0.
func vault120() *Dialect {
	const version = "1.20.0"
	d := vault116()
	d.Name, d.Version = "vault-1.20", version

	// Changelog 1.17.0, #25953.
	d.BadTokenTwice = true
	d.Builtins = builtins(version, d.BuiltinSuffix, vault120Builtins())
	return d
}

// vault120Builtins is from go.mod and the changelog at 1.20.0; centrify left
// in 1.17.0 (#27130).
func vault120Builtins() map[string]string {
	return map[string]string{
		"auth": "alicloud=0.21.0 approle aws azure=0.21.1 cert cf=0.21.0 gcp=0.20.2 github jwt=0.24.1 " +
			"kerberos=0.15.0 kubernetes=0.22.1 ldap oci=0.19.0 oidc okta pcf!deprecated radius userpass",
		"database": databasePlugins("cassandra couchbase=0.14.0 elasticsearch=0.18.0 hana influxdb mongodb mongodbatlas=0.15.0 " +
			"mssql mysql mysql-aurora mysql-legacy mysql-rds postgresql redis=0.6.0 " +
			"redis-elasticache=0.7.0 redshift snowflake=0.14.1"),
		"secret": "ad=0.21.0!deprecated alicloud=0.20.0 aws azure=0.22.0 consul gcp=0.22.0 gcpkms=0.21.0 " +
			"kubernetes=0.11.0 kv=0.24.0 ldap mongodbatlas=0.15.0 nomad openldap=0.16.0 pki rabbitmq " +
			"ssh terraform=0.12.0 totp transit",
	}
}
