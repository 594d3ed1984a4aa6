// SPDX-License-Identifier: MPL-2.0

//go:build unix && !linux

package targets

import "syscall"

// groupAttr puts a program into a process group of its own, so that it can be
// ended with everything it started.
func groupAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
