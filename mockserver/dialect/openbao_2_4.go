// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao24 is OpenBao 2.4.4.
func openbao24() *Dialect {
	return openbao23().derive(release{
		name: "openbao-2.4", version: "2.4.4", ground: "sources of v2.4.4",
		changes: []Change{
			{"MorePolicyKeys", "policies may hold list_scan_response_keys_filter_path", "vault/policy.go at v2.4.4", Established,
				func(d *Dialect) { d.MorePolicyKeys = append(d.MorePolicyKeys, "list_scan_response_keys_filter_path") }},
			{"JSONStrings", "a request's JSON may hold 1,000 strings, keys included", "changelog 2.4.1 #1756, http/json.go at v2.4.4; measured on 2.5.5", Established,
				func(d *Dialect) { d.JSONStrings = 1000 }},
		},
		gaps: []Gap{
			{What: "the limit of the memory that a request's JSON would take (max_request_json_memory)", Source: "changelog 2.4.1 #1756",
				Why: "only bodies of megabytes come near it"},
		},
	})
}
