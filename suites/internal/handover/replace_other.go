// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package handover

import "syscall"

// replace is not possible where a process can't execute another program.
func replace(string, []string) error { return syscall.ENOSYS }
