// SPDX-License-Identifier: MPL-2.0

package dialect

import "net/http"

// openbao20 is OpenBao 2.0.3, the fork of Vault 1.14.
func openbao20() *Dialect {
	return vault114().derive(release{
		name: "openbao-2.0", version: "2.0.3", ground: "sources of v2.0.3",
		changes: []edit{
			{"configuration: disable_mlock = false is refused", "internalshared/configutil/config.go at v2.0.3", Established,
				func(d *Dialect) { d.Configuration.MlockRefused = true }},
			{"configuration: there are no cloud, entropy, experiments and license_path", "command/server/config.go at v2.0.3", Established,
				knows("", "cloud entropy experiments license_path")},
			{"lists of kv version 2 have the fields after and limit", "builtin/logical/kv at v2.0.3", Established,
				func(d *Dialect) { d.KV.Pages = true }},
			{"kv version 1 warns of parameters that it does not know", "builtin/logical/kv/passthrough.go at v2.0.3; measured on 2.6.2", Established,
				func(d *Dialect) { d.KV.WarnsOfIgnored = true }},
			{"lists of what is below data/ in kv version 2 are unsupported operations", "builtin/logical/kv/path_data.go at v2.0.3; measured on 2.6.2", Established,
				func(d *Dialect) { d.KV.DataEndsInSlash = true }},
			{"lists of roles of the database engine have the fields after and limit", "builtin/logical/database/path_roles.go at v2.0.3", Established,
				func(d *Dialect) { d.Database.Pages = true }},
			{"a warning about a configuration of the database engine also names the plugin's own fields, as ignored", "sdk/framework/backend.go at v2.0.3, measured on 2.6.2", Established,
				func(d *Dialect) { d.Database.WarnsOfDetails = true }},
			{"plugins may list their storage in pages, and may send no events", "sdk/plugin/pb/backend.proto at v2.0.3", Established,
				func(d *Dialect) { d.Processes.Callbacks = []string{"ListPage"} }},
			{"the fork", "openbao/openbao at v2.0.3", Established,
				func(d *Dialect) { d.Product = OpenBao }},
			{"its own name in texts", "vault/logical_system.go at v2.0.3", Established,
				func(d *Dialect) { d.DisplayName = "OpenBao" }},
			{"its command line is bao", "main.go at v2.0.3", Established,
				func(d *Dialect) { d.Command = "bao" }},
			{"each of the server's own variables is set under BAO_ and under VAULT_", "sdk/helper/pluginutil/env.go at v2.0.3", Established,
				func(d *Dialect) { d.Processes.OwnVariables = []string{"BAO_", "VAULT_"} }},
			{"the server sets no GODEBUG in its environment", "main.go at v2.0.3", Established,
				func(d *Dialect) { d.Processes.ServerVariables = nil }},
			{"builtin plugins are all of the server's tree: +builtin.bao", "version and helper/builtinplugins at v2.0.3", Established,
				func(d *Dialect) { d.BuiltinSuffix = "builtin.bao" }},
			{"fewer builtins, all supported; none is remembered as removed", "helper/builtinplugins/registry.go at v2.0.3", Established,
				func(d *Dialect) {
					d.Builtins = builtins(map[string]string{
						"auth":     "approle cert jwt kerberos kubernetes ldap oidc radius userpass",
						"database": databasePlugins("cassandra influxdb mysql mysql-aurora mysql-legacy mysql-rds postgresql"),
						"secret":   "kubernetes kv ldap openldap pki rabbitmq ssh totp transit",
					})
				}},
			{"the scope of a reload is ignored", "vault/logical_system.go at v2.0.3", Established,
				func(d *Dialect) { d.Reloads.Scope = false }},
			{"paths that only Vault Enterprise serves do not exist, nor does sys/replication/status", "vault/logical_system_helpers.go at v2.0.3", Established,
				func(d *Dialect) { d.Requests.EnterpriseStubs = false }},
			{"service tokens begin with s.", "vault/token_store.go at v2.0.3", Established,
				func(d *Dialect) { d.Tokens.ServicePrefix = "s." }},
			{"batch tokens begin with b.", "vault/token_store.go at v2.0.3", Established,
				func(d *Dialect) { d.Tokens.BatchPrefix = "b." }},
			{"service tokens are not signed", "vault/token_store.go at v2.0.3", Established,
				func(d *Dialect) { d.Tokens.Signed = false }},
			{"sys/leader says nothing of performance standbys", "vault/logical_system.go at v2.0.3", Established,
				func(d *Dialect) { d.State.LeaderStandbys = false }},
			{"the server's own mounts cannot be tuned at all", "vault/logical_system.go at v2.0.3; measured", Established,
				func(d *Dialect) { d.Mounts.OwnUntunable = true }},
			{"a secrets engine may log in who asks a path of it that needs no token", "vault/request_handling.go at v2.0.3; measured on 2.0.3", Established,
				func(d *Dialect) { d.Tokens.SecretsLogIn = true }},
			{"the default policy does not allow sys/control-group/request", "vault/policy_store.go at v2.0.3", Established,
				func(d *Dialect) { d.Policies.DefaultLacks = []string{"sys/control-group/request"} }},
			{"sys/experiments does not exist", "vault/logical_system_paths.go at v2.0.3", Established,
				func(d *Dialect) { d.State.Experiments = false }},
			{"paths that are not canonical are redirected with 307, which keeps the method; so do 2.5.5 and 2.6.2 as recorded, built with Go 1.26, but builds with an earlier Go redirect with 301", "net/http of Go 1.26; measured on 2.5.5", Inferred,
				func(d *Dialect) { d.Requests.RedirectStatus = http.StatusTemporaryRedirect }},
			{"request paths with escaped .. are not redirected (go.mod: Go 1.22); only storage refuses them", "go.mod and vault/request_handling.go at v2.0.3; measured on 2.0.3", Established,
				func(d *Dialect) { d.Requests.RelativePaths = false }},
		},
	})
}
