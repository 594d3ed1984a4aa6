// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao22 is OpenBao 2.2.2.
func openbao22() *Dialect {
	return openbao21().derive(release{
		name: "openbao-2.2", version: "2.2.2", ground: "sources of v2.2.2",
		changes: []edit{
			{"lists of identity aliases show their metadata", "#1013, vault/identity_store_util.go at v2.2.2, beside v2.1.1; measured on 2.0.3 and 2.3.2", Established,
				func(d *Dialect) { d.Entities.AliasMetadataListed = true }},
			{"configuration: listeners have tls_acme_domains and its likes", "internalshared/configutil/listener.go at v2.2.2", Established,
				knowsListener("tls_acme_ca_directory tls_acme_ca_root tls_acme_cache_path tls_acme_disable_alpn_challenge tls_acme_disable_http_challenge " +
					"tls_acme_domains tls_acme_eab_key_id tls_acme_eab_mac_key tls_acme_email tls_acme_key_type tls_acme_test_ca_directory")},
			{"policies whose names begin with a path can be listed", "vault/logical_system.go at v2.2.2", Established,
				func(d *Dialect) { d.Policies.ListBelow = true }},
			{"kv version 2 has detailed-metadata", "builtin/logical/kv at v2.2.2", Established,
				func(d *Dialect) { d.KV.DetailedMetadata = true }},
			{"the audit fields of the server's own mounts can be tuned", "vault/logical_system.go at v2.2.2", Established,
				func(d *Dialect) { d.Mounts.OwnUntunable = false }},
			{"a plugin that ends without a word is said to have written no line", "go.mod at v2.2.2: go-plugin 1.6.3", Established,
				func(d *Dialect) { d.Processes.HandshakeHint = true }},
			{"policies may grant scan", "vault/policy.go at v2.2.2", Established,
				func(d *Dialect) { d.Policies.MoreCapabilities = []string{"scan"} }},
			{"the method SCAN and ?scan=true list all levels", "http/logical.go at v2.2.2", Established,
				func(d *Dialect) { d.Requests.Scan = true }},
			{"policies may hold pagination_limit", "vault/policy.go at v2.2.2", Established,
				func(d *Dialect) { d.Policies.MoreKeys = append(d.Policies.MoreKeys, "pagination_limit") }},
		},
	})
}
