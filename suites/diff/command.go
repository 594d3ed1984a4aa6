// SPDX-License-Identifier: MPL-2.0

package diff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/replay"
)

const long = `Diff shows what two servers answer differently to the same requests. Each side
is a recording (a file) or a target, as for plugproof run. Two targets answer the
project's cases; a target beside a recording answers the recording's.

Differences that are meant to be can be allowed in a file:

  [{"case": "env-conflict", "steps": [3], "at": ["body.data.value"],
    "reason": "since 1.16 the plugin's value wins"}]

Exit code 0: no differences beyond those allowed; 1: there are some; 2: wrong
usage; 3: the harness or a target failed.`

const example = `  # what does the upgrade change?
  plugproof diff mock:vault-1.15 mock:vault-1.16

  # for a pull request
  plugproof diff vault-1.14.3.json binary:./vault --format markdown`

type command struct {
	replay.Settings
	replay.Selection
	allow, format string
}

// Command is `plugproof diff`.
func Command() *cobra.Command {
	var c command
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what changed between two servers or recordings",
		Long:  long, Example: example,
		Args: cobra.ExactArgs(2), SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return c.run(ctx, args[0], args[1], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.allow, "allow", "", "`FILE` with allowed differences and their reasons")
	flags.StringVar(&c.format, "format", "table", "table, json or markdown")
	c.Settings.AddFlags(flags)
	c.Selection.AddFlags(flags)
	return cmd
}

func (c *command) run(ctx context.Context, a, b string, stdout, stderr io.Writer) error {
	write, ok := map[string]func(*Result, io.Writer) error{
		"table": (*Result).WriteTable, "json": (*Result).WriteJSON, "markdown": (*Result).WriteMarkdown,
	}[c.format]
	if !ok {
		return replay.Usage(fmt.Errorf("unknown format %q: known are table, json and markdown", c.format))
	}
	var allow replay.Deviations
	if c.allow != "" {
		var err error
		if allow, err = replay.LoadDeviations(c.allow); err != nil {
			return replay.Usage(err)
		}
	}
	recA, recB, err := c.sides(ctx, a, b, stderr)
	if err != nil {
		return err
	}
	result, err := Compare(recA, recB, allow)
	if err != nil {
		return replay.Usage(err)
	}
	result.A, result.B = a, b
	if err := write(result, stdout); err != nil {
		return &replay.Failure{Code: 3, Err: err}
	}
	if result.Differs() {
		return &replay.Failure{Code: 1, Err: replay.ErrDifferent}
	}
	return nil
}

// sides gives both recordings, making those that are targets.
func (c *command) sides(ctx context.Context, a, b string, stderr io.Writer) (recA, recB *replay.Recording, err error) {
	if isFile(a) {
		if recA, err = c.load(a); err != nil {
			return nil, nil, err
		}
	}
	if isFile(b) {
		if recB, err = c.load(b); err != nil {
			return nil, nil, err
		}
	}
	if recA == nil {
		if recA, err = c.record(ctx, a, recB, stderr); err != nil {
			return nil, nil, err
		}
	}
	if recB == nil {
		if recB, err = c.record(ctx, b, recA, stderr); err != nil {
			return nil, nil, err
		}
	}
	return recA, recB, nil
}

// isFile tells a recording from a target: the names of targets have no such end.
func isFile(name string) bool { return strings.HasSuffix(name, ".json") }

func (c *command) load(name string) (*replay.Recording, error) {
	rec, err := replay.LoadFile(name)
	if err != nil {
		return nil, replay.Usage(err)
	}
	for id := range rec.Cases {
		if !c.Selected(id, rec.Cases[id]) {
			delete(rec.Cases, id)
		}
	}
	return rec, nil
}

// record has a target answer the other side's cases, or the project's.
func (c *command) record(ctx context.Context, name string, other *replay.Recording, stderr io.Writer) (_ *replay.Recording, err error) {
	var cases map[string]*replay.Case
	if other != nil {
		cases = other.Cases
	} else if cases, err = replay.Cases(); err != nil {
		return nil, err
	}
	runner, err := c.Runner(ctx, name, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = runner.Close(ctx, err) }()
	rec, err := runner.Record(ctx, cases, replay.Options{
		Select: c.Selected, Parallel: c.Parallel,
		Done: replay.Progress(stderr, &replay.Recording{Cases: cases}, c.Selected),
	})
	if err != nil {
		return nil, &replay.Failure{Code: 3, Err: errors.Join(fmt.Errorf("recording %s", name), err)}
	}
	return rec, nil
}
