// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"io"
	"log"
	"strconv"
	"syscall"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// signalZero tells with syscall.ESRCH that a process is gone.
func signalZero(pid string) error {
	number, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	return syscall.Kill(number, 0)
}
