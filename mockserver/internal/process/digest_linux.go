// SPDX-License-Identifier: MPL-2.0

package process

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// executable returns a path that leads to the open file, within dir: a symlink to the
// server's descriptor, of the file's own name, which the kernel makes the name of the
// process. It is the file's path where that is not possible.
func (b *binary) executable(dir string) string {
	if b.isScript() {
		return b.path
	}
	link := filepath.Join(dir, filepath.Base(b.path))
	// Of the server, not /proc/self: a process that is being made rearranges its
	// descriptors before it executes the file.
	if err := os.Symlink(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), b.file.Fd()), link); err != nil {
		return b.path
	}
	same, err := os.Stat(link)
	info, infoErr := b.file.Stat()
	if err != nil || infoErr != nil || !os.SameFile(same, info) { // there is no /proc
		return b.path
	}
	return link
}

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
		device:   uint64(stat.Dev), //nolint:unconvert // uint32 on some architectures
		inode:    stat.Ino,
		size:     stat.Size,
		modified: stat.Mtim.Nano(),
		changed:  stat.Ctim.Nano(),
	}, true
}
