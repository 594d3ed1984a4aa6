// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/plugproof/plugproof/suites/cli"
	"github.com/plugproof/plugproof/suites/internal/build"
)

// TestMain lets scripts call the program as plugproof.
func TestMain(m *testing.M) {
	testscript.Main(outside{m}, map[string]func(){
		"plugproof": func() { os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// outside runs tests as if no pipeline ran them: they look for what a command writes
// without one.
type outside struct{ *testing.M }

func (o outside) Run() int {
	for _, name := range []string{"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	return o.M.Run()
}

// TestScripts runs the command lines of testdata/*.txtar. In them, 'exits N
// COMMAND' holds a command to its exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	plugins, err := build.Plugins(t.Context(), build.Options{Names: []string{"jwt", "memdb", "passthrough-plugin", "probe", "probe-v4"}})
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		// Scripts run outside of a checkout.
		Setup: func(env *testscript.Env) error {
			env.Setenv("PLUGPROOF_PLUGINS", filepath.Dir(plugins["probe"]))
			env.Setenv("GORACE", os.Getenv("GORACE")) // the gate's
			return nil
		},
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "samerun": samerun, "nosecret": nosecret},
	})
}

// command runs a command line and returns what it wrote to the standard output,
// its exit code, and what it wrote to the standard error.
func command(t *testing.T, args ...string) (stdout string, code int, stderr string) {
	t.Helper()
	return commandIn(t.Context(), args...)
}

func commandIn(ctx context.Context, args ...string) (stdout string, code int, stderr string) {
	var out, errors bytes.Buffer
	code = cli.Main(ctx, args, &out, &errors)
	return out.String(), code, errors.String()
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
