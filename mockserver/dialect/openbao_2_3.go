// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao23 is OpenBao 2.3.2.
func openbao23() *Dialect {
	return openbao22().derive(release{
		name: "openbao-2.3", version: "2.3.2", ground: "sources of v2.3.2",
		changes: []Change{
			{"Namespaces", "the header X-Vault-Namespace is obeyed", "http/util.go and vault/namespaces.go at v2.3.2", Established,
				func(d *Dialect) { d.Namespaces = true }},
			{"EntityNameSuffix", "made up names of entities end in their namespace", "vault/identity_store_util.go at v2.3.2", Established,
				func(d *Dialect) { d.EntityNameSuffix = ".root" }},
			{"PolicyVersions", "policies have a version, a time of change and check-and-set", "vault/logical_system_paths.go at v2.3.2", Established,
				func(d *Dialect) { d.PolicyVersions = true }},
			{"MorePolicyKeys", "policies may hold expiration", "vault/policy.go at v2.3.2", Established,
				func(d *Dialect) { d.MorePolicyKeys = append(d.MorePolicyKeys, "expiration") }},
			{"FieldErrors", "errors about fields of a wrong type repeat neither input nor value", "sdk/framework/field_data.go and go.mod (mapstructure 2) at v2.3.2", Established,
				func(d *Dialect) { d.FieldErrors = FieldErrorsPlain }},
			{"Builtins", "database redis and valkey", "#1019, helper/builtinplugins/registry.go at v2.3.2", Established,
				added("database", databasePlugins("redis valkey"))},
		},
		gaps: []Gap{
			{What: "namespaces can be made", Source: "vault/logical_system_namespaces.go at v2.3.2",
				Why: "the mock has the root namespace only: all others don't exist"},
		},
	})
}
