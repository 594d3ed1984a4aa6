// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package process

// idleGroup is not known without /proc.
func idleGroup(int) (bool, error) { return false, ErrUnknownLog }
