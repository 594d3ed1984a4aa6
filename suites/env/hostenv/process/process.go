// SPDX-License-Identifier: MPL-2.0

// Package process reads the environment of a running process from /proc
// (proc_pid_environ(5)).
package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// Read reads the environment with which the process pid was started. It needs to
// run as the same user or as root.
func Read(pid int) (hostenv.Environment, error) { return readIn("/proc", pid) }

func readIn(proc string, pid int) (hostenv.Environment, error) {
	if pid <= 0 {
		return hostenv.Environment{}, fmt.Errorf("%w: %d is not a process id", hostenv.ErrInput, pid)
	}
	if _, err := os.Stat(filepath.Join(proc, "self")); err != nil {
		return hostenv.Environment{}, fmt.Errorf("reading another process's environment needs /proc, which only Linux has: %w", err)
	}
	name := filepath.Join(proc, strconv.Itoa(pid), "environ")
	block, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hostenv.Environment{}, fmt.Errorf("there is no process %d: %w", pid, err)
	case errors.Is(err, fs.ErrPermission):
		return hostenv.Environment{}, fmt.Errorf("the environment of process %d belongs to another user; run this as that user or as root: %w", pid, err)
	case err != nil:
		return hostenv.Environment{}, fmt.Errorf("reading the environment of process %d: %w", pid, err)
	}
	e := Environ(name, string(block))
	e.Source = fmt.Sprintf("process %d", pid)
	return e, nil
}

// Environ reads the block that /proc/PID/environ has: entries that end with NUL.
func Environ(source, block string) hostenv.Environment {
	vars := make(hostenv.Set)
	for entry := range strings.SplitSeq(block, "\x00") {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			continue
		}
		// Of a repeated name a Go program sees the first.
		if _, seen := vars[name]; !seen {
			vars.Known(name, value, hostenv.Place{File: source})
		}
	}
	e := hostenv.Environment{
		Source: source, Variables: vars.Sorted(), Read: []string{source},
		Notes: []string{"This is the environment the process was started with; what it set itself later (Vault sets GODEBUG) is not in it."},
	}
	// proc(5): zombies and kernel threads have an empty one too.
	if len(e.Variables) == 0 {
		e.Remarks = append(e.Remarks, hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "environ-empty", Place: hostenv.Place{File: source},
			Message: "No variable can be seen, as of a process that has ended, a kernel thread, or one that overwrote its environment.",
			Remedy:  "Make sure that it is the server's process and that it runs.",
		})
	}
	return e
}
