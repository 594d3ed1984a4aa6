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

	"github.com/plugproof/plugproof/suites/replay"
)

const long = `Record runs cases against a target, each on a server of its own, and writes
what was answered to a file that plugproof replay and plugproof diff read. The
project's own cases are used unless --cases names a folder with others.

What changes from run to run is masked. A recording names the server, its
version, the time and the digest of the cases.`

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
			return c.run(ctx, cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.target, "target", "", "the servers (`TARGET`), as for plugproof run")
	flags.StringVar(&c.out, "out", "", "`FILE` to write")
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

func (c *command) run(ctx context.Context, stderr io.Writer) (err error) {
	cases, err := c.load()
	if err != nil {
		return replay.Usage(err)
	}
	runner, err := c.Runner(ctx, c.target, stderr)
	if err != nil {
		return err
	}
	defer func() { err = runner.Close(ctx, err) }()
	rec, err := runner.Record(ctx, cases, replay.Options{
		Parallel: c.Parallel, Done: replay.Progress(stderr, &replay.Recording{Cases: cases}, nil),
	})
	if err != nil {
		return &replay.Failure{Code: 3, Err: err}
	}
	if err := rec.WriteFile(c.out); err != nil {
		return replay.Usage(err)
	}
	return nil
}

// load gives the chosen cases.
func (c *command) load() (map[string]*replay.Case, error) {
	all, err := replay.Cases()
	if c.cases != "" {
		all, err = replay.LoadCases(os.DirFS(c.cases))
	}
	if err != nil {
		return nil, err
	}
	for id := range all {
		if !c.Selected(id, all[id]) {
			delete(all, id)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no case is chosen")
	}
	return all, nil
}
