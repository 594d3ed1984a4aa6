// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package process

import "os"

const bsdSocketDifference = 4

// tellsAbandoned: directories of servers that were killed stay.
const tellsAbandoned = false

// lockFile locks nothing.
func lockFile(*os.File) error { return nil }

// shortBase: see the one for Linux.
func shortBase(string) string { return "/tmp" }

// processLives: nothing is removed before its age says so.
func processLives(int) bool { return true }

// ownedByUser and openSockets: sockets of plugins that were killed stay.
func ownedByUser(os.FileInfo) bool { return false }

func openSockets() (open map[string]bool, known bool) { return nil, false }
