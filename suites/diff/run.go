// SPDX-License-Identifier: MPL-2.0

package diff

import (
	"fmt"
	"slices"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/report"
)

// Run returns the comparison as a conformance run, so that it can be told in every
// form of suites/report: each case is a requirement, wanted is A's answer. What
// differs everywhere is a requirement of its own, and no failure of each case.
func (r *Result) Run(started time.Time) report.Run {
	compared := *r.compared
	compared.Results = slices.Clone(compared.Results)
	for i, res := range compared.Results {
		if res.Outcome != replay.Different {
			continue
		}
		shown := r.shown(Entry{Differences: res.Differences})
		compared.Results[i].Differences = shown
		if len(shown) == 0 {
			compared.Results[i].Outcome = replay.Equal
		}
	}
	for _, missing := range []struct {
		cases []string
		by    string
	}{{r.OnlyA, r.B}, {r.OnlyB, r.A}} {
		for _, id := range missing.cases {
			compared.Results = append(compared.Results, replay.Result{
				Case: id, Area: r.areas[id], Step: 1, Outcome: replay.Unsupported, Reason: missing.by + " has no answer",
			})
		}
	}
	// An entry that allows nothing is not a failure here: it may be about other sides.
	run := replay.Run([]*replay.Report{&compared}, nil, started)
	run.Kind, run.Target, run.Server, run.Missed = report.Diff, r.A+" and "+r.B, "wanted: "+r.A, r.Unused
	for _, every := range r.Everywhere {
		outcome := r.everyOutcome(every)
		outcome.Started = started
		run.Outcomes = append(run.Outcomes, outcome)
		run.Choice.Chosen = append(run.Choice.Chosen, outcome.Requirement.ID)
	}
	run.Choice.Total = len(run.Choice.Chosen)
	return run
}

// everyOutcome reports a difference that is everywhere. It is known if all answers
// that show it are allowed.
func (r *Result) everyOutcome(every Everywhere) steps.Outcome {
	failure := &steps.Failure{
		Step: fmt.Sprintf("%d answers have the same difference", every.Answers), Wanted: every.Path + " " + every.Want, Got: every.Path + " " + every.Have,
	}
	outcome := steps.Outcome{
		Requirement: steps.Requirement{
			ID: every.Path, Title: fmt.Sprintf("in %d answers", every.Answers), Area: "everywhere", Level: steps.Must, Cases: 1,
		},
		Case: "the first of them", Status: steps.Known, Reason: failure.Error(),
	}
	of := every.sameness()
	for _, e := range r.Entries {
		if e.Allowed == "" && slices.ContainsFunc(e.Differences, func(d replay.Difference) bool {
			same, ok := samenessOf(d)
			return ok && same == of
		}) {
			outcome.Status, outcome.Failure = steps.Fail, failure
			return outcome
		}
	}
	return outcome
}
