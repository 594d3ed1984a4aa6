// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// CommandLine runs vault commands: a BinaryCommandLine, or one without a binary, as
// suites/vaultcli has it. Implementations may be called by several goroutines.
type CommandLine interface {
	// Run runs one command, without the leading "vault". An error means
	// that it could not be started; a command that fails has an exit code.
	Run(ctx context.Context, args []string, env map[string]string, stdout, stderr io.Writer) (exit int, err error)
	// Unsupported returns why the command line can't do what the capability names,
	// and an empty string if it can. The one capability of a command line is
	// CLIEnvironment: Vault's before 1.15 and OpenBao's lack plugin register -env.
	Unsupported(ctx context.Context, capability Capability) (reason string)
}

// BinaryCommandLine is a real vault or bao.
type BinaryCommandLine struct {
	// Path is the binary's.
	Path string
}

// commandTimeout limits one command of a real binary.
const commandTimeout = 2 * time.Minute

// Run starts the binary with nothing in its environment but what it is given.
func (b BinaryCommandLine) Run(ctx context.Context, args []string, env map[string]string, stdout, stderr io.Writer) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, b.Path, args...)
	command.Env = []string{}
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
		// bao reads its own names first.
		if rest, ok := strings.CutPrefix(name, "VAULT_"); ok {
			command.Env = append(command.Env, "BAO_"+rest+"="+value)
		}
	}
	command.Stdout, command.Stderr = stdout, stderr
	err := command.Run()
	var exited *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exited) && exited.Exited():
		return exited.ExitCode(), nil
	}
	return 0, fmt.Errorf("run %s: %w", b.Path, err)
}

// Unsupported reads the help of plugin register.
func (b BinaryCommandLine) Unsupported(ctx context.Context, capability Capability) string {
	if capability != CLIEnvironment {
		return ""
	}
	var help bytes.Buffer
	if _, err := b.Run(ctx, []string{"plugin", "register", "-h"}, nil, &help, &help); err != nil {
		return err.Error()
	}
	if strings.Contains(help.String(), "-env=") {
		return ""
	}
	return b.Path + " plugin register has no -env"
}
