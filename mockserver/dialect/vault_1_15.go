// SPDX-License-Identifier: MPL-2.0

package dialect

import "slices"

// vault115 is Vault 1.15.1.
func vault115() *Dialect {
	return vault114().derive(release{
		name: "vault-1.15", version: "1.15.1", ground: "sources of v1.15.1, changelog",
		changes: []edit{
			{"reading the configuration of a database does not show service_account_json", "hashicorp/vault#23256, backported to release/1.15.x as #23257", Established,
				func(d *Dialect) {
					d.Database.Hidden = append(slices.Clone(d.Database.Hidden), "service_account_json")
				}},
			{"configuration: telemetry has add_mount_point_rollback_metrics", "internalshared/configutil/telemetry.go at v1.15.6", Established,
				func(d *Dialect) {
					d.Configuration.TelemetryKeys = with(d.Configuration.TelemetryKeys, "add_mount_point_rollback_metrics", "")
				}},
			{"configuration: listeners have chroot_namespace", "internalshared/configutil/listener.go at v1.15.6", Established,
				knowsListener("chroot_namespace")},
			{"plugins can be registered as container images: oci_image, runtime", "changelog 1.15.0 #22712", Established,
				func(d *Dialect) { d.Catalog.Images = true }},
			{"sys/plugins/runtimes/catalog holds container runtimes", "changelog 1.15.0 #22712, #22744", Established,
				func(d *Dialect) { d.Catalog.Runtimes = true }},
			{"a registration needs a command or an image", "vault/logical_system.go at v1.15.1", Established,
				func(d *Dialect) { d.Catalog.MissingCommand = "must provide at least one of command or oci_image" }},
			{"the refusal of a sha256 that is not hex repeats it", "vault/logical_system.go at v1.15.1", Established,
				func(d *Dialect) { d.Catalog.BadHash = "Could not decode SHA256 value from Hex " }},
			{"a plugin that ends without a word is said to have written no line", "go.mod at v1.15.1: go-plugin 1.5.2", Established,
				func(d *Dialect) { d.Processes.HandshakeHint = true }},
			{"static roles of the database engine have rotation_schedule and rotation_window", "changelog 1.15.0 #22484, builtin/logical/database/path_roles.go", Established,
				func(d *Dialect) { d.Database.Schedules = true }},
			{"auth centrify is deprecated", "changelog 1.15.0 #23050", Established,
				status("auth", "centrify", Deprecated)},
			{"builtin plugins in newer versions", "go.mod at v1.15.1", Established, plugins(
				"alicloud=0.16.0 azure=0.16.2 cf=0.15.1 gcp=0.16.1 jwt=0.17.0 kerberos=0.10.1 kubernetes=0.17.1 oci=0.14.2",
				"couchbase=0.9.4 elasticsearch=0.13.3 mongodbatlas=0.10.1 redis=0.2.2 redis-elasticache=0.2.3",
				"ad=0.16.1 alicloud=0.15.1 azure=0.16.3 gcp=0.17.0 gcpkms=0.15.1 kubernetes=0.6.0 kv=0.16.1 "+
					"mongodbatlas=0.10.1 openldap=0.11.2 terraform=0.7.3")},
		},
		gaps: []Gap{
			{What: "later fields of rate limits: inheritable, group_by, secondary_rate, and exempt paths of the whole server beside those of namespaces", Source: "documentation of sys/quotas for 1.18 to 1.21",
				Why: "which version shows which is not established: rate limits are those of 1.14"},
		},
	})
}
