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
	if !run.endedAtStart() {
		t.areas(run.Kind.words().heading(), verdicts)
	}
	t.crashes(verdicts)
	t.failures(verdicts)
	t.missed(run.Missed)
	t.unsupported(run, verdicts)
	t.flaky(verdicts)
	t.verdict(run)
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
	if !run.OfRequirements() {
		t.printf("Target  %s (%s)\nRun     %s\n\n", run.Target, run.Server, run.what())
		return
	}
	if run.Plugin != "" {
		t.printf("Plugin  %s\nTarget  %s (%s)\nRun     %s\n\n", run.Plugin, run.Target, run.Server, run.what())
		return
	}
	commands := "own command line"
	if run.CommandLine != "" {
		commands = run.CommandLine
	}
	t.printf("Target  %s (%s), %s\nRun     %s\n\n", run.Target, run.Server, commands, run.what())
}

// what says what was run, and how long that took.
func (r Run) what() string {
	if r.endedAtStart() {
		return "ended at the plugin's start"
	}
	w := r.Kind.words()
	text := fmt.Sprintf("%s of %s, ", number(len(r.Outcomes), w.scenarios), w.count(len(r.Verdicts())))
	if r.OfRequirements() {
		text += fmt.Sprintf("%d at a time, seed %d, ", r.Concurrency, r.Seed)
	}
	return text + r.Duration.Round(time.Millisecond).String()
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

func (t text) areas(things string, verdicts []Verdict) {
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
	_, _ = fmt.Fprintf(table, "%-14s\t%s\t\n", things, strings.Join(heading, "\t"))
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

// crashes says once how the plugin crashed, and which requirements failed with it.
func (t text) crashes(verdicts []Verdict) {
	type told struct {
		crash *steps.Crash
		first steps.Outcome
		ids   []string
	}
	byWhat := make(map[string]*told)
	var order []string
	for _, verdict := range verdicts {
		for _, outcome := range verdict.Outcomes {
			if outcome.Crash == nil {
				continue
			}
			what := outcome.Crash.What
			if byWhat[what] == nil {
				byWhat[what] = &told{crash: outcome.Crash, first: outcome}
				order = append(order, what)
			}
			if ids := byWhat[what].ids; !slices.Contains(ids, verdict.Requirement.ID) {
				byWhat[what].ids = append(ids, verdict.Requirement.ID)
			}
		}
	}
	for _, what := range order {
		told := byWhat[what]
		t.printf("%s %s\n", t.paint(steps.Fail, "CRASH"), strings.ReplaceAll(told.crash.String(), "\n", "\n    "))
		if failure := told.first.Failure; failure != nil {
			t.printf("    step     %s\n    got      %s\n    exchange %s\n", failure.Step, indented(failure.Got), indented(failure.Exchange))
		}
		if told.crash.Remedy != "" {
			t.printf("    remedy   %s\n", told.crash.Remedy)
		}
		t.printf("    %s failed because of it: %s\n\n", Server.words().count(len(told.ids)), strings.Join(told.ids, " "))
	}
}

// indented aligns the further lines of a part with its first.
func indented(part string) string { return strings.ReplaceAll(part, "\n", "\n             ") }

// failures writes what failed, what is known to deviate and what broke, in full.
func (t text) failures(verdicts []Verdict) {
	for _, status := range []steps.Status{steps.Known, steps.Fail, steps.Errored} {
		for _, verdict := range verdicts {
			for _, outcome := range verdict.Outcomes {
				if outcome.Status != status || outcome.Crash != nil {
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
		t.printf("%s but the requirement is kept: %s\n    Take the entry out of its list, or end its versions there.\n\n",
			t.paint(steps.Known, string(steps.Known)), entry)
	}
}

// unsupported names the requirements that were not checked, by reason.
func (t text) unsupported(run Run, verdicts []Verdict) {
	word := string(steps.Unsupported)
	if run.Plugin != "" {
		word = "NOT CHECKED:"
	}
	byReason := make(map[string][]string)
	for _, verdict := range verdicts {
		for _, outcome := range verdict.Outcomes {
			ids := byReason[outcome.Reason]
			if verdict.Status == steps.Unsupported && outcome.Status == steps.Unsupported && !slices.Contains(ids, verdict.Requirement.ID) {
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
		t.printf("%s %s\n    %s\n", t.paint(steps.Unsupported, word), reason, enumerated(run, byReason[reason]))
	}
	if len(reasons) > 0 {
		t.printf("\n")
	}
}

// longList is how many identifiers a reader of a summary still looks through.
const longList = 40

// enumerated returns the identifiers, or how many there are and which form has them.
func enumerated(run Run, ids []string) string {
	if len(ids) <= longList {
		return strings.Join(ids, " ")
	}
	return run.Kind.words().count(len(ids)) + ", which --report html=FILE and json=FILE list"
}

// number says how many there are of what many names.
func number(n int, many string) string {
	if n == 1 {
		many = strings.TrimSuffix(many, "s")
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (t text) verdict(run Run) {
	judgement := run.Judgement()
	colors := map[Result]steps.Status{Conforms: steps.Pass, Deviates: steps.Fail, Inconclusive: steps.Errored}
	t.printf("%s: %s\n", t.paint(colors[judgement.Result], judgement.Title), judgement.Text)
	for _, line := range judgement.Choice {
		t.printf("  %s\n", line)
	}
}

// flaky names what held only at a later attempt.
func (t text) flaky(verdicts []Verdict) {
	for _, verdict := range verdicts {
		if !verdict.Flaky {
			continue
		}
		t.printf("%s %s holds at attempt %d; before:\n", t.paint(steps.Known, "FLAKY"), verdict.Requirement.ID, len(verdict.Earlier)+1)
		for _, outcome := range verdict.Earlier {
			t.printf("    %s\n", strings.ReplaceAll(outcome.Reason, "\n", "\n    "))
		}
		t.printf("\n")
	}
}
