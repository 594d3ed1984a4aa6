// SPDX-License-Identifier: MPL-2.0

// Command probe-v4 is a small secrets engine built with a plugin SDK of 2021,
// which predates AutoMTLS and multiplexing. It speaks only version 4 of the
// plugin protocol and gets its certificate by unwrapping the token in
// VAULT_UNWRAP_TOKEN. It is a module of its own because a module cannot require
// two versions of the SDK.
package main

import (
	"log"
	"os"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/plugin"
)

func main() {
	meta := &api.PluginAPIClientMeta{}
	if err := meta.FlagSet().Parse(os.Args[1:]); err != nil {
		log.Fatalln(err)
	}
	err := plugin.Serve(&plugin.ServeOpts{
		BackendFactoryFunc: factory,
		TLSProviderFunc:    api.VaultPluginTLSProvider(meta.GetTLSConfig()),
	})
	if err != nil {
		log.Fatalln(err)
	}
}
