// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const replayLong = `Replay sends the requests of recordings to servers of a target, each case to a
server of its own, and prints the steps by area and every difference with the
request that shows it. What changes from run to run is masked on both sides.

Without --target and --file the project's own recordings are replayed against the
mock's dialects of those servers; what deliberately differs there is listed.

Exit code 0: all answers are the recorded ones or listed as deviations; 1: some
are not; 2: wrong usage; 3: the harness or the target failed.`

const replayExample = `  # the mock against all recordings, as the table in the README
  plugproof replay --format markdown

  # a real server
  plugproof replay --target binary:/usr/bin/bao --file openbao-2.5.5.json --cli /usr/bin/bao

  # some cases against the mock, with the differences that are meant to be
  plugproof replay --target mock:vault-1.14 --file vault-1.14.3.json --case 'env-*' -v`

type command struct {
	Settings
	Selection
	target, deviations, format string
	files                      []string
	verbose                    bool
}

// Command is `plugproof replay`.
func Command() *cobra.Command {
	var c command
	cmd := &cobra.Command{
		Use:   "replay [--target TARGET --file RECORDING]",
		Short: "Send recorded requests to a server and show where its answers differ",
		Long:  replayLong, Example: replayExample,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return c.run(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.target, "target", "", "the servers (`TARGET`), as for plugproof run")
	flags.StringSliceVar(&c.files, "file", nil, "recording (`FILE`) to replay; may be repeated")
	flags.StringVar(&c.deviations, "deviations", "", "`FILE` with the differences that are meant, with reasons")
	flags.StringVar(&c.format, "format", "text", "text, or markdown for a table of equal and total steps by area")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "show the listed differences too")
	c.Settings.AddFlags(flags)
	c.Selection.AddFlags(flags)
	cmd.MarkFlagsRequiredTogether("target", "file")
	return cmd
}

// job is a recording to be replayed against a target.
type job struct {
	name, target string
	rec          *Recording
}

func (c *command) run(ctx context.Context, stdout, stderr io.Writer) error {
	if c.format != "text" && c.format != "markdown" {
		return Usage(fmt.Errorf("unknown format %q: known are text and markdown", c.format))
	}
	jobs, deviations, err := c.jobs()
	if err != nil {
		return Usage(err)
	}
	code := 0
	var reports []*Report
	for _, j := range jobs {
		report, err := c.replay(ctx, j, stderr)
		if err != nil {
			return err
		}
		reports = append(reports, report)
		unused := deviations.Apply(report)
		if len(unused) > 0 || report.Differs() {
			code = max(code, 1)
		}
		if len(report.Errors) > 0 {
			code = 3
		}
		if c.format == "text" {
			if err := c.text(stdout, report, unused); err != nil {
				return &Failure{Code: 3, Err: err}
			}
		}
	}
	if c.format == "markdown" {
		if err := WriteMarkdown(stdout, reports); err != nil {
			return &Failure{Code: 3, Err: err}
		}
	}
	switch code {
	case 0:
		return nil
	case 1:
		return &Failure{Code: 1, Err: ErrDifferent}
	}
	return &Failure{Code: code, Err: errors.New("some cases failed")}
}

// jobs are what the flags name, or the project's recordings.
func (c *command) jobs() (jobs []job, deviations Deviations, err error) {
	if c.target == "" {
		for _, own := range OwnRecordings() {
			rec, err := own.Load()
			if err != nil {
				return nil, nil, err
			}
			jobs = append(jobs, job{name: own.Name, target: "mock:" + own.Dialect, rec: rec})
		}
		if c.deviations == "" {
			deviations, err = OwnDeviations()
			return jobs, deviations, err
		}
	}
	for _, file := range c.files {
		rec, err := LoadFile(file)
		if err != nil {
			return nil, nil, err
		}
		jobs = append(jobs, job{name: strings.TrimSuffix(filepath.Base(file), ".json"), target: c.target, rec: rec})
	}
	if c.deviations != "" {
		deviations, err = LoadDeviations(c.deviations)
	}
	return jobs, deviations, err
}

func (c *command) replay(ctx context.Context, j job, stderr io.Writer) (_ *Report, err error) {
	runner, err := c.Runner(ctx, j.target, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = runner.Close(ctx, err) }()
	report := runner.Replay(ctx, j.name, j.rec, Options{
		Select: c.Selected, Parallel: c.Parallel, Done: Progress(stderr, j.rec, c.Selected),
	})
	if ctx.Err() != nil {
		return nil, &Failure{Code: 3, Err: ctx.Err()}
	}
	return report, nil
}

func (c *command) text(w io.Writer, report *Report, unused []string) error {
	report.WriteDifferences(w, c.verbose)
	for _, u := range unused {
		fmt.Fprintf(w, "listed as a deviation, but equal: %s\n", u)
	}
	fmt.Fprintln(w)
	return report.WriteTable(w)
}

// Selection are the flags that choose cases. The zero Selection chooses all.
type Selection struct {
	Cases, Areas []string
}

// AddFlags adds the flags.
func (s *Selection) AddFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.Cases, "case", nil, "only cases of this `NAME` (may hold * and ?); may be repeated")
	flags.StringSliceVar(&s.Areas, "area", nil, "only cases of this `AREA`; may be repeated")
}

// Selected tells whether a case is chosen.
func (s *Selection) Selected(id string, c *Case) bool {
	matches := func(pattern string) bool { return match(pattern, id) }
	return (len(s.Cases) == 0 || slices.ContainsFunc(s.Cases, matches)) &&
		(len(s.Areas) == 0 || slices.Contains(s.Areas, c.Area))
}
