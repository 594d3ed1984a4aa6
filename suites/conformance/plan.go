// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"io/fs"
	"slices"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

// plan is what a run will check, known before anything is started.
type plan struct {
	// features are ours about servers or plugins and the user's own, all their
	// requirements.
	features fs.FS
	all      []steps.Requirement
	// chosen are those of the requirements that will run, choice says why.
	chosen selection
	choice report.Choice
}

// planned reads the features, ours that the command checks and the user's of the
// directories own, and applies the conditions that asked has and those of the execution.
// Conditions that leave nothing are usage errors.
func planned(command string, own []string, asked report.Choice, execution Execution) (plan, error) {
	about, all, err := readFeatures(command, own)
	if err != nil {
		return plan{}, err
	}
	chosen, err := choose(all, asked.Only, asked.Area, asked.Level, asked.Tags)
	if err != nil {
		return plan{}, err
	}
	if err := chosen.count(about); err != nil {
		return plan{}, err
	}
	choice, err := execution.narrow(&chosen, all)
	if err != nil {
		return plan{}, err
	}
	choice.Only, choice.Area, choice.Level, choice.Tags = asked.Only, asked.Area, asked.Level, asked.Tags
	return plan{about, all, chosen, choice}, nil
}

// requirements returns those that will be checked.
func (p plan) requirements() []steps.Requirement {
	return slices.DeleteFunc(slices.Clone(p.all), func(r steps.Requirement) bool { return !slices.Contains(p.chosen.ids, r.ID) })
}
