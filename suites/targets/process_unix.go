// SPDX-License-Identifier: MPL-2.0

//go:build unix

package targets

import (
	"os/exec"
	"strconv"
	"syscall"
)

// noServers is why this system can't start servers of its own: nothing.
const noServers = ""

// killGroup ends a program and everything it started.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// guard kills the process group and removes its directory when this process ends
// without having called release, whatever ended it: the parent-death signal
// reaches only the server itself, not the plugins that it started, and only on
// Linux. A machine without a shell goes without.
func guard(group int, directory string) (release func()) {
	cmd := exec.Command("/bin/sh", "-c", `read -r _; kill -9 -"$0"; rm -rf -- "$1"`, strconv.Itoa(group), directory)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return func() {}
	}
	if err := cmd.Start(); err != nil {
		return func() {}
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = pipe.Close()
	}
}
