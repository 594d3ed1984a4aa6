// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// CommandLine runs a command line of vault's. Implementations are safe for use
// by several goroutines.
type CommandLine interface {
	// Run runs the arguments (without the program's name) with env and gives
	// the exit code and what was written. An error means that it could not run.
	Run(ctx context.Context, args []string, env map[string]string) (exit int, stdout, stderr string, err error)
}

// BinaryCommandLine is the program at this path, run without anything of this
// process's environment but PATH.
type BinaryCommandLine string

// Run implements CommandLine.
func (b BinaryCommandLine) Run(ctx context.Context, args []string, env map[string]string) (int, string, string, error) {
	home, err := os.MkdirTemp("", "plugproof-cli-")
	if err != nil {
		return 0, "", "", fmt.Errorf("command line's home: %w", err)
	}
	defer os.RemoveAll(home)
	cmd := exec.CommandContext(ctx, string(b), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, "", "", fmt.Errorf("command line: %w", err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), nil
}

// command runs a cli step with the server's address and token in its
// environment, under the names of both products.
func (s *session) command(ctx context.Context, cli CommandLine, step Step) (Got, error) {
	env := map[string]string{}
	for _, product := range []string{"VAULT", "BAO"} {
		env[product+"_ADDR"] = s.server.Address()
		env[product+"_TOKEN"] = s.server.Token()
	}
	for k, v := range step.Env {
		env[k] = s.fill(v)
	}
	args := make([]string, len(step.CLI))
	for i := range args {
		args[i] = s.fill(step.CLI[i])
	}
	exit, stdout, stderr, err := cli.Run(ctx, args, env)
	if err != nil {
		return Got{}, err
	}
	return Got{Exit: &exit, Stdout: stdout, Stderr: stderr}, nil
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
