// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// Result is what a run as a whole came to.
type Result string

// The results. They decide the exit code.
const (
	// Conforms: something was checked, and all of it holds or is a known
	// deviation.
	Conforms Result = "conforms"
	// Deviates: at least one requirement of level must failed. What only should
	// or may be so is shown, and is not a deviation (RFC 2119).
	Deviates Result = "does-not-conform"
	// Inconclusive: the harness or the target failed, the run was interrupted, or
	// nothing, or less than required, could be checked.
	Inconclusive Result = "inconclusive"
)

// ExitCode returns the exit code of a command with this result.
func (r Result) ExitCode() int {
	switch r {
	case Conforms:
		return ExitConforms
	case Deviates:
		return ExitDeviates
	}
	return ExitBroken
}

// Judgement is the result with what it rests on.
type Judgement struct {
	Result Result
	// Title says the result in words: Does not conform.
	Title string
	// Text says in one line how many requirements hold, failed or were not
	// checked.
	Text string
	// Choice says what was chosen of all requirements, if not all were.
	Choice []string
}

// Judgement returns the result of the run. A failure outweighs an error, since it
// is certain; an interrupted run is not a verdict, whatever it found by then.
func (r Run) Judgement() Judgement {
	verdicts := r.Verdicts()
	counts := Count(verdicts)
	failed := len(Deviations(verdicts))
	checked := counts[steps.Fail] + counts[steps.Known] + counts[steps.Pass]
	w := r.Kind.words()
	if checked < len(verdicts) {
		w = w.checkedOnly()
	}
	j := Judgement{Result: Inconclusive, Choice: r.Choice.lines()}
	switch {
	case r.Interrupted:
		j.Text = "the run was interrupted"
		if r.Stopped != "" {
			j.Text = r.Stopped
		}
		if notRun := countOf(verdicts, Verdict.notRun); notRun > 0 {
			j.Text += fmt.Sprintf("; %s ran", r.Kind.words().part(len(verdicts)-notRun, len(verdicts)))
		}
		if failed > 0 {
			j.Text += "; before that, " + w.failed(failed, checked)
		}
	case failed > 0:
		j.Result, j.Text = Deviates, w.failed(failed, checked)
		if r.Stopped != "" {
			j.Text += ", " + r.Stopped
		}
	case counts[steps.Errored] > 0:
		j.Text = r.Kind.words().count(counts[steps.Errored]) + " could not be checked because the harness or the target failed"
	case len(verdicts) == 0 && r.Choice.Shard != (Shard{}):
		j.Text = fmt.Sprintf("no %s falls to shard %s of %s", r.Kind.words().one, r.Choice.Shard, r.Kind.words().count(len(r.Choice.Chosen)))
	case checked == counts[steps.Fail]:
		j.Text = "no " + r.Kind.words().one + " was checked"
	case r.Choice.RequireAll && r.Choice.lacks():
		j.Text = "--require-all, and not all requirements were chosen; " + w.held(counts[steps.Pass], checked)
	case r.Choice.RequireAll && counts[steps.Unsupported] > 0:
		j.Text = fmt.Sprintf("--require-all, and %s could not be checked", r.Kind.words().count(counts[steps.Unsupported]))
	default:
		j.Result, j.Text = Conforms, w.held(counts[steps.Pass], checked)
	}
	j.Text += remainder(counts, failed, r)
	j.Title = w.titles[j.Result]
	return j
}

// remainder says what the result does not rest on, and how many there are in all if that
// is more than were checked.
func remainder(counts map[steps.Status]int, failed int, r Run) string {
	var text strings.Builder
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			fmt.Fprintf(&text, ", 1 %s", one)
		case n > 1:
			fmt.Fprintf(&text, ", %d %s", n, many)
		}
	}
	same := func(n int, words string) { add(n, words, words) }
	same(counts[steps.Fail]-failed, "that only should or may be so failed")
	if n := counts[steps.Known]; n > 0 {
		fmt.Fprintf(&text, ", known deviations: %d", n)
	}
	if r.Plugin != "" {
		add(counts[steps.Unsupported], "was not checked", "were not checked")
	} else {
		same(counts[steps.Unsupported], "could not be checked on this target")
	}
	verdicts := r.Verdicts()
	if !r.Interrupted {
		notRun := countOf(verdicts, Verdict.notRun)
		same(notRun, "did not run")
		add(counts[steps.Skip]-notRun, "does not apply", "do not apply")
	}
	same(countOf(verdicts, func(v Verdict) bool { return v.Flaky }), "held only when tried again")
	if !r.Interrupted && counts[steps.Unsupported]+counts[steps.Skip] > 0 {
		fmt.Fprintf(&text, "; %s in all", r.Kind.words().count(len(verdicts)))
	}
	return text.String()
}

// notRun reports whether the run ended before the requirement was checked.
func (v Verdict) notRun() bool {
	return v.Status == steps.Skip && slices.ContainsFunc(v.Outcomes, steps.Outcome.NotRun)
}

// countOf returns how many verdicts fit.
func countOf(verdicts []Verdict, fits func(Verdict) bool) (n int) {
	for _, v := range verdicts {
		if fits(v) {
			n++
		}
	}
	return n
}

// ExitCode returns the command's exit code.
func (r Run) ExitCode() int { return r.Judgement().Result.ExitCode() }
