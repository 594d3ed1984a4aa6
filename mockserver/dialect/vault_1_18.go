// SPDX-License-Identifier: MPL-2.0

package dialect

// vault118 is Vault 1.18.1, the first community release that trims slashes.
func vault118() *Dialect {
	return vault117().derive(release{
		name: "vault-1.18", version: "1.18.1", ground: "sources of v1.18.1, changelog",
		changes: []edit{
			{"configuration: there is enable_post_unseal_trace", "command/server/config.go at v1.18.5", Established,
				knows("enable_post_unseal_trace post_unseal_trace_directory", "")},
			{"mounts have the tunable trim_request_trailing_slashes", "changelog 1.18.1 #28752", Established,
				func(d *Dialect) { d.Mounts.TrimTrailingSlashes = true }},
			{"configurations of the database engine keep and show verify_connection", "builtin/logical/database/path_config_connection.go, read without its version", Inferred,
				func(d *Dialect) { d.Database.RemembersVerify = true }},
			{"builtin plugins in newer versions", "go.mod at v1.18.1", Established, plugins(
				"alicloud=0.19.0 azure=0.19.1 cf=0.19.0 gcp=0.19.1 jwt=0.22.0 kerberos=0.13.0 kubernetes=0.20.0 oci=0.17.0",
				"couchbase=0.12.0 elasticsearch=0.16.0 mongodbatlas=0.13.0 redis=0.4.0 redis-elasticache=0.5.0 snowflake=0.12.0",
				"ad=0.19.0 alicloud=0.18.0 azure=0.20.1 gcp=0.20.1 gcpkms=0.19.0 kubernetes=0.9.0 kv=0.20.0 "+
					"mongodbatlas=0.13.0 openldap=0.14.3 terraform=0.10.0")},
		},
		gaps: []Gap{
			{What: "tuning plugin_version repairs mounts from before Vault 1.0 whose type is plugin (1.16.7+ent, 1.17.3)", Source: "changelog 1.17.3 #27881",
				Why: "the mock has no state from before 1.0: it stores the plugin's name at once"},
			{What: "a minimal build with few builtins", Source: "changelog 1.18.0 #27394",
				Why: "it is a build of its own; the dialect is the usual one"},
			{What: "escaped .. in request paths: built for Go 1.22, the server no longer redirects them", Source: "go.mod at v1.18.1, Go 1.22 release notes",
				Why: "what it answers instead is not established; the mock redirects as 1.14 did"},
		},
	})
}
