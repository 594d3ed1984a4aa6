// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
)

// executionFlags are the flags of run and check that say how requirements are
// run and what is written.
type executionFlags struct {
	reports
	shard, times, rerun string
	// list: what would run is listed.
	list bool
}

// addFlags declares the flags of a command, run or check.
func (e *executionFlags) addFlags(command *cobra.Command, to *conformance.Execution) {
	flags := command.Flags()
	e.reports.addFlags(flags, report.Server)
	var sets []string
	for _, set := range conformance.Sets(command.Name()) {
		sets = append(sets, set[0]+" ("+set[1]+")")
	}
	flags.StringVar(&to.Set, "set", "", "only a named set of requirements: "+strings.Join(sets, ", "))
	flags.StringVar(&e.rerun, "rerun-failed", "", "only what failed in an earlier result, a `FILE` of --report json")
	flags.StringVar(&e.shard, "shard", "", "run one of several parts, `INDEX/COUNT`, as 2/3; plugproof report merge joins them")
	flags.StringVar(&e.times, "shard-times", "", "balance the parts by the times of an earlier result, a `FILE` of --report json")
	flags.IntVar(&to.Retry, "retry", 0, "try what failed again, so many times; what holds then is reported as flaky")
	flags.BoolVar(&to.FailFast, "fail-fast", false, "end at the first failure")
	flags.DurationVar(&to.Timeout, "timeout", 0, "end the run after this time, as 10m; it is inconclusive then")
	flags.StringVar(&to.Deviations, "deviations", "", "`FILE` of failures that are known: requirement, reason, and maybe servers, target, issue and expires")
	flags.BoolVar(&e.list, "list", false, "list what would run, with the same choices, and run nothing")
	flags.BoolVar(&to.RequireAll, "require-all", false, "a run that leaves requirements out, of all or of the --set, or could not check some, is inconclusive")
}

// complete reads what the flags name.
func (e *executionFlags) complete(command *cobra.Command, to *conformance.Execution) (err error) {
	if err := e.verify(command.Flags()); err != nil {
		return err
	}
	if err := refuseWithout(command, !e.list, "a run: leave --list out", "report", "trace"); err != nil {
		return err
	}
	if err := refuseWithout(command, !to.FailFast, "a run that goes on: leave --fail-fast out", "retry"); err != nil {
		return err
	}
	to.Program, to.Origins = version(), origins(command)
	switch {
	case to.Retry < 0:
		return usage.Errorf("--retry %d: want 0 or more", to.Retry)
	case to.Timeout < 0:
		return usage.Errorf("--timeout %s: want a positive duration", to.Timeout)
	case e.times != "" && e.shard == "":
		return usage.Errorf("--shard-times balances the parts of --shard: give both")
	}
	if e.shard != "" || command.Flags().Changed("shard") {
		if to.Shard, err = parseShard(e.shard); err != nil {
			return err
		}
	}
	if to.ShardTimes, err = readRequirements("--shard-times", e.times); err != nil {
		return err
	}
	to.RerunFile = e.rerun
	to.Rerun, err = readRequirements("--rerun-failed", e.rerun)
	if err == nil && to.Rerun != nil && to.Rerun.Command() != command.Name() {
		return usage.Errorf("--rerun-failed: %s is a result of plugproof %s; this is plugproof %s", e.rerun, to.Rerun.Command(), command.Name())
	}
	return err
}

// writeChosen lists what would run.
func (e *executionFlags) writeChosen(command *cobra.Command, chosen func() ([]steps.Requirement, error)) error {
	all, err := chosen()
	if err != nil {
		return err
	}
	return writeRequirements(command.OutOrStdout(), listedFor(command.Name(), all), "text")
}

// parseShard reads INDEX/COUNT.
func parseShard(text string) (report.Shard, error) {
	index, count, _ := strings.Cut(text, "/")
	i, errIndex := strconv.Atoi(index)
	n, errCount := strconv.Atoi(count)
	if errIndex != nil || errCount != nil {
		i, n = 0, 0
	}
	shard, err := report.NewShard(i, n)
	if err != nil {
		return shard, usage.Errorf("--shard %q: %w", text, err)
	}
	return shard, nil
}
