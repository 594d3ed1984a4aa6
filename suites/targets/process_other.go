// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package targets

import (
	"runtime"
	"syscall"
)

// noServers is why this system can't start servers of its own: a server that
// crashes would leave its plugins running.
const noServers = runtime.GOOS + " has no process groups, with which a server is ended together with its plugins"

// Nothing that follows is called: targets that would are refused when they are
// named.

func groupAttr() *syscall.SysProcAttr { return nil }

func killGroup(int) {}

func guard(int, string) (release func()) { return func() {} }
