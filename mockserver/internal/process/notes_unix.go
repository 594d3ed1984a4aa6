// SPDX-License-Identifier: MPL-2.0

//go:build !windows

package process

import (
	"debug/elf"
	"debug/macho"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// diagnosticNotes says of a plugin that did not start what may be the reason, in the
// words of go-plugin, which doesn't export them: servers return them to the
// caller. They begin with an empty line.
func diagnosticNotes(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nAdditional notes about plugin:\n  Path: %s\n  Mode: %s\n", path, info.Mode())
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		uid, gid := os.Getuid(), os.Getgid()
		fmt.Fprintf(&b, "  Owner: %d [%s] (current: %d [%s])\n",
			stat.Uid, userName(int(stat.Uid)), uid, userName(uid))
		fmt.Fprintf(&b, "  Group: %d [%s] (current: %d [%s])\n",
			stat.Gid, groupName(int(stat.Gid)), gid, groupName(gid))
	}
	if file, err := elf.Open(path); err == nil {
		defer file.Close()
		fmt.Fprintf(&b, "  ELF architecture: %s (current architecture: %s)\n", file.Machine, runtime.GOARCH)
	} else if file, err := macho.Open(path); err == nil {
		defer file.Close()
		fmt.Fprintf(&b, "  MachO architecture: %s (current architecture: %s)\n", file.Cpu, runtime.GOARCH)
	}
	return b.String()
}

func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return "?"
}

func groupName(id int) string {
	if g, err := user.LookupGroupId(strconv.Itoa(id)); err == nil {
		return g.Name
	}
	return "?"
}
