// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao22 is OpenBao 2.2.2.
func openbao22() *Dialect {
	return openbao21().derive(release{
		name: "openbao-2.2", version: "2.2.2", ground: "sources of v2.2.2",
		changes: []Change{
			{"HandshakeHint", "a plugin that ends without a word is said to have written no line", "go.mod at v2.2.2: go-plugin 1.6.3", Established,
				func(d *Dialect) { d.HandshakeHint = true }},
			{"MoreCapabilities", "policies may grant scan", "vault/policy.go at v2.2.2", Established,
				func(d *Dialect) { d.MoreCapabilities = []string{"scan"} }},
			{"Scan", "the method SCAN and ?scan=true list all levels", "http/logical.go at v2.2.2", Established,
				func(d *Dialect) { d.Scan = true }},
			{"MorePolicyKeys", "policies may hold pagination_limit", "vault/policy.go at v2.2.2", Established,
				func(d *Dialect) { d.MorePolicyKeys = append(d.MorePolicyKeys, "pagination_limit") }},
		},
	})
}
