// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao26 is OpenBao 2.6.2.
func openbao26() *Dialect {
	return openbao25().derive(release{
		name: "openbao-2.6", version: "2.6.2", ground: "sources of v2.6.2, changelog",
		changes: []Change{
			{"ReloadKnownOnly", "reloading unknown names, singletons and database plugins is refused, and every failed reload is a bad request", "changelog 2.6.0 #2398", Established,
				func(d *Dialect) { d.ReloadKnownOnly = true }},
			{"ManagedKeys", "mounts have no allowed_managed_keys any more", "#2225, vault/logical_system.go at v2.6.2", Established,
				func(d *Dialect) { d.ManagedKeys = false }},
		},
		gaps: []Gap{
			{What: "kms plugins unseal the server; the catalog refuses them", Source: "changelog 2.6.0 #2586, vault/plugin_catalog.go at v2.6.2",
				Why: "the mock is never sealed, and no request can name that type: the catalog's paths have auth, database and secret"},
			{What: "looking a lease up shows path, namespace_path and revoke_error", Source: "changelog 2.6.0 #1906",
				Why: "no part of plugin management"},
			{What: "policies can be patched, and slashes and wildcards from templates are refused", Source: "changelog 2.6.1 #3506, 2.6.0 #3401",
				Why: "no part of plugin management"},
			{What: "auth kerberos, ldap and radius and secret ldap are announced to leave with 2.7", Source: "changelog 2.6.0",
				Why: "only announced: their status is still supported"},
		},
	})
}
