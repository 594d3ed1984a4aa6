// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Process reads the environment with which the process pid was started, from
// /proc. It needs to run as the same user or as root.
func Process(pid int) (Environment, error) {
	return processIn("/proc", pid)
}

func processIn(proc string, pid int) (Environment, error) {
	if pid <= 0 {
		return Environment{}, fmt.Errorf("%w: %d is no process id", ErrInput, pid)
	}
	if _, err := os.Stat(filepath.Join(proc, "self")); err != nil {
		return Environment{}, fmt.Errorf("reading another process's environment needs /proc, which only Linux has: %w", err)
	}
	block, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(pid), "environ"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Environment{}, fmt.Errorf("there is no process %d: %w", pid, err)
	case errors.Is(err, fs.ErrPermission):
		return Environment{}, fmt.Errorf("the environment of process %d belongs to another user; run this as that user or as root: %w", pid, err)
	case err != nil:
		return Environment{}, fmt.Errorf("reading the environment of process %d: %w", pid, err)
	}
	vars := make(set)
	for entry := range strings.SplitSeq(string(block), "\x00") {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		// Of a repeated name a Go program sees the first.
		if _, seen := vars[name]; !seen {
			vars.known(name, value)
		}
	}
	return Environment{
		Source:    fmt.Sprintf("process %d", pid),
		Variables: vars.sorted(),
		Notes: []string{
			"This is the environment the process was started with; what it set itself later (Vault sets GODEBUG) is not in it.",
		},
	}, nil
}
