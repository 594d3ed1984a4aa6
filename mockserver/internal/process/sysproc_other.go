// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package process

import (
	"crypto/tls"
	"syscall"
)

// sysProcAttr: other systems have no Pdeathsig, so a plugin there survives a
// SIGKILL of the server (it ends with every other way of stopping it). It stays
// in the server's process group, so that whoever kills the group, as terminals
// and most CI runners do, reaches it.
func sysProcAttr() *syscall.SysProcAttr { return nil }

// serverAuth: plugins on other systems may call back over TCP, where everybody
// on the machine could.
const serverAuth = tls.RequireAndVerifyClientCert

func killGroup(int) {}

// socketBase: see the one for Linux.
func socketBase() string { return "" }
