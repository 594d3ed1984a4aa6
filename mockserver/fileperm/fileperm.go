// SPDX-License-Identifier: MPL-2.0

// Package fileperm is the check of owner and permissions that servers make of plugin
// files where VAULT_ENABLE_FILE_PERMISSIONS_CHECK is on.
//
// Source: helper/osutil/fileinfo.go and CheckPluginPerms in vault/core.go of Vault and OpenBao.
package fileperm

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// variable follows the prefix of the server's own variables.
const variable = "ENABLE_FILE_PERMISSIONS_CHECK"

// othersWrite are the permissions that let others than the owner write.
const othersWrite = 0o022

// Rule is what a file must be like: plugin_file_uid and plugin_file_permissions.
type Rule struct {
	// UID is the owner; 0 for the user of the server.
	UID int
	// Mode are the permissions; 0 for any that let only the owner write.
	Mode int
}

// Enabled reports whether the environment of a server turns the check on. prefixes are
// those of the server's own variables, of which the first that is set counts.
func Enabled(environ, prefixes []string) (bool, error) {
	for _, prefix := range prefixes {
		for _, entry := range environ {
			if value, ok := strings.CutPrefix(entry, prefix+variable+"="); ok && value != "" {
				return strconv.ParseBool(value)
			}
		}
	}
	return false, nil
}

// Check returns what is wrong with a file, in the words of the servers.
func (r Rule) Check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("error stating %q: %w", path, err)
	}
	if err := checkOwner(info, path, r.UID); err != nil {
		return err
	}
	return r.checkMode(info.Mode().Perm(), path)
}

func (r Rule) checkMode(mode fs.FileMode, path string) error {
	switch {
	case r.Mode != 0 && int(mode) != r.Mode:
		return fmt.Errorf("path %q does not have permissions %o", path, r.Mode)
	case r.Mode == 0 && mode&othersWrite != 0:
		return fmt.Errorf("path %q has insecure permissions %o. Vault expects no write permissions for group or others", path, mode)
	}
	return nil
}
