// SPDX-License-Identifier: MPL-2.0

package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// idleGroup reports whether there was a moment just now at which every thread of a process
// group slept: each is asleep when it is looked at first, and was not switched to until it
// is looked at again, after all others.
func idleGroup(group int) (bool, error) {
	before, asleep, err := threads(group)
	if err != nil || !asleep {
		return false, err
	}
	after, asleep, err := threads(group)
	return asleep && maps.Equal(before, after), err
}

// threads returns how often each thread of a process group was switched to, and whether
// all of them sleep.
//
// Source: proc_pid_stat(5), proc_pid_status(5).
func threads(group int) (switches map[string]string, asleep bool, err error) {
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, false, err
	}
	switches, asleep = make(map[string]string), true
	for _, stat := range processes {
		if !inGroup(stat, group) {
			continue
		}
		statuses, err := filepath.Glob(filepath.Join(filepath.Dir(stat), "task/*/status"))
		if err != nil {
			return nil, false, err
		}
		for _, path := range statuses {
			status, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
				asleep = false // it ended, which somebody else may wait for
				continue
			}
			if err != nil {
				return nil, false, err
			}
			state, switched := readStatus(string(status))
			if switched == "" {
				return nil, false, fmt.Errorf("%s does not count switches: %w", path, ErrUnknownLog)
			}
			switches[path] = switched
			asleep = asleep && (state == "S" || state == "Z")
		}
	}
	return switches, asleep && len(switches) > 0, nil
}

// inGroup reports whether the process of a stat file is in a process group.
func inGroup(path string, group int) bool {
	stat, err := os.ReadFile(path)
	if err != nil {
		return false // it ended
	}
	// The name before may have blanks and parentheses.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return len(fields) > 2 && fields[2] == strconv.Itoa(group)
}

// readStatus returns the state of a thread, and how often it was switched to.
func readStatus(status string) (state, switched string) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); name {
		case "State":
			state, _, _ = strings.Cut(value, " ")
		case "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches":
			switched += value + " "
		}
	}
	return state, switched
}
