// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao20 is OpenBao 2.0.3, the fork of Vault 1.14.
func openbao20() *Dialect {
	return vault114().derive(release{
		name: "openbao-2.0", version: "2.0.3", ground: "sources of v2.0.3",
		changes: []Change{
			{"Product", "the fork", "openbao/openbao at v2.0.3", Established,
				func(d *Dialect) { d.Product = OpenBao }},
			{"DisplayName", "its own name in texts", "vault/logical_system.go at v2.0.3", Established,
				func(d *Dialect) { d.DisplayName = "OpenBao" }},
			{"Command", "its command line is bao", "main.go at v2.0.3", Established,
				func(d *Dialect) { d.Command = "bao" }},
			{"OwnVariables", "each of the server's own variables is set under BAO_ and under VAULT_", "sdk/helper/pluginutil/env.go at v2.0.3", Established,
				func(d *Dialect) { d.OwnVariables = []string{"BAO_", "VAULT_"} }},
			{"ProcessVariables", "the server sets no GODEBUG in its environment", "main.go at v2.0.3", Established,
				func(d *Dialect) { d.ProcessVariables = nil }},
			{"BuiltinSuffix", "builtin plugins are all of the server's tree: +builtin.bao", "version and helper/builtinplugins at v2.0.3", Established,
				func(d *Dialect) { d.BuiltinSuffix = "builtin.bao" }},
			{"Builtins", "fewer builtins, all supported; none is remembered as removed", "helper/builtinplugins/registry.go at v2.0.3", Established,
				func(d *Dialect) {
					d.Builtins = builtins(map[string]string{
						"auth":     "approle cert jwt kerberos kubernetes ldap oidc radius userpass",
						"database": databasePlugins("cassandra influxdb mysql mysql-aurora mysql-legacy mysql-rds postgresql"),
						"secret":   "kubernetes kv ldap openldap pki rabbitmq ssh totp transit",
					})
				}},
			{"ReloadScope", "the scope of a reload is ignored", "vault/logical_system.go at v2.0.3", Established,
				func(d *Dialect) { d.ReloadScope = false }},
			{"EnterpriseStubs", "sys/plugins/reload/backend/status does not exist", "vault/logical_system_helpers.go at v2.0.3", Established,
				func(d *Dialect) { d.EnterpriseStubs = false }},
			{"ServiceTokenPrefix", "service tokens begin with s.", "vault/token_store.go at v2.0.3", Established,
				func(d *Dialect) { d.ServiceTokenPrefix = "s." }},
			{"BatchTokenPrefix", "batch tokens begin with b.", "vault/token_store.go at v2.0.3", Established,
				func(d *Dialect) { d.BatchTokenPrefix = "b." }},
			{"SignedTokens", "service tokens are not signed", "vault/token_store.go at v2.0.3", Established,
				func(d *Dialect) { d.SignedTokens = false }},
			{"RelativePaths", "request paths with escaped .. are not redirected (go.mod: Go 1.22); that they are refused is concluded from 2.5.3", "go.mod at v2.0.3", Inferred,
				func(d *Dialect) { d.RelativePaths = false }},
		},
	})
}
