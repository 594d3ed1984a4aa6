// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/tls"
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysProcAttr makes a plugin die with the server, see forker, and gives it a
// process group of its own, so that what it started can be killed with it and
// Ctrl-C in the server's terminal reaches only the server, which then ends its
// plugins in order. The kernel drops Pdeathsig for binaries that are setuid or
// have file capabilities (setcap cap_ipc_lock for mlock): such plugins survive
// a SIGKILL of the server.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// serverAuth is whether a plugin that calls back must show its certificate.
// Checking its signature is what costs most of a further mount, and it protects
// nothing here: the socket that it comes through lies in a directory that
// go-plugin made with mode 0700, so who can connect is this user, who can read
// the server's memory as well.
const serverAuth = tls.NoClientCert

// socketBase is where the directory for a Pool's sockets is made; "" is the system's directory for temporary files. Each mount needs a
// socket of its own, which takes 1 ms on a disk and 0.03 ms in memory. Who sets
// TMPDIR gets what was asked for.
func socketBase() string {
	if os.Getenv("TMPDIR") != "" || unix.Access(memoryDir, unix.W_OK|unix.X_OK) != nil {
		return ""
	}
	return memoryDir
}

// memoryDir is a file system in memory.
const memoryDir = "/dev/shm"

// killGroup waits until the process has ended and kills what is left of its
// group before it is reaped: until then its id can't belong to another group.
func killGroup(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	// ESRCH is the usual answer: nothing was left.
	_ = unix.Kill(-pid, unix.SIGKILL)
}
