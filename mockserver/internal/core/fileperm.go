// SPDX-License-Identifier: MPL-2.0

package core

import (
	"errors"
	"path/filepath"

	"github.com/plugproof/plugproof/mockserver/fileperm"
)

// CheckPluginFile returns what is wrong with owner and permissions of the plugin
// directory or of a file in it, where the server's environment asks for that.
//
// Source: CheckPluginPerms in vault/core.go of Vault and OpenBao.
func (c *Core) CheckPluginFile(command string) error {
	enabled, err := fileperm.Enabled(c.hostEnviron(), c.dialect.Processes.OwnVariables)
	if err != nil {
		return errors.New(c.dialect.Catalog.CheckUnparsed)
	}
	if !enabled || c.pluginDir == "" {
		return nil
	}
	if err := c.pluginFiles.Check(c.pluginDir); err != nil {
		return err
	}
	return c.pluginFiles.Check(filepath.Join(c.pluginDir, command))
}
