// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

// Run returns the matrix as a conformance run, so that it can be told in every
// form of suites/report: each row is a requirement and each of its cells a
// scenario, which fails where the cell is no longer as in the baseline.
func (r Report) Run(started time.Time) report.Run {
	run := report.Run{Kind: report.Matrix, Concurrency: 1, Started: started, Duration: time.Since(started)}
	if r.Comparison != nil {
		run.Kind = report.Baseline
	}
	var names, versions []string
	for _, column := range r.Targets {
		names, versions = append(names, column.Name), append(versions, column.Version)
	}
	run.Target, run.Server = strings.Join(names, ", "), strings.Join(versions, ", ")
	for _, row := range r.Rows {
		requirement := steps.Requirement{
			ID: row.ID, Title: row.Title, Area: row.Group, Level: steps.Must, Cases: len(row.Cells),
			Sources: []string{"features/CONTRACT.md"},
		}
		run.Choice.Chosen = append(run.Choice.Chosen, row.ID)
		for n, cell := range row.Cells {
			outcome := steps.Outcome{Requirement: requirement, Case: fmt.Sprintf("%s on %s", row.Variable, names[n]), Status: steps.Pass, Reason: cell.Reason, Started: started}
			change, allowed := r.changeOf(row.ID, names[n])
			switch {
			case cell.Winner == Unsupported:
				outcome.Status = steps.Unsupported
			case cell.Winner == Failed:
				outcome.Status = steps.Errored
			case change != nil && allowed:
				outcome.Status, outcome.Reason = steps.Known, change.Reason
			case change != nil:
				outcome.Status = steps.Fail
				outcome.Failure = &steps.Failure{Step: row.Title, Wanted: change.Was.String(), Got: change.Is.String(), Remedy: change.Reason}
				outcome.Reason = outcome.Failure.Error()
			}
			run.Outcomes = append(run.Outcomes, outcome)
		}
	}
	run.Choice.Total = len(run.Choice.Chosen)
	return run
}

// changeOf returns the change of a cell against the baseline, and whether it is
// allowed; nil for none.
func (r Report) changeOf(row, target string) (change *Change, allowed bool) {
	if r.Comparison == nil {
		return nil, false
	}
	is := func(c Change) bool { return c.Row == row && c.Target == target }
	if n := slices.IndexFunc(r.Comparison.Changes, is); n >= 0 {
		return &r.Comparison.Changes[n], false
	}
	if n := slices.IndexFunc(r.Comparison.Allowed, is); n >= 0 {
		return &r.Comparison.Allowed[n], true
	}
	return nil, false
}

// String says who won, and with which value.
func (c Cell) String() string {
	if c.Value == "" {
		return string(c.Winner)
	}
	return string(c.Winner) + ", " + c.Value
}
