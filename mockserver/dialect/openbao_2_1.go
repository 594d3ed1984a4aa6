// SPDX-License-Identifier: MPL-2.0

package dialect

// openbao21 is OpenBao 2.1.1. Nothing in its plugin management differs for
// clients; plugins have transactions.
func openbao21() *Dialect {
	return openbao20().derive(release{
		name: "openbao-2.1", version: "2.1.1", ground: "sources of v2.1.1, changelog",
		changes: []edit{
			{"the storage of plugins has transactions", "sdk/plugin/pb/backend.proto and sdk/plugin/grpc_storage.go at v2.1.1; measured on 2.6.2", Established,
				calls("IsTransactional")},
		},
		gaps: []Gap{
			{What: "plugins from before gRPC (Vault 0.9.4) are refused", Source: "changelog 2.1.0",
				Why: "the mock starts none of them, whatever the dialect"},
		},
	})
}
