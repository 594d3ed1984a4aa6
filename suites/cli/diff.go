// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/diff"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

const diffLong = `Diff shows what two servers answer differently to the same requests. Each side
is a recording (a file whose name ends in .json) or a target, as for plugproof
run. Two targets answer the project's cases; a target beside a recording answers
the recording's. These recordings are in the program itself and can be named
where there is no file of that name:
  %s

Differences that are meant to be are listed in the file given with --deviations,
by the case or a pattern, the steps (all if none are named) and where they are, as
the output says it. Entries for run, check and env may stand in the same file:

  - case: env-conflict           # or a pattern: env-*
    steps: [3]                   # optional
    at: [body.data.value]
    servers: [vault>=1.16]       # optional: of one of the two sides
    target: container:acme/*     # optional: the name of a side, or of the target
                                 # that a recording was made of; or a pattern
    reason: since 1.16 the plugin's value wins
    expires: 2027-06-30          # optional: afterwards it is a difference again

Exit code 0: no differences beyond those allowed; 1: there are some; 2: wrong
usage, or the sides have nothing in common; 3: the harness or a target failed.`

const diffExample = `  # what does the upgrade change?
  plugproof diff mock:vault-1.15 mock:vault-1.16

  # for a pull request
  plugproof diff vault-1.14.3.json binary:./vault --format markdown`

// differ is one 'plugproof diff'.
type differ struct {
	reports reports
	replay.Settings
	replay.Selection
	document
	deviations string
}

// diffCommand is 'plugproof diff'.
func diffCommand() *cobra.Command {
	var d differ
	command := &cobra.Command{
		Use:   "diff A B",
		Short: "Show what changed between two servers or recordings",
		Long:  fmt.Sprintf(diffLong, replay.BundledNames()), Example: diffExample,
		Args: takes(2, 2),
		RunE: func(command *cobra.Command, args []string) error { return d.run(command, args[0], args[1]) },
	}
	flags := command.Flags()
	addDeviationsFlag(flags, &d.deviations)
	d.reports.addFlags(flags, report.Diff)
	d.addFlags(flags, "text", "json", "markdown")
	addCaseFlags(flags, &d.Settings, &d.Selection)
	return command
}

func (d *differ) run(command *cobra.Command, a, b string) error {
	if err := d.reports.verify(command.Flags()); err != nil {
		return err
	}
	if err := d.refuseIdle(command, a, b); err != nil {
		return err
	}
	started := time.Now()
	allowed, err := d.allowed()
	if err != nil {
		return usage.Wrap(err)
	}
	sides, err := open(command.Context(), d.Options, a, b)
	if err != nil {
		return usage.Wrap(err)
	}
	cases, unknown, err := d.cases(allowed, sides)
	if err != nil {
		return usage.Wrap(err)
	}
	d.Progress = newProgress(command)
	defer d.Progress.Finish()
	for i, side := range sides {
		if side.rec == nil {
			if sides[i].rec, err = d.Record(command.Context(), side.name, cases); err != nil {
				return err
			}
		}
	}
	var servers []deviations.Server
	for _, side := range sides {
		more, err := side.servers(command.Context(), d.Options, allowed)
		if err != nil {
			return err
		}
		servers = append(servers, more...)
	}
	result, err := diff.Compare(sides[0].rec, sides[1].rec, allowed, servers...)
	if err != nil {
		return usage.Wrap(err)
	}
	if result.Steps == 0 {
		return usage.Errorf("nothing can be compared: %s and %s have no answers to the same cases", a, b)
	}
	result.A, result.B = a, b
	result.Unused = append(result.Unused, unknown...)
	d.Progress.Finish()
	own := ownForms{"text": result.WriteTable, "markdown": result.WriteMarkdown}
	if err := d.writeBeside(command, &d.reports, func(w io.Writer) error { return writeDiff(w, result, d.format) }); err != nil {
		return err
	}
	if err := d.reports.write(command, result.Run(started), own); err != nil {
		return err
	}
	if result.Differs() {
		return found("the answers differ")
	}
	return nil
}

// refuseIdle refuses flags that are for targets, if there are only recordings.
func (d *differ) refuseIdle(command *cobra.Command, sides ...string) error {
	targets := slices.ContainsFunc(sides, func(side string) bool { return !isRecording(side) })
	need := "a target to send requests to, and both sides are recordings"
	if err := refuseWithout(command, targets, need, "plugins", "cli", "concurrency", "one-server"); err != nil {
		return err
	}
	return refuseAddressFlags(command, sides...)
}

// isRecording reports whether a side is a recording: names of targets end otherwise.
func isRecording(side string) bool { return strings.HasSuffix(side, ".json") }

func writeDiff(w io.Writer, result *diff.Result, format string) error {
	switch format {
	case "json":
		return result.WriteJSON(w)
	case "markdown":
		return result.WriteMarkdown(w)
	}
	return result.WriteTable(w)
}

// allowed reads the list. Entries for replay, which name a recording, are left
// out: what differs here are two sides.
func (d *differ) allowed() (replay.Deviations, error) {
	if d.deviations == "" {
		return nil, nil
	}
	allow, err := replay.LoadDeviations(d.deviations)
	return slices.DeleteFunc(allow, func(entry deviations.Deviation) bool { return entry.Recording != "" }), err
}

// side is one of what is compared. A target has no recording until one is made.
type side struct {
	name string
	rec  *replay.Recording
	// target is set if the side is not a recording.
	target bool
}

// servers returns what entries of the list can say of the side: a target, or the
// server of a recording.
func (s side) servers(ctx context.Context, options targets.Options, list replay.Deviations) ([]deviations.Server, error) {
	if !s.target {
		return s.rec.Servers(s.name), nil
	}
	server, err := serverNamed(ctx, s.name, options, list.NameServers())
	return []deviations.Server{server}, err
}

// open reads the sides that are recordings; the names of targets have no such
// end.
func open(ctx context.Context, options targets.Options, names ...string) (sides []side, err error) {
	for _, name := range names {
		s := side{name: name}
		if isRecording(name) {
			if s.rec, err = replay.LoadFile(name); err != nil {
				return nil, err
			}
		}
		if s.target = s.rec == nil; s.target {
			// Known before minutes are spent on the other side.
			target, err := targets.Parse(name, options)
			if err != nil {
				return nil, err
			}
			if err := target.Close(ctx); err != nil {
				return nil, err
			}
		}
		sides = append(sides, s)
	}
	return sides, nil
}

// cases leaves the chosen cases of the recordings and returns those that targets
// must answer: a recording's, or the project's if there is none. Unknown are the
// entries of the allow list that name no case or step.
func (d *differ) cases(allow replay.Deviations, sides []side) (cases map[string]*replay.Case, unknown []string, err error) {
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
	return sets[0], unknown, d.Choose(sets...)
}
