// SPDX-License-Identifier: MPL-2.0

package diff

import (
	"context"
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
is a recording (a file whose name ends in .json) or a target, as for plugproof
run. Two targets answer the project's cases; a target beside a recording answers
the recording's. These recordings are in the program itself and can be named
where there is no file of that name:
  %s

Differences that are meant to be can be allowed in a file, by the case, the steps
(all if none are named) and where they are, as the output says it:

  [{"case": "env-conflict", "steps": [3], "at": ["body.data.value"],
    "reason": "since 1.16 the plugin's value wins"}]

Exit code 0: no differences beyond those allowed; 1: there are some; 2: wrong
usage, or the sides have nothing in common; 3: the harness or a target failed.`

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
		Long:  fmt.Sprintf(long, replay.OwnFiles()), Example: example,
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
	allow, err := c.allowed()
	if err != nil {
		return replay.Usage(err)
	}
	sides, err := open(a, b)
	if err != nil {
		return replay.Usage(err)
	}
	cases, unknown, err := c.cases(allow, sides)
	if err != nil {
		return replay.Usage(err)
	}
	for i, side := range sides {
		if side.rec == nil {
			if sides[i].rec, err = c.Record(ctx, side.name, cases, stderr); err != nil {
				return err
			}
		}
	}
	result, err := Compare(sides[0].rec, sides[1].rec, allow)
	if err != nil {
		return replay.Usage(err)
	}
	if result.Steps == 0 {
		return replay.Usage(fmt.Errorf("nothing can be compared: %s and %s have no answers to the same cases", a, b))
	}
	result.A, result.B = a, b
	result.Unused = append(result.Unused, unknown...)
	if err := write(result, stdout); err != nil {
		return &replay.Failure{Code: 3, Err: err}
	}
	if result.Differs() {
		return &replay.Failure{Code: 1, Err: replay.ErrDifferent}
	}
	return nil
}

// allowed reads the allow list. What differs here are two sides, of which none
// is the recording that an entry could name.
func (c *command) allowed() (replay.Deviations, error) {
	if c.allow == "" {
		return nil, nil
	}
	allow, err := replay.LoadDeviations(c.allow)
	if err != nil {
		return nil, err
	}
	for i, d := range allow {
		if d.Recording != "" {
			return nil, fmt.Errorf("%s: entry %d (%s) names a recording, which allows nothing here", c.allow, i+1, d.Case)
		}
	}
	return allow, nil
}

// side is one of what is compared. A target has no recording until one is made.
type side struct {
	name string
	rec  *replay.Recording
}

// open reads the sides that are recordings; the names of targets have no such
// end.
func open(names ...string) (sides []side, err error) {
	for _, name := range names {
		s := side{name: name}
		if strings.HasSuffix(name, ".json") {
			if s.rec, err = replay.LoadFile(name); err != nil {
				return nil, err
			}
		}
		sides = append(sides, s)
	}
	return sides, nil
}

// cases leaves the chosen cases of the recordings and gives those that targets
// must answer: a recording's, or the project's if there is none. Unknown are the
// entries of the allow list that name no case or step.
func (c *command) cases(allow replay.Deviations, sides []side) (cases map[string]*replay.Case, unknown []string, err error) {
	known := map[string]*replay.Recording{}
	var sets []map[string]*replay.Case
	for _, s := range sides {
		if s.rec != nil {
			known[s.name] = s.rec
			sets = append(sets, s.rec.Cases)
		}
	}
	if len(sets) == 0 {
		if cases, err = replay.Cases(); err != nil {
			return nil, nil, err
		}
		known["project"] = &replay.Recording{Cases: cases}
		sets = append(sets, cases)
	}
	unknown = allow.Unknown(known)
	return sets[0], unknown, c.Choose(sets...)
}
