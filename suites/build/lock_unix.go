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

// lock waits until no other call, in this process or another, builds into the
// directory of path. The lock goes with the process that holds it.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(file) }()
	select {
	case err := <-locked:
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return func() { file.Close() }, nil
	case <-ctx.Done():
		// Whoever holds the lock ends some day; what we then get is given back.
		go func() {
			<-locked
			file.Close()
		}()
		return nil, ctx.Err()
	}
}

func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
