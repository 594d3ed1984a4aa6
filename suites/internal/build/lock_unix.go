// SPDX-License-Identifier: MPL-2.0

//go:build darwin || linux

package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock acquires the lock at path, which one call at a time holds across all
// processes, and waits for it until ctx is done. The lock is released by unlock
// and by the exit of the process.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	locked := make(chan error)
	go func() {
		err := flock(file)
		select {
		case locked <- err:
		case <-ctx.Done():
			file.Close() // flock cannot be cancelled: release what nobody waits for
		}
	}()
	select {
	case err := <-locked:
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return func() { file.Close() }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// flock acquires the lock of an open file, however often a signal interrupts it.
func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
