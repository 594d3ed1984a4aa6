// SPDX-License-Identifier: MPL-2.0

// Package record is the command that makes recordings of servers.
package record

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/outfile"
	"github.com/plugproof/plugproof/suites/replay"
)

const long = `Record runs cases against a target, each on a server of its own, and writes
what was answered to a file that plugproof replay and plugproof diff read. The
project's own cases are used unless --cases names a folder with others.

What changes from run to run is masked. A recording names the server, its
version, the time and the digest of the cases.

Exit code 0: the recording was written; 2: wrong usage; 3: the harness or the
target failed.`

const example = `  plugproof record --target binary:/usr/local/bin/vault --out vault-1.21.json
  plugproof record --target mock:vault-1.16 --case 'env-*' --out env.json`

type command struct {
	replay.Settings
	replay.Selection
	target, out, cases string
}

// Command is `plugproof record`.
func Command() *cobra.Command {
	var c command
	cmd := &cobra.Command{
		Use:   "record --target TARGET --out FILE",
		Short: "Record what a server answers to the project's cases or to your own",
		Long:  long, Example: example,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return c.run(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.target, "target", "", "the servers (`TARGET`), as for plugproof run")
	flags.StringVar(&c.out, "out", "", "`FILE` to write; - for the standard output")
	flags.StringVar(&c.cases, "cases", "", "`FOLDER` with case files instead of the project's")
	c.Settings.AddFlags(flags)
	c.Selection.AddFlags(flags)
	for _, name := range []string{"target", "out"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return cmd
}

func (c *command) run(ctx context.Context, stdout, stderr io.Writer) error {
	cases, err := c.load()
	if err != nil {
		return replay.Usage(err)
	}
	if err := outfile.Check(c.out); err != nil {
		return replay.Usage(fmt.Errorf("--out: %w", err))
	}
	rec, err := c.Record(ctx, c.target, cases, stderr)
	if err != nil {
		return err
	}
	text, err := rec.Text()
	if err == nil {
		err = outfile.Write(c.out, text, stdout)
	}
	if err != nil {
		return &replay.Failure{Code: 3, Err: err}
	}
	fmt.Fprintln(stderr, c.summary(rec))
	return nil
}

// summary says what was written where.
func (c *command) summary(rec *replay.Recording) string {
	unanswered := 0
	for _, recorded := range rec.Cases {
		if !recorded.Answered() {
			unanswered++
		}
	}
	where := c.out
	if where == outfile.Stdout {
		where = "the standard output"
	}
	text := fmt.Sprintf("%s: recorded %s, cases: %d", where, rec.Server, len(rec.Cases))
	if unanswered > 0 {
		text += fmt.Sprintf(", without answers: %d", unanswered)
	}
	return text
}

// load gives the chosen cases.
func (c *command) load() (map[string]*replay.Case, error) {
	load := replay.Cases
	if c.cases != "" {
		load = func() (map[string]*replay.Case, error) { return replay.LoadCases(os.DirFS(c.cases)) }
	}
	all, err := load()
	if err != nil {
		return nil, err
	}
	return all, c.Choose(all)
}
