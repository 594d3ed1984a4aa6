// SPDX-License-Identifier: MPL-2.0

//go:build unix

package fileperm

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner returns an error if a file is not the user's, who is the one of this
// process for 0.
func checkOwner(info fs.FileInfo, path string, uid int) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case uid == 0 && (!ok || int(stat.Uid) != os.Getuid()):
		return fmt.Errorf("path %q is not owned by my uid %d", path, os.Getuid())
	case uid != 0 && (!ok || int(stat.Uid) != uid):
		return fmt.Errorf("path %q is not owned by uid %d", path, uid)
	}
	return nil
}
