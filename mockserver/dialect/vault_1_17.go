// SPDX-License-Identifier: MPL-2.0

package dialect

// vault117 is Vault 1.17.0.
func vault117() *Dialect {
	return vault116().derive(release{
		name: "vault-1.17", version: "1.17.0", ground: "sources of v1.17.0, changelog",
		changes: []edit{
			{"configuration: listeners have x_forwarded_for_client_cert_header", "internalshared/configutil/listener.go at v1.17.6", Established,
				knowsListener("x_forwarded_for_client_cert_header x_forwarded_for_client_cert_header_decoders")},
			{"an unknown, revoked or expired token is answered with a second text: invalid token", "changelog 1.17.0 #25953", Established,
				func(d *Dialect) { d.Tokens.BadTokenTwice = true }},
			{"reading and listing mounts show delegated_auth_accessors", "changelog 1.17.0 #26876", Established,
				func(d *Dialect) { d.Mounts.DelegatedAuthShown = true }},
			{"sys/internal/ui/mounts shows the system's lease times for mounts without their own", "vault/logical_system.go at v1.17.0", Established,
				func(d *Dialect) { d.Mounts.VisibleTTLs = true }},
			{"auth centrify is gone", "changelog 1.17.0 #27130", Established,
				without("auth", "centrify")},
			{"builtin plugins in newer versions", "go.mod at v1.17.0", Established, plugins(
				"alicloud=0.18.0 azure=0.18.0 cf=0.17.0 gcp=0.18.0 jwt=0.20.3 kerberos=0.12.0 kubernetes=0.19.0 oci=0.16.0",
				"couchbase=0.11.0 elasticsearch=0.15.0 mongodbatlas=0.12.0 redis=0.3.0 redis-elasticache=0.4.0 snowflake=0.11.0",
				"ad=0.18.0 alicloud=0.17.0 azure=0.19.0 gcp=0.19.0 gcpkms=0.17.0 kubernetes=0.8.0 kv=0.19.0 "+
					"mongodbatlas=0.12.0 openldap=0.13.0 terraform=0.8.0")},
		},
	})
}
