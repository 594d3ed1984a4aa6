// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao21 is OpenBao 2.1.1. Nothing in its plugin management differs for
// clients.
func openbao21() *Dialect {
	return openbao20().derive(release{
		name: "openbao-2.1", version: "2.1.1", ground: "sources of v2.1.1, changelog",
		gaps: []Gap{
			{What: "the storage of plugins has pages (ListPage) and transactions", Source: "sdk/plugin/pb/backend.proto at v2.1.1",
				Why: "plugins built with OpenBao's SDK do without where the server has none, as they do on Vault"},
			{What: "plugins from before gRPC (Vault 0.9.4) are refused", Source: "changelog 2.1.0",
				Why: "the mock starts none of them, whatever the dialect"},
		},
	})
}
