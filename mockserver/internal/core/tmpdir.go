// SPDX-License-Identifier: MPL-2.0

package core

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
)

// variableTmpdir names the directory for the sockets of plugins in containers; it wins
// over the server's configuration.
const variableTmpdir = "VAULT_PLUGIN_TMPDIR="

// pluginTmpdir returns that directory as an absolute path; empty for none. Nothing looks
// whether it is there before a plugin is started.
//
// Source: command/server.go and vault/core.go of Vault 1.16; changelog 1.16.0 #24978 for
// the variable before.
func pluginTmpdir(o Options) (string, error) {
	if !o.Dialect.Catalog.Images {
		return "", nil
	}
	named := ""
	for _, entry := range o.Environ() {
		if value, ok := strings.CutPrefix(entry, variableTmpdir); ok {
			named = value
		}
	}
	dir := cmp.Or(named, o.PluginTmpdir)
	if dir == "" {
		return "", nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("core setup failed, could not verify plugin tmpdir: %w", err)
	}
	o.Logger.Debug("plugin temporary directory configured", "tmpdir", abs)
	return abs, nil
}
