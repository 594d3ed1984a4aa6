// SPDX-License-Identifier: MPL-2.0

//go:build unix

package memdb

import (
	"os"
	"syscall"
)

// lock keeps other processes from the file until unlock is called.
func lock(path string) (unlock func(), err error) {
	guard, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil {
		_ = guard.Close()
		return nil, err
	}
	return func() { _ = guard.Close() }, nil // which ends the lock
}
