// SPDX-License-Identifier: MPL-2.0

//go:build unix && !linux

package inspect

// noexec is only known on Linux.
func noexec(string) bool { return false }
