// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
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
	j := Judgement{Result: Inconclusive, Choice: r.Choice.lines()}
	switch {
	case r.Interrupted:
		j.Text = "the run was interrupted"
		if r.Stopped != "" {
			j.Text = r.Stopped
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
		j.Text = w.count(counts[steps.Errored]) + " could not be checked because the harness or the target failed"
	case len(verdicts) == 0 && r.Choice.Shard != (Shard{}):
		j.Text = fmt.Sprintf("no %s falls to shard %s of %s", w.one, r.Choice.Shard, w.count(len(r.Choice.Chosen)))
	case checked == counts[steps.Fail]:
		j.Text = "no " + w.one + " was checked"
	case r.Choice.RequireAll && r.Choice.lacks():
		j.Text = "--require-all, and not all requirements were chosen; " + w.held(counts[steps.Pass], checked)
	case r.Choice.RequireAll && counts[steps.Unsupported] > 0:
		j.Text = fmt.Sprintf("--require-all, and %s could not be checked on this target", w.count(counts[steps.Unsupported]))
	default:
		j.Result, j.Text = Conforms, w.held(counts[steps.Pass], checked)
	}
	j.Text += remainder(counts, failed, r)
	j.Title = w.titles[j.Result]
	return j
}

// remainder says what the result does not rest on.
func remainder(counts map[steps.Status]int, failed int, r Run) string {
	var text strings.Builder
	if n := counts[steps.Fail] - failed; n > 0 {
		fmt.Fprintf(&text, ", %d that only should or may be so failed", n)
	}
	if n := counts[steps.Known]; n > 0 {
		fmt.Fprintf(&text, ", known deviations: %d", n)
	}
	switch n := counts[steps.Unsupported]; {
	case n > 0 && r.Plugin != "":
		total := -counts[steps.Skip]
		for _, count := range counts {
			total += count
		}
		fmt.Fprintf(&text, "; not checked: %s, see above", r.Kind.words().part(n, total))
	case n > 0:
		fmt.Fprintf(&text, ", %d could not be checked on this target", n)
	}
	flaky := 0
	for _, verdict := range r.Verdicts() {
		if verdict.Flaky {
			flaky++
		}
	}
	if flaky > 0 {
		fmt.Fprintf(&text, ", %d held only when tried again", flaky)
	}
	return text.String()
}

// ExitCode returns the command's exit code.
func (r Run) ExitCode() int { return r.Judgement().Result.ExitCode() }
