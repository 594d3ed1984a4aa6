// SPDX-License-Identifier: MPL-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// ExitError carries a command's exit code. Its text, if any, is for the user.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// ExitCode is what the program ends with.
func (e *ExitError) ExitCode() int { return e.Code }

const runLong = `Run carries out the features against a target and prints what holds.

Every requirement ends as one of
  PASS         it holds
  FAIL         the server or plugin did something else
  KNOWN        the same, as the list of known deviations says of this server
  ERROR        the harness or the target could not carry it out
  SKIP         it is about another product or version, or the run was interrupted
  UNSUPPORTED  the target lacks what it needs, such as a choice of environment

Exit code 0: everything binding that was checked holds or is a known deviation,
and something was checked; 1: a requirement of level must failed (should and may are shown and
change nothing); 2: wrong usage or configuration; 3: the harness or the
target failed, the run was interrupted, or nothing could be checked.

Settings come from flags, from variables (--expect-dialect is
PLUGPROOF_EXPECT_DIALECT) and from plugproof.yaml (expect-dialect: vault-1.16),
the first that has one. Unknown names are errors.

Targets:
`

const runExample = `  # everything, against the mock in this process
  plugproof run

  # a real server, and its own command line for the documented sessions
  plugproof run --target binary:/usr/local/bin/bao --cli /usr/local/bin/bao

  # one requirement, or one area at one level
  plugproof run --only REG-003
  plugproof run --area environment,proxies --level must`

// Command is 'plugproof run'.
func Command() *cobra.Command {
	var config Config
	var file string
	command := &cobra.Command{
		Use: "run", Short: "Check a server against the contract",
		Long: runLong + targetForms(), Example: runExample,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := settle(command.Flags(), file, os.Environ()); err != nil {
				return asExit(err)
			}
			ctx, stop := signal.NotifyContext(command.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return carryOut(ctx, command, config)
		},
	}
	config.addFlags(command.Flags())
	command.Flags().StringVar(&file, "config", defaultFile, "configuration `FILE`; the default need not exist")
	return command
}

// errInterrupted: the run was ended before it came to a result. Whatever else
// went wrong may be because of that.
var errInterrupted = errors.New("the run was interrupted")

func carryOut(ctx context.Context, command *cobra.Command, config Config) error {
	progress := NewProgress(os.Stderr)
	result, err := Run(ctx, config, progress)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", errInterrupted, err)
	}
	return conclude(command, progress, result, err)
}

// conclude prints the summary, if there is something to sum up, and chooses the
// exit code.
func conclude(command *cobra.Command, progress *Progress, result report.Run, err error) error {
	progress.finish()
	if err != nil && len(result.Outcomes) == 0 {
		return asExit(err)
	}
	colored := isTerminal(os.Stdout) && os.Getenv("NO_COLOR") == ""
	if writing := report.Text(command.OutOrStdout(), result, colored); writing != nil {
		return asExit(fmt.Errorf("write the summary: %w", writing))
	}
	if err != nil {
		return asExit(err)
	}
	if code := result.ExitCode(); code != report.ExitConforms {
		return &ExitError{Code: code}
	}
	return nil
}

// asExit chooses the exit code of an error: 2 if the user can repair it on the
// command line or in the configuration, 1 for a plugin that can't be one, 3
// otherwise and after an interruption.
func asExit(err error) error {
	if errors.Is(err, errInterrupted) {
		return &ExitError{Code: report.ExitBroken, Err: err}
	}
	var config *configError
	if refused := new(notAPluginError); errors.As(err, &refused) {
		return &ExitError{Code: report.ExitDeviates, Err: err}
	}
	if errors.As(err, &config) || errors.Is(err, targets.ErrUsage) {
		return &ExitError{Code: report.ExitUsage, Err: err}
	}
	return &ExitError{Code: report.ExitBroken, Err: err}
}

func targetForms() string {
	var lines strings.Builder
	for _, form := range targets.Forms() {
		fmt.Fprintf(&lines, "  %-22s %s\n", form[0], form[1])
	}
	return strings.TrimSuffix(lines.String(), "\n")
}
