// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"slices"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

// undecided holds back failures that may come of another requirement's, until that one
// has ended, so that a failure that only follows another one is not reported as one. It is for one goroutine
// at a time.
type undecided struct {
	// left counts the scenarios of each chosen requirement that have not ended.
	left  map[string]int
	ended []steps.Outcome
	held  []steps.Outcome
}

func newUndecided(chosen selection) *undecided {
	u := &undecided{left: map[string]int{}}
	for _, id := range chosen.ids {
		u.left[id] = chosen.perID[id]
	}
	return u
}

// add takes an outcome and returns those that are now certain.
func (u *undecided) add(outcome steps.Outcome) []steps.Outcome {
	u.left[outcome.Requirement.ID]--
	u.ended = append(u.ended, outcome)
	if outcome.Status != steps.Fail || len(outcome.Requirement.BuildsOn) == 0 {
		return append([]steps.Outcome{outcome}, u.decide(false)...)
	}
	u.held = append(u.held, outcome)
	return u.decide(false)
}

// rest returns the outcomes that are still held back, at the end of a run.
func (u *undecided) rest() []steps.Outcome { return u.decide(true) }

// decide returns the held outcomes of which all that they build on is known, or all.
func (u *undecided) decide(all bool) []steps.Outcome {
	if len(u.held) == 0 {
		return nil
	}
	var certain, held []steps.Outcome
	final := report.WithoutConsequences(slices.Concat(u.ended, u.held))[len(u.ended):]
	for i, outcome := range u.held {
		waits := slices.ContainsFunc(outcome.Requirement.BuildsOn, func(id string) bool { return u.left[id] > 0 })
		if all || !waits || final[i].Status != steps.Fail {
			certain = append(certain, final[i])
		} else {
			held = append(held, outcome)
		}
	}
	u.held = held
	return certain
}
