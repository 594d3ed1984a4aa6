// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

// Run returns what came of replaying recordings as a conformance run, so that it
// can be told in every form of suites/report: each recorded case is a requirement,
// whose source is the recording, and each of its steps a scenario. Unused are the
// deviations that explain nothing, each of which fails. A report without a recording
// is one of two sides.
func Run(reports []*Report, unused []string, started time.Time) report.Run {
	run := report.Run{Kind: report.Replay, Concurrency: 1, Started: started, Duration: time.Since(started)}
	what := descriptions()
	for _, r := range reports {
		run.Target = joined(run.Target, r.Target)
		run.Server = joined(run.Server, r.Recording)
		for _, result := range r.Sorted() {
			run.Outcomes = append(run.Outcomes, r.outcome(result, what, started))
		}
		for id, reason := range r.Errors {
			outcome := steps.Outcome{Requirement: r.requirement(id, "", what), Case: id, Status: steps.Errored, Reason: reason, Started: started}
			run.Outcomes = append(run.Outcomes, outcome)
		}
	}
	for _, entry := range unused {
		run.Outcomes = append(run.Outcomes, steps.Outcome{
			Requirement: steps.Requirement{
				ID: "deviations", Title: "Every listed deviation is one", Area: "deviations", Level: steps.Must, Cases: len(unused),
				Sources: []string{"the list of deviations"}, Remedy: "Take the entry out of the list.",
			},
			Case: entry, Status: steps.Fail, Reason: "it explains no difference", Started: started,
			Failure: &steps.Failure{Step: entry, Wanted: "a difference that the entry explains", Got: "none", Remedy: "Take the entry out of the list."},
		})
	}
	for _, outcome := range run.Outcomes {
		if !slices.Contains(run.Choice.Chosen, outcome.Requirement.ID) {
			run.Choice.Chosen = append(run.Choice.Chosen, outcome.Requirement.ID)
		}
	}
	run.Choice.Total = len(run.Choice.Chosen)
	return run
}

// joined lists names, each once.
func joined(list, name string) string {
	if list == "" {
		return name
	}
	if slices.Contains(strings.Split(list, ", "), name) {
		return list
	}
	return list + ", " + name
}

// descriptions say what the project's cases are about.
func descriptions() map[string]string {
	what := map[string]string{}
	cases, err := Cases()
	if err != nil {
		return what // a report without them is better than none
	}
	for id, c := range cases {
		what[id] = c.What
	}
	return what
}

func (r *Report) requirement(id, area string, what map[string]string) steps.Requirement {
	of := steps.Requirement{ID: id, Title: what[id], Area: area, Level: steps.Must, Cases: 1}
	if r.Recording != "" {
		of.ID, of.Sources = r.Recording+"/"+id, []string{"recording " + r.Recording}
	}
	return of
}

// outcome returns the outcome of one step.
func (r *Report) outcome(result Result, what map[string]string, started time.Time) steps.Outcome {
	outcome := steps.Outcome{
		Requirement: r.requirement(result.Case, result.Area, what), Started: started, Reason: result.Reason,
		Case: fmt.Sprintf("step %2d: %s", result.Step, result.Request),
	}
	if result.Step == 0 {
		outcome.Case = "the server's log"
	}
	switch result.Outcome {
	case Equal:
		outcome.Status, outcome.Reason = steps.Pass, ""
	case Different:
		outcome.Status, outcome.Failure = steps.Fail, failureOf(result)
		outcome.Reason = outcome.Failure.Error()
	case Listed:
		outcome.Status = steps.Known
	case Unsupported:
		outcome.Status = steps.Unsupported
	case CommandLineOutcome:
		outcome.Status, outcome.Reason = steps.Skip, "the recorded command line is another one: "+result.Reason
	case Uncompared:
		outcome.Status, outcome.Reason = steps.Skip, "nothing was recorded for the step"
	}
	return outcome
}

// failureOf says where the answers differ.
func failureOf(result Result) *steps.Failure {
	var wanted, got []string
	for _, d := range result.Differences {
		wanted, got = append(wanted, d.Path+" "+cmp.Or(d.Want, "nothing")), append(got, d.Path+" "+cmp.Or(d.Have, "nothing"))
	}
	return &steps.Failure{Step: result.Request, Wanted: strings.Join(wanted, "\n"), Got: strings.Join(got, "\n"), Remedy: result.Reason}
}
