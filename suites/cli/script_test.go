// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"errors"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits is the script command 'exits N COMMAND ARGS…'.
func exits(script *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		script.Fatalf("usage: exits CODE COMMAND [ARGS…]")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		script.Fatalf("exits %s: %v", args[0], err)
	}
	code := 0
	if err := script.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			script.Fatalf("%v", err)
		}
		code = ended.ExitCode()
	}
	if code != want {
		script.Fatalf("exit code %d, want %d", code, want)
	}
}
