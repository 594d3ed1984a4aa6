// SPDX-License-Identifier: MPL-2.0

package dialect

// vault120 is Vault 1.20.0.
func vault120() *Dialect {
	return vault119().derive(release{
		name: "vault-1.20", version: "1.20.0", ground: "sources of v1.20.0, changelog",
		changes: []edit{
			{"configuration: a key that stands twice is warned of", "command/server/config.go and command/server.go at v1.20.4", Established,
				func(d *Dialect) { d.Configuration.Duplicates = DuplicatesWarned }},
			{"configuration: there are observations, allow_audit_log_prefixing and remove_irrevocable_lease_after", "command/server/config.go at v1.20.4", Established,
				knows("allow_audit_log_prefixing observations remove_irrevocable_lease_after", "")},
			{"configuration: listeners have limits for JSON", "internalshared/configutil/listener.go at v1.20.4", Established,
				knowsListener("max_json_array_element_count max_json_depth max_json_object_entry_count max_json_string_value_length")},
			{"plugins may record observations", "vault/sdk 0.17.0", Established,
				calls("Observations")},
			{"a version without sha256 registers an extracted artifact: the directory NAME_VERSION_OS_ARCH", "changelog 1.19.5 #30673, vault/plugincatalog at v1.20.0", Established,
				func(d *Dialect) { d.Catalog.Artifacts = true }},
			{"a registration needs a sha256 or a version", "vault/logical_system.go at v1.20.0", Established,
				func(d *Dialect) {
					d.Catalog.MissingHash = "must provide at least one of sha256 or version: use sha256 for binary registration (version optional) or version only for artifact registration"
				}},
			{"the refusal of commands outside of the plugin directory names the directories", "vault/plugincatalog/plugin_catalog.go at v1.20.0", Established,
				func(d *Dialect) { d.Catalog.OutsideNamesDirectory = true }},
			{"errors about fields of a wrong type no longer repeat the whole input", "changelog 1.19.3 #30388, vault/sdk 0.17.0", Established,
				func(d *Dialect) { d.Requests.FieldErrors = FieldErrorsWithValue }},
			{"builtin plugins in newer versions", "go.mod at v1.20.0", Established, plugins(
				"alicloud=0.21.0 azure=0.21.1 cf=0.21.0 gcp=0.21.0 jwt=0.24.1 kerberos=0.15.0 kubernetes=0.22.2 oci=0.19.0",
				"couchbase=0.14.0 elasticsearch=0.18.0 mongodbatlas=0.15.0 redis=0.6.0 redis-elasticache=0.7.0 snowflake=0.14.1",
				"ad=0.21.0 alicloud=0.20.0 azure=0.22.0 gcp=0.22.0 gcpkms=0.21.0 kubernetes=0.11.0 kv=0.24.0 "+
					"mongodbatlas=0.15.0 openldap=0.16.0 terraform=0.12.0")},
		},
		gaps: []Gap{
			{What: "official plugins are downloaded (beta)", Source: "changelog 1.20.0 #30986",
				Why: "Enterprise only, from HashiCorp's own site: community servers refuse the field download from 1.21 on, and so does the mock; an artifact that was extracted is registered"},
			{What: "whether what registers an artifact compares its metadata with the registration", Source: "vault/plugincatalog/plugin_artifact.go in two versions, neither of which compares more than signatures",
				Why: "what calls it could not be read: the mock, like the verification itself, looks at name and version in the directory's name and at the signatures only"},
		},
	})
}
