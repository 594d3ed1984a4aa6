// SPDX-License-Identifier: MPL-2.0

package env

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// Command is the command `env` with its subcommands explain and lint. Errors
// that it returns have a method ExitCode() int where the code is not plain
// failure: 1 when something was found, 2 for wrong input, 3 when a server
// failed or the report could not be written.
func Command() *cobra.Command {
	cmd := matrixCommand()
	cmd.AddCommand(explainCommand(), lintCommand())
	return cmd
}

// The exit codes, as in all of Plugproof.
const (
	codeFound  = 1
	codeUsage  = 2
	codeTarget = 3
)

// exitError carries the exit code of a command along with its reason.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// ExitCode is what the program exits with.
func (e *exitError) ExitCode() int { return e.code }

// usage marks err as the user's to correct.
func usage(err error) error { return &exitError{code: codeUsage, err: err} }

func usagef(format string, args ...any) error {
	return usage(fmt.Errorf(format, args...))
}

// unwritten marks err, if there is one, as that of a report that could not be
// written: the input is not to blame.
func unwritten(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: codeTarget, err: fmt.Errorf("write the report: %w", err)}
}

// checkFormat refuses an output format that a command lacks.
func checkFormat(format string, known ...string) error {
	for _, k := range known {
		if format == k {
			return nil
		}
	}
	return usage(fmt.Errorf("--format %q: known are %s", format, joinOr(known)))
}

func joinOr(words []string) string {
	text := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			text += " and " + w
			continue
		}
		text += ", " + w
	}
	return text
}

// errFound ends a command that did its work and found what it looks for; the
// findings are already printed.
func errFound(what string) error {
	return &exitError{code: codeFound, err: errors.New(what)}
}
