// SPDX-License-Identifier: MPL-2.0

// Command passthrough-plugin serves the passthrough secrets engine as a Vault
// plugin. It is started by the server, not from a shell.
package main

import (
	"log"
	"os"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/plugin"

	"github.com/plugproof/plugproof/plugins/passthrough"
)

func main() {
	meta := &api.PluginAPIClientMeta{}
	if err := meta.FlagSet().Parse(os.Args[1:]); err != nil {
		log.Fatalln(err)
	}
	err := plugin.ServeMultiplex(&plugin.ServeOpts{
		BackendFactoryFunc: passthrough.Factory,
		// Used only by servers that predate AutoMTLS.
		TLSProviderFunc: api.VaultPluginTLSProvider(meta.GetTLSConfig()),
	})
	if err != nil {
		log.Fatalln(err)
	}
}
