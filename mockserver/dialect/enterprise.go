// SPDX-License-Identifier: MPL-2.0

package dialect

import "strings"

// enterpriseSuffix ends the names and versions of Vault Enterprise.
const enterpriseSuffix = "+ent"

// enterprise makes d the dialect of Vault Enterprise of the same version, as far as
// that is documented: its sources are not public.
func (d *Dialect) enterprise() *Dialect {
	return d.derive(release{
		name: d.Name + enterpriseSuffix, version: d.Version + enterpriseSuffix, provisional: true,
		ground: "documentation of Vault Enterprise, whose sources are not public, and " + d.Name + " for all else",
		changes: []edit{
			{"sys/health says that it is Enterprise, sys/replication/status has either kind of replication, and the paths that only it serves no longer say so", "documentation of sys/health and sys/replication/status", Established,
				func(d *Dialect) { d.State.Enterprise = true }},
			{"a reload of a type and name from the root reaches all namespaces", "documentation of sys/plugins/reload; changelog 1.16.0 #24878", Established,
				func(d *Dialect) { d.Reloads.AllNamespaces = true }},
			{"namespaces can be made, and the header X-Vault-Namespace is obeyed", "documentation of sys/namespaces, of namespaces and of their locks", Established,
				func(d *Dialect) { d.Namespaces.Enabled = true }},
			{"the namespace header may say root", "as in OpenBao from 2.4 on; root is a reserved name in the documentation of namespaces", Inferred,
				func(d *Dialect) { d.Namespaces.RootNamed = true }},
			{"mounts, their tuning and connections to databases take override_pinned_version beside plugin_version", "documentation of 2.0; the web interface's sources, which send it in config; AddConnectionFieldsEnt in builtin/logical/database", Established,
				func(d *Dialect) { d.Catalog.PinOverrides = true }},
			{"IDs of namespaces have 5 characters", "documentation of sys/namespaces", Established,
				func(d *Dialect) { d.Namespaces.IDLength = 5 }},
			{"the server's own mounts in namespaces are of the types ns_system, ns_token, ns_cubbyhole and ns_identity", "vault/mount.go of the community's sources", Established,
				func(d *Dialect) { d.Namespaces.MountTypePrefix = "ns_" }},
			{"namespaces refuse the paths of sys/ that concern the whole server, the plugin catalog among them but not the reload by name or mounts: unsupported path", "documentation of restricted API paths; hashicorp/vault#21599 adds sys/plugins to it, while command/plugin_reload.go asks sys/plugins/reload/backend from namespaces; documentation of administrative namespaces for the answer", Established,
				func(d *Dialect) {
					d.Namespaces.RootOnly = strings.Fields("audit audit-hash config/auditing config/cors config/group-policy-application config/reload config/state " +
						"config/ui decode-token experiments generate-recovery-token generate-root health host-info in-flight-req init internal/counters/activity " +
						"internal/counters/config internal/inspect/router key-status loggers managed-keys metrics mfa/method monitor plugins/catalog plugins/pins plugins/reload/auth " +
						"plugins/reload/database plugins/reload/secret plugins/reload/unknown plugins/runtimes pprof quotas/config " +
						"quotas/lease-count quotas/rate-limit raw rekey rekey-recovery-key replication/merkle-check replication/recover replication/reindex " +
						"replication/status rotate seal sealwrap/rewrap step-down storage unseal")
				}},
			{"sys/internal/ui/namespaces lists namespaces of all levels", "documentation of sys/internal/ui/namespaces", Established,
				func(d *Dialect) { d.Namespaces.VisibleDeep = true }},
		},
		gaps: []Gap{
			{What: "the texts that refuse names and locks of namespaces, and the answer to a deletion", Source: "documentation of sys/namespaces",
				Why: "not documented: they are those of OpenBao, and a deletion is answered without content"},
			{What: "how a mount and a connection show that they override a pin, and what an override without plugin_version does", Source: "documentation of 2.0",
				Why: "not documented: the mock shows nothing, and takes the pinned version"},
			{What: "administrative namespaces, policies of groups across namespaces, Sentinel, control groups, replication, quotas of leases, managed keys", Source: "documentation of Vault Enterprise",
				Why: "no part of plugin management: their paths answer 501"},
			{What: "plugins' identity tokens and automated rotation", Source: "documentation of Vault Enterprise",
				Why: "what the server makes of them is not documented: plugins are answered as in community servers"},
		},
	})
}
