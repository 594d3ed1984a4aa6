// SPDX-License-Identifier: MPL-2.0

package process

import (
	"os"
	"syscall"
)

// identify returns the identity of an open file.
func identify(file *os.File) (identity, bool) {
	info, err := file.Stat()
	if err != nil {
		return identity{}, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, false
	}
	return identity{
		device:   uint64(stat.Dev),
		inode:    stat.Ino,
		size:     stat.Size,
		modified: stat.Mtim.Nano(),
		changed:  stat.Ctim.Nano(),
	}, true
}
