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
)

const replayLong = `Replay sends the requests of recordings to servers of a target, each case to a
server of its own, and prints the steps by area and every difference with the
request that shows it. What changes from run to run is masked on both sides.

Without --target and --file the project's own recordings are replayed against the
mock's dialects of those servers; what deliberately differs there is listed.
They can be named as files, too, where there is no file of that name:
  %s

Exit code 0: all answers are the recorded ones or listed as deviations; 1: some
are not, or what is listed does not differ; 2: wrong usage; 3: the harness or the
target failed, or nothing could be compared.`

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
		Long:  fmt.Sprintf(replayLong, OwnFiles()), Example: replayExample,
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
	flags.StringVar(&c.format, "format", "text", "text, or markdown for a table of equal and total steps by area and each difference")
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
	unused := unknown(deviations, jobs)
	if jobs, err = c.choose(jobs); err != nil {
		return Usage(err)
	}
	var reports []*Report
	for _, j := range jobs {
		report, err := c.replay(ctx, j, stderr)
		if err != nil {
			return err
		}
		reports = append(reports, report)
		for _, u := range deviations.Apply(report) {
			unused = append(unused, j.name+": "+u)
		}
		if c.format == "text" {
			if err := c.text(stdout, report); err != nil {
				return &Failure{Code: 3, Err: err}
			}
		}
	}
	write := writeUnused
	if c.format == "markdown" {
		write = func(w io.Writer, unused []string) error { return WriteMarkdown(w, reports, unused) }
	}
	if err := write(stdout, unused); err != nil {
		return &Failure{Code: 3, Err: err}
	}
	return judge(reports, unused)
}

// judge gives the failure that the reports amount to.
func judge(reports []*Report, unused []string) error {
	compared, differ := 0, len(unused) > 0
	for _, r := range reports {
		if len(r.Errors) > 0 {
			return &Failure{Code: 3, Err: errors.New("some cases failed")}
		}
		_, sum := r.Counts()
		compared += sum.Total + sum.CommandLine
		differ = differ || r.Differs()
	}
	if compared == 0 {
		return &Failure{Code: 3, Err: errors.New("nothing could be compared")}
	}
	if differ {
		return &Failure{Code: 1, Err: ErrDifferent}
	}
	return nil
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

// unknown are the deviations of which the jobs' recordings know nothing.
func unknown(deviations Deviations, jobs []job) []string {
	recordings := map[string]*Recording{}
	for _, j := range jobs {
		recordings[j.name] = j.rec
	}
	return deviations.Unknown(recordings)
}

// choose leaves the chosen cases, and the jobs that have some.
func (c *command) choose(jobs []job) ([]job, error) {
	var sets []map[string]*Case
	for _, j := range jobs {
		sets = append(sets, j.rec.Cases)
	}
	if err := c.Choose(sets...); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(jobs, func(j job) bool { return len(j.rec.Cases) == 0 }), nil
}

func (c *command) replay(ctx context.Context, j job, stderr io.Writer) (_ *Report, err error) {
	runner, err := c.Runner(ctx, j.target, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = runner.Close(ctx, err) }()
	done, end := Progress(stderr, len(j.rec.Cases))
	defer end()
	report := runner.Replay(ctx, j.name, j.rec, Options{Parallel: c.Parallel, Done: done})
	return report, ctx.Err()
}

func (c *command) text(w io.Writer, report *Report) error {
	report.WriteDifferences(w, c.verbose)
	fmt.Fprintln(w)
	return report.WriteTable(w)
}

// writeUnused writes, if there are any, the deviations that explain nothing.
func writeUnused(w io.Writer, unused []string) error {
	if len(unused) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n== listed as deviations, but without such a difference\n%s\n", strings.Join(unused, "\n"))
	return err
}
