// SPDX-License-Identifier: MPL-2.0

package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fatih/color"

	"github.com/plugproof/plugproof/steps"
)

// Text writes the summary for people: the sessions of the documentation, counts
// by area, what failed or deviates with its explanation, what could not be checked and why,
// and the verdict. Colour is used if colored is set.
func Text(out io.Writer, run Run, colored bool) error {
	buffered := bufio.NewWriter(out)
	t := text{out: buffered, paint: painter(colored)}
	verdicts := run.Verdicts()
	t.head(run)
	t.sessions(verdicts)
	t.areas(verdicts)
	t.failures(verdicts)
	t.missed(run.Missed)
	t.unsupported(verdicts)
	t.verdict(run, verdicts)
	return buffered.Flush()
}

// text writes to a buffer that remembers the first error until Flush.
type text struct {
	out   *bufio.Writer
	paint func(steps.Status, string) string
}

func (t text) printf(format string, args ...any) {
	// A bufio.Writer keeps its error for Flush, which Text returns.
	_, _ = fmt.Fprintf(t.out, format, args...)
}

func painter(colored bool) func(steps.Status, string) string {
	attributes := map[steps.Status]color.Attribute{
		steps.Pass: color.FgGreen, steps.Fail: color.FgRed, steps.Known: color.FgYellow, steps.Errored: color.FgMagenta,
		steps.Skip: color.FgHiBlack, steps.Unsupported: color.FgYellow,
	}
	return func(status steps.Status, words string) string {
		if !colored {
			return words
		}
		paint := color.New(attributes[status])
		paint.EnableColor()
		return paint.Sprint(words)
	}
}

func (t text) head(run Run) {
	commands := "own command line"
	if run.CommandLine != "" {
		commands = run.CommandLine
	}
	t.printf("Target  %s (%s), %s\nRun     %d scenarios, %d at a time, seed %d, %s\n\n",
		run.Target, run.Server, commands, len(run.Outcomes), run.Concurrency, run.Seed, run.Duration.Round(time.Millisecond))
}

func (t text) sessions(verdicts []Verdict) {
	first := true
	for _, verdict := range verdicts {
		if !verdict.Requirement.Session() {
			continue
		}
		if first {
			t.printf("Sessions of the documentation\n")
			first = false
		}
		t.printf("  %s %s  %s\n", t.paint(verdict.Status, fmt.Sprintf("%-11s", verdict.Status)), verdict.Requirement.ID, verdict.Requirement.Title)
	}
	if !first {
		t.printf("\n")
	}
}

func (t text) areas(verdicts []Verdict) {
	byArea := make(map[string][]Verdict)
	for _, verdict := range verdicts {
		byArea[verdict.Requirement.Area] = append(byArea[verdict.Requirement.Area], verdict)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, in []Verdict) {
		counts := Count(in)
		cells := make([]string, 0, len(Statuses()))
		for _, status := range Statuses() {
			cells = append(cells, fmt.Sprint(counts[status]))
		}
		// An empty last cell ends the row: tabwriter aligns cells that end in \t.
		_, _ = fmt.Fprintf(table, "%-14s\t%s\t\n", name, strings.Join(cells, "\t"))
	}
	var heading []string
	for _, status := range Statuses() {
		heading = append(heading, string(status))
	}
	_, _ = fmt.Fprintf(table, "%-14s\t%s\t\n", "Requirements", strings.Join(heading, "\t"))
	names := make([]string, 0, len(byArea))
	for name := range byArea {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		row(name, byArea[name])
	}
	row("total", verdicts)
	_ = table.Flush()
	t.printf("\n")
}

// failures tells what failed, what is known to deviate and what broke, in full.
func (t text) failures(verdicts []Verdict) {
	for _, status := range []steps.Status{steps.Known, steps.Fail, steps.Errored} {
		for _, verdict := range verdicts {
			for _, outcome := range verdict.Outcomes {
				if outcome.Status != status {
					continue
				}
				r := verdict.Requirement
				t.printf("%s %s (%s, %s) %s\n", t.paint(status, string(status)), r.ID, r.Level, r.Area, outcome.Case)
				if r.Rule != "" {
					t.printf("    rule     %s\n", r.Rule)
				}
				t.printf("    source   %s\n", strings.Join(r.Sources, ", "))
				t.printf("    %s\n\n", strings.ReplaceAll(outcome.Reason, "\n", "\n    "))
			}
		}
	}
}

// missed names the known deviations that did not happen.
func (t text) missed(entries []string) {
	for _, entry := range entries {
		t.printf("%s but the server keeps the requirement: %s\n    Take the entry out of suites/deviations/deviations.yaml, or end its versions there.\n\n",
			t.paint(steps.Known, string(steps.Known)), entry)
	}
}

// unsupported names the requirements that were not checked, by reason.
func (t text) unsupported(verdicts []Verdict) {
	byReason := make(map[string][]string)
	for _, verdict := range verdicts {
		for _, outcome := range verdict.Outcomes {
			ids := byReason[outcome.Reason]
			if outcome.Status == steps.Unsupported && !slices.Contains(ids, verdict.Requirement.ID) {
				byReason[outcome.Reason] = append(ids, verdict.Requirement.ID)
			}
		}
	}
	reasons := make([]string, 0, len(byReason))
	for reason := range byReason {
		reasons = append(reasons, reason)
	}
	slices.SortFunc(reasons, cmp.Compare[string])
	for _, reason := range reasons {
		t.printf("%s %s\n    %s\n", t.paint(steps.Unsupported, string(steps.Unsupported)), reason, strings.Join(byReason[reason], " "))
	}
	if len(reasons) > 0 {
		t.printf("\n")
	}
}

func (t text) verdict(run Run, verdicts []Verdict) {
	counts := Count(verdicts)
	deviations := len(Deviations(verdicts))
	checked := counts[steps.Fail] + counts[steps.Known] + counts[steps.Pass]
	switch {
	case run.Interrupted:
		t.printf("%s: the run was interrupted", t.paint(steps.Errored, "Proves nothing"))
		if deviations > 0 {
			t.printf("; before that, %s failed", ofRequirements(deviations, checked))
		}
	case deviations > 0:
		t.printf("%s: %s failed", t.paint(steps.Fail, "Does not conform"), ofRequirements(deviations, checked))
	case counts[steps.Errored] > 0:
		t.printf("%s: %s could not be checked because the harness or the target failed",
			t.paint(steps.Errored, "Proves nothing"), requirements(counts[steps.Errored]))
	case checked == counts[steps.Fail]:
		t.printf("%s: no requirement was checked", t.paint(steps.Errored, "Proves nothing"))
	default:
		hold := "hold"
		if counts[steps.Pass] == 1 {
			hold = "holds"
		}
		t.printf("%s: %s %s", t.paint(steps.Pass, "Conforms"), ofRequirements(counts[steps.Pass], checked), hold)
	}
	if n := counts[steps.Fail] - deviations; n > 0 {
		t.printf(", %d that only should or may be so failed", n)
	}
	if n := counts[steps.Known]; n > 0 {
		t.printf(", known deviations: %d", n)
	}
	if n := counts[steps.Unsupported]; n > 0 {
		t.printf(", %d could not be checked on this target", n)
	}
	t.printf("\n")
}

func ofRequirements(part, whole int) string {
	if part == whole {
		return requirements(whole)
	}
	return fmt.Sprintf("%d of %s", part, requirements(whole))
}

func requirements(count int) string {
	if count == 1 {
		return "1 requirement"
	}
	return fmt.Sprintf("%d requirements", count)
}
