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
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const replayLong = `Replay sends the requests of recordings to servers of a target, each case to a
server of its own, and prints the steps by area and every difference with the
request that shows it. What changes from run to run is masked on both sides.

Exit code 0: all answers are the recorded ones or listed as deviations; 1: some
are not; 2: wrong usage; 3: the harness or the target failed.`

const replayExample = `  # a real server
  plugproof replay --target binary:/usr/bin/bao --file openbao-2.5.5.json --plugins ./bin --cli /usr/bin/bao

  # some cases against the mock, with the differences that are meant to be
  plugproof replay --target mock:vault-1.14 --file vault-1.14.3.json --plugins ./bin --case 'env-*' -v`

type command struct {
	Settings
	Selection
	target, deviations string
	files              []string
	verbose            bool
}

// Command is `plugproof replay`.
func Command() *cobra.Command {
	var c command
	cmd := &cobra.Command{
		Use:   "replay --target TARGET --file RECORDING",
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
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "show the listed differences too")
	c.Settings.AddFlags(flags)
	c.Selection.AddFlags(flags)
	for _, name := range []string{"target", "file"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return cmd
}

func (c *command) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	var deviations Deviations
	if c.deviations != "" {
		if deviations, err = LoadDeviations(c.deviations); err != nil {
			return Usage(err)
		}
	}
	runner, err := c.Runner(c.target)
	if err != nil {
		return err
	}
	defer func() { err = runner.Close(ctx, err) }()
	code := 0
	for _, file := range c.files {
		rec, err := LoadFile(file)
		if err != nil {
			return Usage(err)
		}
		report := runner.Replay(ctx, filepath.Base(file), rec, Options{
			Select: c.Selected, Parallel: c.Parallel, Done: Progress(stderr, rec, c.Selected),
		})
		if ctx.Err() != nil {
			return &Failure{Code: 3, Err: ctx.Err()}
		}
		for _, unused := range deviations.Apply(report) {
			code = max(code, 1)
			fmt.Fprintf(stdout, "listed as a deviation, but equal: %s\n", unused)
		}
		report.WriteDifferences(stdout, c.verbose)
		fmt.Fprintln(stdout)
		if err := report.WriteTable(stdout); err != nil {
			return &Failure{Code: 3, Err: err}
		}
		if report.Differs() {
			code = max(code, 1)
		}
		if len(report.Errors) > 0 {
			code = 3
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
	matches := func(pattern string) bool {
		ok, err := filepath.Match(pattern, id)
		return err == nil && ok
	}
	return (len(s.Cases) == 0 || slices.ContainsFunc(s.Cases, matches)) &&
		(len(s.Areas) == 0 || slices.Contains(s.Areas, c.Area))
}
