// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/progress"
	"github.com/plugproof/plugproof/suites/internal/tracefile"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

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

// runCommand is 'plugproof run'.
func runCommand() *cobra.Command {
	var config conformance.Config
	var execution executionFlags
	var traces tracefile.Files
	command := &cobra.Command{
		Use: "run", Short: "Check a server against the contract",
		Long: runLong + targetForms(), Example: runExample,
		Args: takes(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := execution.complete(command, &config.Execution); err != nil {
				return err
			}
			if err := refuseAddressFlags(command, config.Target); err != nil {
				return err
			}
			if execution.list {
				return execution.writeChosen(command, func() ([]steps.Requirement, error) { return conformance.Chosen(config) })
			}
			if err := verifyTrace(&traces, config.Target); err != nil {
				return err
			}
			if traces.Wanted() {
				config.Trace = trace.NewRecorder(0)
			}
			return runAndReport(command, &execution.reports, func(observer conformance.Observer) (report.Run, error) {
				config.Observer = observer
				result, err := conformance.Run(command.Context(), config)
				return result, errors.Join(err, traces.Write(config.Trace))
			})
		},
	}
	addRunFlags(command.Flags(), &config)
	execution.addFlags(command, &config.Execution)
	command.Flags().StringArrayVar(&traces.Given, "trace", nil, tracefile.Usage)
	return command
}

// addRunFlags declares the flags of run with their defaults.
func addRunFlags(flags *pflag.FlagSet, c *conformance.Config) {
	flags.StringVar(&c.Target, "target", "mock", "what is checked; see the forms below")
	flags.StringVar(&c.CLI, "cli", "", "a real vault or bao `PATH` for the documentation's commands")
	addFeaturesFlag(flags, &c.Features)
	flags.StringSliceVar(&c.Only, "only", nil, "only these requirements: REG-003,DOC-001")
	flags.StringSliceVar(&c.Area, "area", nil, "only these areas: registration,mounting")
	flags.StringSliceVar(&c.Level, "level", nil, "only these levels: must,should,may")
	flags.StringVar(&c.Tags, "tags", "", "only scenarios whose tags fit: '@own-server && ~@needs-restart'")
	addConcurrencyFlag(flags, &c.Concurrency, max(2, runtime.NumCPU()), "scenarios")
	flags.Int64Var(&c.Seed, "seed", 0, "order of the scenarios; 0 draws one, which is printed")
	flags.StringVar(&c.ExpectDialect, "expect-dialect", "", "choose requirements as for this server: vault-1.16, openbao-2.5")
	addServerFlags(flags, &c.PluginDir, &c.YesThisServer)
	addPluginsFlag(flags, &c.Plugins)
}

// addFeaturesFlag declares the directories with the user's own features.
func addFeaturesFlag(flags *pflag.FlagSet, directories *[]string) {
	flags.StringArrayVar(directories, "features", nil, "`DIR` with feature files of your own, run beside the others; 'plugproof steps' lists the sentences; may stand more than once")
}

// runAndReport runs requirements, prints the summary if there is something to
// sum up, writes the reports and chooses the exit code.
func runAndReport(command *cobra.Command, files *reports, run func(conformance.Observer) (report.Run, error)) error {
	line := newProgress(command)
	result, err := run(scenarioProgress{line})
	line.Finish()
	if err != nil && len(result.Outcomes) == 0 {
		return err
	}
	if out := command.OutOrStdout(); !files.prints {
		if writing := report.Text(forLog(out), result, progress.Colors(out)); writing != nil {
			// The reports are written all the same.
			err = errors.Join(err, fmt.Errorf("write the summary: %w", writing))
		}
	}
	if writing := files.write(command, result, nil); writing != nil {
		err = errors.Join(err, writing)
	}
	if err != nil {
		return err
	}
	if code := result.ExitCode(); code != report.ExitConforms {
		return exitWith(code)
	}
	return nil
}

// listedFor returns requirements as those that a command checks.
func listedFor(command string, all []steps.Requirement) []conformance.Listed {
	listed := make([]conformance.Listed, 0, len(all))
	for _, requirement := range all {
		listed = append(listed, conformance.Listed{Requirement: requirement, For: command})
	}
	return listed
}

// scenarioProgress shows a run on the progress line.
type scenarioProgress struct{ *progress.Line }

func (p scenarioProgress) Stage(text string)   { p.Line.Stage(text) }
func (p scenarioProgress) Begin(scenarios int) { p.Line.Begin(scenarios, "scenarios") }

func (p scenarioProgress) Ended(outcome steps.Outcome) {
	p.Step(fmt.Sprintf("%s %s", outcome.Status, outcome.Requirement.ID),
		outcome.Status == steps.Fail || outcome.Status == steps.Errored)
}

func targetForms() string {
	var lines strings.Builder
	for _, form := range targets.Forms() {
		fmt.Fprintf(&lines, "  %-22s %s\n", form[0], form[1])
	}
	return strings.TrimSuffix(lines.String(), "\n")
}
