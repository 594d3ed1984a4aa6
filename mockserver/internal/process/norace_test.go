// SPDX-License-Identifier: MPL-2.0

//go:build !race

package process_test

import "os"

// pluginProgram is this test binary.
func pluginProgram(string) (string, error) { return os.Executable() }
