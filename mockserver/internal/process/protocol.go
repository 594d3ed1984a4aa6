// SPDX-License-Identifier: MPL-2.0

package process

import (
	"github.com/hashicorp/go-plugin"
	olddbplugin "github.com/hashicorp/vault/sdk/database/dbplugin"
	dbplugin "github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/database/dbplugin/v5/proto"
	"github.com/hashicorp/vault/sdk/helper/consts"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"google.golang.org/grpc"
)

// databasePluginName is what database plugins are dispensed by.
const databasePluginName = "database"

// databaseVersions are the protocols of database plugins.
const databaseVersions = "3, 4, 5 and 6"

// protocol is how the server speaks with a kind of plugin.
type protocol struct {
	handshake plugin.HandshakeConfig
	sets      map[int]plugin.PluginSet
	// versions are those that the server speaks with such plugins, in words.
	versions string
	// metadata: the process is only queried and gets no certificate.
	metadata bool
	// attempt: the plugin may be of another kind, so its refusal is not logged as a fault.
	attempt bool
	// autoMTLS: both sides exchange their certificates in the handshake.
	autoMTLS bool
	// around is called for every call of the plugin; nil for nothing.
	around grpc.UnaryClientInterceptor
}

// protocol5 is for backend plugins built since 2022.
func protocol5() protocol {
	return protocol{
		handshake: sdkplugin.HandshakeConfig,
		versions:  "3, 4 and 5",
		sets:      map[int]plugin.PluginSet{5: {sdkplugin.BackendPluginName: &backendPlugin{}}},
		autoMTLS:  true,
	}
}

// protocol4 is for backend plugins before AutoMTLS: protocols 3 and 4, which do
// not differ. They ask the server for their certificate unless they run in
// metadata mode.
func protocol4(metadata bool) protocol {
	set := plugin.PluginSet{
		sdkplugin.BackendPluginName: &backendPlugin{sdkplugin.GRPCBackendPlugin{MetadataMode: metadata}},
	}
	return protocol{
		handshake: sdkplugin.HandshakeConfig,
		versions:  "3, 4 and 5",
		sets:      map[int]plugin.PluginSet{3: set, 4: set},
		metadata:  metadata,
	}
}

// databaseProtocol is for database plugins: protocol 6 is 5 with multiplexing.
// What uses them is the builtin database engine; metadata is for asking the version.
func databaseProtocol(metadata bool) protocol {
	return protocol{
		handshake: dbplugin.HandshakeConfig,
		versions:  databaseVersions,
		sets:      dbplugin.PluginSets,
		metadata:  metadata,
		autoMTLS:  true,
	}
}

// oldDatabaseProtocol is for database plugins before Vault 1.6: protocols 3 and 4, which
// do not differ. They ask the server for their certificate unless they run in metadata
// mode.
func oldDatabaseProtocol(metadata bool) protocol {
	set := plugin.PluginSet{databasePluginName: &olddbplugin.GRPCDatabasePlugin{}}
	return protocol{
		handshake: plugin.HandshakeConfig{
			ProtocolVersion: 4, MagicCookieKey: dbplugin.HandshakeConfig.MagicCookieKey, MagicCookieValue: dbplugin.HandshakeConfig.MagicCookieValue,
		},
		versions: databaseVersions,
		sets:     map[int]plugin.PluginSet{3: set, 4: set},
		metadata: metadata,
	}
}

// currentProtocol returns the protocol that plugins of the entry's type speak today.
func currentProtocol(e Entry) protocol {
	if e.Type == consts.PluginTypeDatabase {
		return databaseProtocol(false)
	}
	return protocol5()
}

// hasOwnDeadline reports whether calls of a method end with the request that they are
// made for.
func hasOwnDeadline(method string) bool {
	switch method {
	case "/pb.Backend/HandleRequest", "/pb.Backend/HandleExistenceCheck",
		proto.Database_Initialize_FullMethodName, proto.Database_NewUser_FullMethodName,
		proto.Database_UpdateUser_FullMethodName, proto.Database_DeleteUser_FullMethodName,
		olddbplugin.Database_Init_FullMethodName, olddbplugin.Database_CreateUser_FullMethodName,
		olddbplugin.Database_RenewUser_FullMethodName, olddbplugin.Database_RevokeUser_FullMethodName,
		olddbplugin.Database_RotateRootCredentials_FullMethodName,
		olddbplugin.Database_GenerateCredentials_FullMethodName, olddbplugin.Database_SetCredentials_FullMethodName:
		return true
	}
	return false
}
