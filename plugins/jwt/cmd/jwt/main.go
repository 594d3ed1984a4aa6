// SPDX-License-Identifier: MPL-2.0

// Command jwt serves the JWT auth method to a Vault-compatible server that
// starts it; it is of no use from a shell.
package main

import (
	"log"
	"os"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/plugin"

	"github.com/plugproof/plugproof/plugins/jwt"
)

func main() {
	meta := &api.PluginAPIClientMeta{}
	if err := meta.FlagSet().Parse(os.Args[1:]); err != nil {
		log.Fatalln(err)
	}
	err := plugin.ServeMultiplex(&plugin.ServeOpts{
		BackendFactoryFunc: jwt.Factory,
		// Only servers from before AutoMTLS make use of the provider.
		TLSProviderFunc: api.VaultPluginTLSProvider(meta.GetTLSConfig()),
	})
	if err != nil {
		log.Fatalln(err)
	}
}
