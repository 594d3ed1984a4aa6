// SPDX-License-Identifier: MPL-2.0

package dialect

// vault121 is Vault 1.21.0, the newest Vault whose sources were read.
func vault121() *Dialect {
	return vault120().derive(release{
		name: "vault-1.21", version: "1.21.0", ground: "sources of v1.21.0",
		changes: []edit{
			{"configuration: a key may not stand twice, unless VAULT_ALLOW_PENDING_REMOVAL_DUPLICATE_HCL_ATTRIBUTES=true", "helper/random/parser.go at v1.21.1", Established,
				func(d *Dialect) { d.Configuration.Duplicates = DuplicatesRefused }},
			{"configuration: there is reporting_scan_directory", "command/server/config.go at v1.21.1", Established,
				knows("reporting_scan_directory", "")},
			{"configuration: listeners have max_json_token", "internalshared/configutil/listener.go at v1.21.1", Established,
				knowsListener("max_json_token")},
			{"a request's JSON has limits (max_json_…), and one that breaks off or goes on is a 500 with the cause",
				"http/util.go at v1.21.0, sdk/helper/jsonutil 0.20.0; defaults in http/handler.go", Established,
				func(d *Dialect) {
					d.Requests.JSONLimits = JSONLimits{
						MaxDepth: 300, MaxStringValueLength: 1 << 20, MaxObjectEntryCount: 10_000, MaxArrayElementCount: 10_000, MaxTokens: 500_000,
					}
				}},
			{"lists of kv version 2 can leave out deleted keys: exclude_deleted", "vault-plugin-secrets-kv 0.25.0 beside 0.24.1", Established,
				func(d *Dialect) { d.KV.ExcludesDeleted = true }},
			{"plugins may ask when a job rotates, which community servers refuse", "vault/sdk 0.20.0 beside 0.18.0", Established,
				calls("GetRotationInformation")},
			{"metadata of kv version 2 says who made and deleted a version", "vault-plugin-secrets-kv 0.25.0 beside 0.24.0", Established,
				func(d *Dialect) { d.KV.Attribution = true }},
			{"registration has the field download, which community servers refuse", "vault/logical_system.go at v1.21.0", Established,
				func(d *Dialect) { d.Catalog.DownloadRefused = true }},
			{"registration without sha256 needs no command, and warns that one is ignored", "#30811, vault/logical_system.go at v1.21.0", Established,
				func(d *Dialect) { d.Catalog.ArtifactsNeedNoCommand = true }},
			{"builtin plugins in newer versions", "go.mod at v1.21.0", Established, plugins(
				"alicloud=0.22.0 azure=0.22.0 cf=0.22.0 gcp=0.22.0 jwt=0.25.0 kerberos=0.16.0 kubernetes=0.23.0 oci=0.20.0",
				"couchbase=0.15.0 elasticsearch=0.19.0 mongodbatlas=0.16.0 redis=0.7.0 redis-elasticache=0.8.0 snowflake=0.15.0",
				"alicloud=0.21.0 azure=0.23.0 gcp=0.23.0 gcpkms=0.22.0 kubernetes=0.12.0 kv=0.25.0 "+
					"mongodbatlas=0.16.0 openldap=0.17.0 terraform=0.13.0")},
		},
		gaps: []Gap{
			{What: "requests that recover from a snapshot: the method RECOVER and its headers", Source: "http/logical.go at v1.21.0",
				Why: "the mock has no snapshots"},
		},
	})
}
