// SPDX-License-Identifier: MPL-2.0

package targets

import "syscall"

// groupAttr puts a program into a process group of its own, so that it can be
// ended with everything it started, and has it killed when its starter dies.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
