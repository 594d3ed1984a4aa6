// SPDX-License-Identifier: MPL-2.0

package process

import (
	"github.com/hashicorp/go-plugin"
	dbplugin "github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
)

// style is a way of speaking with plugins.
type style struct {
	handshake plugin.HandshakeConfig
	sets      map[int]plugin.PluginSet
	// metadata: the process is only asked what it is and gets no certificate.
	metadata bool
	// autoMTLS: go-plugin gives both sides their certificates.
	autoMTLS bool
}

// current is the style of backend plugins built since 2022: protocol 5.
func current() style {
	return style{
		handshake: sdkplugin.HandshakeConfig,
		sets:      sdkplugin.PluginSet,
		autoMTLS:  true,
	}
}

// old is the style of backend plugins before AutoMTLS: protocols 3 and 4, which
// don't differ. They ask the server for their certificate unless they run in
// metadata mode.
func old(metadata bool) style {
	set := plugin.PluginSet{
		sdkplugin.BackendPluginName: &sdkplugin.GRPCBackendPlugin{MetadataMode: metadata},
	}
	return style{
		handshake: sdkplugin.HandshakeConfig,
		sets:      map[int]plugin.PluginSet{3: set, 4: set},
		metadata:  metadata,
	}
}

// database is the style of database plugins, which are only ever asked for
// their version here: what mounts them is the builtin database engine.
func database() style {
	return style{
		handshake: dbplugin.HandshakeConfig,
		sets:      dbplugin.PluginSets,
		metadata:  true,
		autoMTLS:  true,
	}
}
