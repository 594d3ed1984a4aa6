// SPDX-License-Identifier: MPL-2.0

package dialect

import "strings"

// openbao23 is OpenBao 2.3.2.
func openbao23() *Dialect {
	return openbao22().derive(release{
		name: "openbao-2.3", version: "2.3.2", ground: "sources of v2.3.2",
		changes: []edit{
			{"configuration: there are allow_audit_log_prefixing, unsafe_allow_api_audit_creation and unsafe_cross_namespace_identity", "command/server/config.go at v2.3.2", Established,
				knows("allow_audit_log_prefixing unsafe_allow_api_audit_creation unsafe_cross_namespace_identity", "")},
			{"configuration: listeners have disable_unauthed_rekey_endpoints", "internalshared/configutil/listener.go at v2.3.2", Established,
				knowsListener("disable_unauthed_rekey_endpoints")},
			{"a mount cannot be moved to an empty path", "vault/logical_system.go at v2.3.2", Established,
				func(d *Dialect) { d.Mounts.RemountNeedsPath = true }},
			{"sys/policies/detailed/acl lists policies with their content", "vault/logical_system_paths.go at v2.3.2", Established,
				func(d *Dialect) { d.Policies.Detailed = true }},
			{"namespaces can be made, and the header X-Vault-Namespace is obeyed", "vault/logical_system_namespaces.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces.Enabled = true }},
			{"sys/internal/ui/namespaces lists all namespaces to whoever has a token", "vault/logical_system_helpers.go at v2.3.2; measured on 2.3.2", Established,
				func(d *Dialect) { d.Namespaces.VisibleToAll = true }},
			{"requests to a mount that is being removed are told its namespace", "vault/router.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces.TaintNamed = true }},
			{"UUID, lock and deletion of a namespace are shown", "vault/logical_system_namespaces.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces.Detailed = true }},
			{"IDs of namespaces have 6 characters", "vault/namespace_store.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces.IDLength = 6 }},
			{"the server's own mounts in namespaces are of the types ns_system, ns_token, ns_cubbyhole and ns_identity", "vault/mount.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces.MountTypePrefix = "ns_" }},
			{"namespaces refuse the paths of sys/ that concern the whole server", "restrictedSysAPIs in vault/request_handling.go at v2.3.2", Established,
				func(d *Dialect) {
					d.Namespaces.RootOnly = strings.Fields("audit audit-hash config/auditing config/cors config/reload config/state config/ui decode-token " +
						"generate-recovery-token generate-root health host-info in-flight-req init internal/counters/activity internal/counters/config " +
						"internal/inspect/router key-status loggers managed-keys metrics mfa/method monitor pprof quotas/config quotas/lease-count " +
						"quotas/rate-limit raw rekey rekey-recovery-key replication/merkle-check replication/recover replication/reindex " +
						"replication/status rotate seal sealwrap/rewrap step-down storage sync/config unseal")
				}},
			{"some of them are refused with any namespace header", "restrictedSysAPIsNonLogical in http/handler.go at v2.3.2", Established,
				func(d *Dialect) {
					d.Namespaces.HeaderRefused = strings.Fields("raw generate-recovery-token init seal step-down unseal health rekey-recovery-key " +
						"rekey storage generate-root metrics pprof in-flight-req")
				}},
			{"the API makes no audit devices", "handleEnableAudit in vault/logical_system.go at v2.3.2", Established,
				func(d *Dialect) { d.State.AuditDeclared = true }},
			{"rate limits have the field inheritable", "vault/logical_system_quotas.go at v2.3.2", Established,
				func(d *Dialect) { d.State.QuotasInherited = true }},
			{"a namespace with unused wrapping tokens can't be deleted", "vault/namespace_store.go and token_store.go at v2.3.2; measured on 2.6.2", Established,
				func(d *Dialect) { d.Namespaces.CubbyholeFirst = true }},
			{"they say that the operation is unavailable in namespaces", "vault/request_handling.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces.RootOnlyText = "operation unavailable in namespaces" }},
			{"made up names of entities end in their namespace", "vault/identity_store_util.go at v2.3.2", Established,
				func(d *Dialect) { d.Entities.NamedAfterNamespace = true }},
			{"policies have a version, a time of change and check-and-set", "vault/logical_system_paths.go at v2.3.2", Established,
				func(d *Dialect) { d.Policies.Versions = true }},
			{"policies may hold expiration", "vault/policy.go at v2.3.2", Established,
				func(d *Dialect) { d.Policies.MoreKeys = append(d.Policies.MoreKeys, "expiration") }},
			{"errors about fields of a wrong type repeat neither input nor value, but words that are not a number or boolean", "sdk/framework/field_data.go and go.mod (mapstructure 2) at v2.3.2", Established,
				func(d *Dialect) { d.Requests.FieldErrors = FieldErrorsWithWord }},
			{"database redis and valkey", "#1019, helper/builtinplugins/registry.go at v2.3.2", Established,
				added("database", databasePlugins("redis valkey"))},
		},
	})
}
