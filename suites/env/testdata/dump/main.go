// SPDX-License-Identifier: MPL-2.0

// Command dump is the smallest plugin there can be for the differential test:
// it writes the environment block that the kernel gave it, byte for byte, to
// the file that its only argument names, and ends before any handshake.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: dump FILE")
	}
	block, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return err
	}
	return os.WriteFile(os.Args[1], block, 0o600)
}
