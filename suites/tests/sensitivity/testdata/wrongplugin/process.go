// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// processDefects are those of the process and of what it leaves behind.
func processDefects() map[string]defect {
	return map[string]defect{
		"lingering-child": {process: func() error {
			if len(os.Args) > 1 {
				time.Sleep(15 * time.Second)
				os.Exit(0)
			}
			child := exec.Command(os.Args[0], "child")
			child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			return child.Start()
		}},
	}
}
