// SPDX-License-Identifier: MPL-2.0

package inspect

import "golang.org/x/sys/unix"

// noexec reports whether the file system of path is mounted so.
func noexec(path string) bool {
	var stat unix.Statfs_t
	return unix.Statfs(path, &stat) == nil && stat.Flags&unix.ST_NOEXEC != 0
}
