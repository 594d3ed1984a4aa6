// SPDX-License-Identifier: MPL-2.0

package targets_test

import "errors"

// exitCode is what a command that fails with err exits with, 0 for none.
func exitCode(err error) int {
	var coded interface{ ExitCode() int }
	if !errors.As(err, &coded) {
		return 0
	}
	return coded.ExitCode()
}
