// SPDX-License-Identifier: MPL-2.0

package dialect

// vault119 is Vault 1.19.0. Registration from artifacts came with its patch
// 1.19.5 and stands in vault120.
func vault119() *Dialect {
	return vault118().derive(release{
		name: "vault-1.19", version: "1.19.0", ground: "sources of v1.19.0, changelog",
		changes: []edit{
			{"plugins may register rotation jobs, which community servers refuse; removing one succeeds", "vault/sdk 0.15.0 beside 0.14.0", Established,
				calls("RegisterRotationJob", "DeregisterRotationJob")},
			{"database/reload/:plugin goes on after a connection that can't be made", "builtin/logical/database/path_config_connection.go, read without its version", Inferred,
				func(d *Dialect) { d.Database.ReloadGoesOn = true }},
			{"configurations of the database engine have rotation_period, rotation_schedule, rotation_window and disable_automated_rotation, and show skip_static_role_import_rotation", "hashicorp/vault#29576 (backport to 1.19), #29093 and #30610, connectionWriteHandler of community servers in builtin/logical/database, vault/sdk/helper/automatedrotationutil for the texts", Established,
				func(d *Dialect) { d.Database.RotatesRoot = true }},
			{"builtin plugins in newer versions", "go.mod at v1.19.0", Established, plugins(
				"alicloud=0.20.0 azure=0.20.1 cf=0.20.0 gcp=0.20.1 jwt=0.23.0 kerberos=0.14.0 kubernetes=0.21.0 oci=0.18.0",
				"couchbase=0.13.0 elasticsearch=0.17.0 mongodbatlas=0.14.0 redis=0.5.0 redis-elasticache=0.6.0 snowflake=0.13.0",
				"ad=0.20.1 alicloud=0.19.0 azure=0.21.1 gcp=0.21.1 gcpkms=0.20.0 kubernetes=0.10.0 kv=0.21.0 "+
					"mongodbatlas=0.14.0 openldap=0.15.1 terraform=0.11.0")},
		},
		gaps: []Gap{
			{What: "the system view tells plugins the server's build date", Source: "changelog 1.19.0 #29082",
				Why: "the mock has no build of that server to date"},
			{What: "Enterprise plugins run as external ones, on Enterprise only", Source: "changelog 1.19.0",
				Why: "no part of plugin management: what such plugins do is theirs, and their artifacts are registered as any other from 1.20 on"},
		},
	})
}
