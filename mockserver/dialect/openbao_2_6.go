// SPDX-License-Identifier: MPL-2.0

package dialect

import "slices"

// openbao26 is OpenBao 2.6.2.
func openbao26() *Dialect {
	return openbao25().derive(release{
		name: "openbao-2.6", version: "2.6.2", ground: "recorded from an OpenBao 2.6.2 (suites/replay/recordings/openbao-2.6.2.json), sources of v2.6.2, changelog",
		changes: []edit{
			{"a BAO_ENABLE_FILE_PERMISSIONS_CHECK that is neither true nor false is told otherwise", "vault/core.go at v2.6.2", Established,
				func(d *Dialect) {
					d.Catalog.CheckUnparsed = "failed to parse environment variable BAO_ENABLE_FILE_PERMISSIONS_CHECK"
				}},
			{"configuration: there is allow_unauthenticated_workflows, and no administrative_namespace_path", "command/server/config.go at v2.6.2", Established,
				knows("allow_unauthenticated_workflows", "administrative_namespace_path")},
			{"declared plugins are called by that name", "vault/plugin_catalog.go and command/server/config.go at v2.6.2; measured on 2.6.2", Established,
				func(d *Dialect) { d.Configuration.OCIWords = false }},
			{"configuration: plugins of type kms can be declared; the catalog does not have them", "changelog 2.6.0 #2586, helper/kmsplugin/catalog.go at v2.6.2; measured on 2.6.2", Established,
				func(d *Dialect) { d.Configuration.KMSPlugins = true }},
			{"configuration: listeners have cors_allow_credentials and x_forwarded_for_client_cert_header", "helper/configutil/listener.go at v2.6.2", Established,
				knowsListener("cors_allow_credentials " +
					"x_forwarded_for_client_cert_decoders x_forwarded_for_client_cert_header x_forwarded_for_client_cert_keep_not_forwarded x_forwarded_for_client_cert_keep_unauthorized")},
			{"kv version 2: patching data with null replaces it", "#3324, json-patch 5.9.11; measured on 2.6.2", Established,
				func(d *Dialect) { d.KV.NullReplaces = true }},
			{"looking a lease up shows its path and why it could not be revoked", "changelog 2.6.0 #1906, vault/logical_system.go at v2.6.2", Established,
				func(d *Dialect) { d.Leases.Detailed = true }},
			{"sys/workflows and sys/generate-root-token exist", "vault/logical_system_workflows.go at v2.6.2", Established,
				func(d *Dialect) { d.State.Workflows = true }},
			{"listing a path asks the patterns of policies with the slash at its end first", "vault/policy/acl.go at v2.6.0; measured on 2.6.2", Established,
				func(d *Dialect) { d.Policies.ListsWithSlashFirst = true }},
			{"reloading unknown names, singletons and database plugins is refused, and every failed reload is a bad request", "changelog 2.6.0 #2398", Established,
				func(d *Dialect) { d.Reloads.KnownOnly = true }},
			{"mounts have no allowed_managed_keys any more", "#2225, vault/logical_system.go at v2.6.2", Established,
				func(d *Dialect) { d.Mounts.ManagedKeys = false }},
			{"what is wrong with a request's JSON is told", "http/json.go at v2.6.0; recorded on 2.6.2", Established,
				func(d *Dialect) { d.Requests.JSONReasons = true }},
			{"sys/health says nothing of performance standbys", "http/sys_health.go at v2.6.0", Established,
				func(d *Dialect) { d.State.HealthStandby = false }},
			{"sys/leader leaves out what is empty", "vault/logical_system.go at v2.6.0; recorded on 2.6.2", Established,
				func(d *Dialect) { d.State.LeaderOmitsEmpty = true }},
			{"sys/seal-status has commit_date instead of build_date", "vault/logical_system.go at v2.6.2; recorded on 2.6.2", Established,
				func(d *Dialect) { d.State.CommitDate = true }},
			{"OPTIONS is a bad request", "vault/request_handling.go at v2.6.2; recorded on 2.6.2", Established,
				func(d *Dialect) { d.Requests.InternalOperationsRefused = true }},
			{"when one field of a tuning is refused, the others are not changed either", "vault/logical_system.go at v2.6.2; measured on 2.6.2", Established,
				func(d *Dialect) { d.Mounts.TuneRollsBack = true }},
			{"policies have allow_slashes_in_identity_templates and allow_wildcards_in_identity_templates, without which such values in a path allow nothing", "changelog 2.6.0 #3401, 2.6.1 #3506; recorded on 2.6.2", Established,
				func(d *Dialect) { d.Policies.TemplateLimits = true }},
			{"namespaces may be asked for keys and rotations; they refuse other paths of sys/", "restrictedSysAPIs in vault/request_handling.go at v2.6.2", Established,
				func(d *Dialect) {
					d.Namespaces.RootOnly = slices.DeleteFunc(slices.Clone(d.Namespaces.RootOnly), func(path string) bool {
						return slices.Contains([]string{"decode-token", "key-status", "managed-keys", "rotate"}, path)
					})
				}},
			{"they say that the operation is only available in the root namespace", "vault/request_handling.go at v2.6.2; measured on 2.6.2", Established,
				func(d *Dialect) { d.Namespaces.RootOnlyText = "operation only available in root namespace" }},
			{"the refusal to delete a namespace with others below it does not name it", "vault/namespace_store.go at v2.6.2; measured on 2.6.2", Established,
				func(d *Dialect) { d.Namespaces.ChildrenTerse = true }},
			{"the header X-Vault-Policy-Override is not read", "http/logical.go at v2.6.2", Established,
				func(d *Dialect) { d.Requests.PolicyOverride = false }},
			{"the request's host is one of the headers that a mount can pass on", "http/logical.go at v2.6.2", Established,
				func(d *Dialect) { d.Requests.HostHeader = true }},
			{"the warning about an upgrade of a mount's storage names version 0, and a reload that fails then is told", "vault/logical_system.go at v2.6.2", Established,
				func(d *Dialect) { d.Mounts.UpgradeWithoutVersion = true }},
			{"policies can be patched", "changelog 2.6.1 #3506, vault/logical_system.go at v2.6.2", Established,
				func(d *Dialect) { d.Policies.Patch = true }},
		},
		gaps: []Gap{
			{What: "kms plugins unseal the server", Source: "changelog 2.6.0 #2586, helper/kmsplugin at v2.6.2",
				Why: "the mock is never sealed: it reads their declarations and runs none; the catalog has none in OpenBao either"},
			{What: "namespaces with a seal of their own: seal at their creation, seal, unseal and seal-status below them", Source: "changelog 2.6.0 #3297; measured on 2.6.2",
				Why: "no part of plugin management: the mock answers 501 and makes no such namespace"},
			{What: "auth kerberos, ldap and radius and secret ldap are announced to leave with 2.7", Source: "changelog 2.6.0",
				Why: "only announced: their status is still supported"},
		},
	})
}
