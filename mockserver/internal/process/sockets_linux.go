// SPDX-License-Identifier: MPL-2.0

package process

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const bsdSocketDifference = 0

// tellsAbandoned: lockFile distinguishes a directory in use from one of a server that is gone.
const tellsAbandoned = true

// lockFile locks a file until it is closed; the error says that another process has.
func lockFile(file *os.File) error {
	return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) //nolint:gosec // a descriptor
}

// shortBase returns a directory with a short path for sockets, instead of one whose
// path is too long.
func shortBase(string) string {
	if unix.Access(memoryDir, unix.W_OK|unix.X_OK) == nil {
		return memoryDir
	}
	return "/tmp"
}

// processLives reports whether there is a process with that id.
func processLives(pid int) bool { return unix.Kill(pid, 0) != unix.ESRCH }

// ownedByUser reports whether a file belongs to the user of this process.
func ownedByUser(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// openSockets returns the paths of the Unix sockets that processes have open. known
// is false if the kernel does not say.
func openSockets() (open map[string]bool, known bool) {
	raw, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil, false
	}
	open = map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		// Num RefCount Protocol Flags Type St Inode Path
		if at := strings.IndexByte(line, '/'); at >= 0 {
			open[strings.TrimSuffix(line[at:], "\n")] = true
		}
	}
	return open, true
}
