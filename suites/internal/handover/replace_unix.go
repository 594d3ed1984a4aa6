// SPDX-License-Identifier: MPL-2.0

//go:build unix

package handover

import (
	"os"
	"syscall"
)

// replace executes a program in this process. It returns only if that fails.
func replace(program string, args []string) error { return syscall.Exec(program, args, os.Environ()) }
