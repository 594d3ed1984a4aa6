// SPDX-License-Identifier: MPL-2.0

//go:build race

package sensitivity_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// TestMain makes way for the same tests in a build without the race detector, with what
// has to fail only. With it, a server takes three times as long. It watches the mock and
// the steps elsewhere: in suites/tests/live many requests at once, in suites/targets and
// suites/cli requirements of every area side by side.
func TestMain(m *testing.M) {
	if testing.CoverMode() != "" { // what was asked for is about this build
		os.Exit(m.Run())
	}
	program, err := build.Tests(context.Background(), "suites/tests/sensitivity")
	if err == nil {
		env := os.Environ()
		if os.Getenv(sensitivityVariable) == "" {
			env = append(env, sensitivityVariable+"=named")
		}
		err = syscall.Exec(program, os.Args, env)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
