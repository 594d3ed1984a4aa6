// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/plugproof/plugproof/suites/cli"
	"github.com/plugproof/plugproof/suites/internal/build"
)

// TestMain runs the tests as if no pipeline ran them: they look for what a command
// writes without one.
func TestMain(m *testing.M) {
	for _, name := range []string{"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	// Tests change the variables of this process that a build needs.
	_, _ = built() // program reports the error
	// Each command would ask Go whether the plugins are up to date, which is much of
	// the work of a short one.
	plugins, err := build.Plugins(context.Background(), build.Options{Names: []string{"jwt", "memdb", "passthrough-plugin", "probe", "probe-v4"}})
	if err == nil {
		err = os.Setenv("PLUGPROOF_PLUGINS", filepath.Dir(plugins["probe"]))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestScripts runs the command lines of testdata/*.txtar. In them, 'exits N
// COMMAND' holds a command to its exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	path := filepath.Dir(program(t))
	testscript.Run(t, testscript.Params{
		// Scripts run outside of a checkout.
		Setup: func(env *testscript.Env) error {
			env.Setenv("PLUGPROOF_PLUGINS", os.Getenv("PLUGPROOF_PLUGINS"))
			env.Setenv("PATH", path+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "samerun": samerun, "nosecret": nosecret},
	})
}

// built is the program that users have, the same for all tests. Commands that start
// servers and plugins are a fraction of the work in it, which has no race detector:
// that watches the packages' own tests.
var built = sync.OnceValues(func() (string, error) { return build.Program(context.Background(), ".", "") })

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// execute runs a command line of the program and returns what it wrote to the
// standard output, its exit code, and what it wrote to the standard error. The end of
// ctx is an interrupt, as of Ctrl-C.
func execute(ctx context.Context, t *testing.T, args ...string) (stdout string, code int, stderr string) {
	t.Helper()
	return executeWith(ctx, t, nil, args...)
}

// executeWith is execute with further variables, NAME=value.
func executeWith(ctx context.Context, t *testing.T, variables []string, args ...string) (stdout string, code int, stderr string) {
	t.Helper()
	var out, failure bytes.Buffer
	cmd := exec.CommandContext(ctx, program(t), args...)
	cmd.Env = append(os.Environ(), variables...)
	cmd.Stdout, cmd.Stderr = &out, &failure
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode(), failure.String()
}

// plugproof is execute for what looks for texts in either output.
func plugproof(ctx context.Context, t *testing.T, args ...string) (string, int) {
	t.Helper()
	stdout, code, stderr := execute(ctx, t, args...)
	return stdout + stderr, code
}

// command runs a command line in this process and returns what execute does.
func command(t *testing.T, args ...string) (stdout string, code int, stderr string) {
	t.Helper()
	return commandIn(t.Context(), args...)
}

// commandIn is command for what ends with ctx.
func commandIn(ctx context.Context, args ...string) (stdout string, code int, stderr string) {
	var out, failure bytes.Buffer
	code = cli.Main(ctx, args, &out, &failure)
	return out.String(), code, failure.String()
}

// write writes a file of the test and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
