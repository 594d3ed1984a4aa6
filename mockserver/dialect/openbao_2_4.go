// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao24 is OpenBao 2.4.4.
func openbao24() *Dialect {
	return openbao23().derive(release{
		name: "openbao-2.4", version: "2.4.4", ground: "sources of v2.4.4",
		changes: []edit{
			{"configuration: there are audit and initialize", "command/server/config.go at v2.4.4", Established,
				knows("audit initialize", "")},
			{"configuration: listeners have max_request_json_memory and max_request_json_strings", "internalshared/configutil/listener.go at v2.4.4", Established,
				knowsListener("max_request_json_memory max_request_json_strings")},
			{"the metadata of kv version 2 has versions and check-and-set, and each change its time", "builtin/logical/kv at v2.4.4", Established,
				func(d *Dialect) { d.KV.MetadataVersions = true }},
			{"errors about fields of a wrong type repeat nothing", "go.mod at v2.4.4: mapstructure 2.4.0", Established,
				func(d *Dialect) { d.Requests.FieldErrors = FieldErrorsPlain }},
			{"the namespace header may say root", "Canonicalize in helper/namespace/namespace.go at v2.4.4; measured on 2.3.2 and 2.5.5", Established,
				func(d *Dialect) { d.Namespaces.RootNamed = true }},
			{"policies filter the keys of lists: list_scan_response_keys_filter_path", "vault/policy.go, vault/request_handling_list_filtering.go at v2.4.4", Established,
				func(d *Dialect) {
					d.Policies.MoreKeys = append(d.Policies.MoreKeys, "list_scan_response_keys_filter_path")
				}},
			{"sys/internal/ui/namespaces leaves out what the token's policies say nothing of", "vault/logical_system.go at v2.4.4, beside vault/logical_system_helpers.go at v2.3.2; measured on 2.3.2", Established,
				func(d *Dialect) { d.Namespaces.VisibleToAll = false }},
			{"keys are rotated below sys/rotate/", "vault/logical_system_rotate.go at v2.4.4", Established,
				func(d *Dialect) { d.State.RotatesByKey = true }},
			{"a request's JSON may hold 1,000 strings, keys included", "changelog 2.4.1 #1756, http/json.go at v2.4.4; measured on 2.5.5", Established,
				func(d *Dialect) { d.Requests.JSONStrings = 1000 }},
		},
		gaps: []Gap{
			{What: "the limit of the memory that a request's JSON would take (max_request_json_memory)", Source: "changelog 2.4.1 #1756",
				Why: "only bodies of megabytes come near it"},
		},
	})
}
