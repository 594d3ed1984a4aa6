// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"

	"github.com/plugproof/plugproof/steps"
)

// CommandLine runs command lines of vault's, as vaultcli.CommandLine and
// steps.BinaryCommandLine do. It is used by several goroutines.
type CommandLine interface {
	// Run runs the arguments (without the program's name) with nothing in the
	// environment but env, and returns the exit code. An error means that it could
	// not run.
	Run(ctx context.Context, args []string, env map[string]string, stdout, stderr io.Writer) (exit int, err error)
}

// command runs a cli step with the server's address and token in its
// environment, under the names of both products.
func (s *session) command(ctx context.Context, cli CommandLine, step Step) (Answer, error) {
	home, err := os.MkdirTemp("", "plugproof-home-")
	if err != nil {
		return Answer{}, fmt.Errorf("command line's home: %w", err)
	}
	defer os.RemoveAll(home)
	env := map[string]string{"PATH": os.Getenv("PATH"), "HOME": home}
	maps.Copy(env, steps.CommandLineEnv(s.server))
	for _, product := range []string{"VAULT", "BAO"} {
		env[product+"_ADDR"] = s.server.Address()
		env[product+"_TOKEN"] = s.token
	}
	for k, v := range step.Env {
		env[k] = s.fill(v)
	}
	args := make([]string, len(step.CLI))
	for i := range args {
		args[i] = s.fill(step.CLI[i])
	}
	var stdout, stderr bytes.Buffer
	exit, err := cli.Run(ctx, args, env, &stdout, &stderr)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Exit: &exit, Stdout: stdout.String(), Stderr: stderr.String()}, nil
}

// shell runs a step beside the server, with sh.
func (s *session) shell(ctx context.Context, step Step) error {
	if !s.unshared && s.server.PluginDir() != "" {
		if err := unshare(s.server.PluginDir()); err != nil {
			return err
		}
		s.unshared = true
	}
	out, err := exec.CommandContext(ctx, "sh", "-c", s.fill(step.Shell)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("shell step %q: %w: %s", step.Shell, err, out)
	}
	return nil
}
