// SPDX-License-Identifier: MPL-2.0

package environ

import "strconv"

// ServerInfo is what a server tells a plugin about itself, in environment variables.
type ServerInfo struct {
	// Prefixes are VAULT_, and in OpenBao BAO_ beside it: each variable is set
	// once under each.
	Prefixes []string
	// Version is the server's, without a leading v.
	Version string
	// Metadata: the process is started only to be asked for type and version.
	Metadata bool
	// AutoMTLS: go-plugin gives both sides their certificates.
	AutoMTLS bool
	// Mlock: the server locks its memory and the plugin shall too.
	Mlock bool
	// UnwrapToken is for plugins without AutoMTLS, outside metadata mode; empty
	// means none.
	UnwrapToken string
}

// Entries returns the layer Server of an Input. Names and order are those of
// vault/sdk helper/pluginutil (env.go, run_config.go).
func (o ServerInfo) Entries() []string {
	var env []string
	set := func(name, value string) {
		for _, prefix := range o.Prefixes {
			env = append(env, prefix+name+"="+value)
		}
	}
	if o.Mlock {
		set("PLUGIN_MLOCK_ENABLED", "true")
	}
	set("VERSION", o.Version)
	set("PLUGIN_METADATA_MODE", strconv.FormatBool(o.Metadata))
	set("PLUGIN_AUTOMTLS_ENABLED", strconv.FormatBool(o.AutoMTLS))
	if o.UnwrapToken != "" {
		set("UNWRAP_TOKEN", o.UnwrapToken)
	}
	return env
}
