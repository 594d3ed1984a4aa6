// SPDX-License-Identifier: MPL-2.0

// Command memdb-v4 is a database plugin of the protocol before Vault 1.6, built with a
// plugin SDK of 2021: it chooses the passwords of its users itself, serves one connection and
// gets its certificate by unwrapping the token in VAULT_UNWRAP_TOKEN. Its database is a JSON
// file, as that of plugins/memdb.
package main

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/database/dbplugin"
	"google.golang.org/grpc"
)

func main() {
	meta := &api.PluginAPIClientMeta{}
	if err := meta.FlagSet().Parse(os.Args[1:]); err != nil {
		log.Fatalln(err)
	}
	config := dbplugin.ServeConfig(nil, api.VaultPluginTLSProvider(meta.GetTLSConfig()))
	for version := range config.VersionedPlugins {
		config.VersionedPlugins[version] = plugin.PluginSet{"database": &service{}}
	}
	plugin.Serve(config)
}

// service serves the protocol. It stands for dbplugin.GRPCDatabasePlugin, whose interface
// passes messages by value, which go vet refuses.
type service struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements plugin.GRPCPlugin.
func (*service) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error { //nolint:unparam // the interface has it
	dbplugin.RegisterDatabaseServer(s, &database{})
	return nil
}

// GRPCClient implements plugin.GRPCPlugin. The plugin is nobody's client.
func (*service) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, errors.New("a plugin serves only")
}
