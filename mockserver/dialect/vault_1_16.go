// SPDX-License-Identifier: MPL-2.0

package dialect

import "github.com/plugproof/plugproof/mockserver/environ"

// vault116 is Vault 1.16.0.
func vault116() *Dialect {
	return vault115().derive(release{
		name: "vault-1.16", version: "1.16.0", ground: "sources of v1.16.0, changelog",
		changes: []edit{
			{"configuration: there is plugin_tmpdir", "command/server/config.go at v1.16.3", Established,
				knows("plugin_tmpdir", "")},
			{"configuration: listeners have redact_addresses and its likes", "internalshared/configutil/listener.go at v1.16.3", Established,
				knowsListener("disable_replication_status_endpoints disable_request_limiter redact_addresses redact_cluster_name redact_version")},
			{"plugins may ask for identity tokens, which community servers refuse", "vault/sdk 0.11.0 beside 0.10.2", Established,
				calls("GenerateIdentityToken")},
			{"variables registered for a plugin win over those of the server's environment", "changelog 1.16.0 #25128", Established,
				func(d *Dialect) { d.Processes.Environment = environ.PluginWins }},
			{"the server no longer sets GODEBUG in its environment", "internal/go118_sha1_patch.go of v1.15.1 is gone at v1.16.0", Established,
				func(d *Dialect) { d.Processes.ServerVariables = nil }},
			{"sys/plugins/pins pins versions: mounts and reloads of the name use them", "changelog 1.16.0 #25105", Established,
				func(d *Dialect) { d.Catalog.Pins = true }},
			{"sys/plugins/reload/:type/:name reloads in all namespaces", "changelog 1.16.0 #24878", Established,
				func(d *Dialect) { d.Reloads.Typed = true }},
			{"a reload that finds nothing to reload warns", "changelog 1.16.0 #24512", Established,
				func(d *Dialect) { d.Reloads.NothingWarns = true }},
			{"reading a mount warns when another version runs than the configured one", "vault/logical_system.go at v1.16.0", Established,
				func(d *Dialect) { d.Mounts.VersionMismatchWarns = true }},
			{"registering an image that can't be run is refused: unable to run plugin", "changelog 1.16.0 #24990", Established,
				func(d *Dialect) { d.Catalog.ImageMustRun = true }},
			{"runtimes have the field rootless, and an empty list of them is answered", "changelog 1.16.0 #24236, #24864", Established,
				func(d *Dialect) { d.Catalog.RootlessRuntimes = true }},
			{"answers say the type of their mount: mount_type", "vault/request_handling.go at v1.16.0, vault/sdk 0.11.0", Established,
				func(d *Dialect) { d.Requests.MountType = true }},
			{"mounts have the tunable identity_token_key", "changelog 1.16.0 #24962", Established,
				func(d *Dialect) { d.Mounts.IdentityTokenKey = true }},
			{"mounts have the tunable delegated_auth_accessors, which no answer shows yet", "vault/logical_system.go at v1.16.0", Established,
				func(d *Dialect) { d.Mounts.DelegatedAuth = true }},
			{"database/reload/:plugin makes all connections of a database plugin anew", "changelog 1.16.0 #24472", Established,
				func(d *Dialect) { d.Database.Reload = true }},
			{"reading a configuration of the database engine shows which version of the plugin runs", "builtin/logical/database/path_config_connection.go", Established,
				func(d *Dialect) { d.Database.RunningVersion = true }},
			{"builtin plugins in newer versions", "go.mod at v1.16.0", Established, plugins(
				"alicloud=0.17.0 azure=0.17.0 cf=0.16.0 gcp=0.16.2 jwt=0.20.1 kerberos=0.11.0 kubernetes=0.18.0 oci=0.15.1",
				"couchbase=0.10.1 elasticsearch=0.14.0 mongodbatlas=0.11.0 redis=0.2.3 redis-elasticache=0.3.0 snowflake=0.10.0",
				"ad=0.17.0 alicloud=0.16.0 azure=0.17.0 gcp=0.18.0 gcpkms=0.16.0 kubernetes=0.7.0 kv=0.17.0 "+
					"mongodbatlas=0.11.0 openldap=0.12.1 terraform=0.7.5")},
		},
		gaps: []Gap{
			{What: "delegated_auth_accessors lets backends within the server's process delegate logins", Source: "sdk/logical/error.go, RequestDelegatedAuthError",
				Why: "plugins are processes, and their protocol has no such error (sdk/plugin/pb/translation.go): they cannot delegate in servers either"},
		},
	})
}
