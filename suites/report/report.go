// SPDX-License-Identifier: MPL-2.0

// Package report holds the result of a conformance run and the forms in which it
// is told. Run is the model; each form, for people or machines, is a function
// over it.
package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// Run is a whole conformance run, or what came of comparing servers: then its
// requirements stand for cases or rows.
type Run struct {
	// Kind says what the requirements stand for; empty is requirements.
	Kind Kind
	// Program is the version of plugproof that made it; empty is unknown.
	Program string
	// Features is the digest of the requirements, sha256:HEX; empty is unknown.
	Features string
	// Target is how the user named it, Server what it says it is.
	Target, Server string
	// Plugin names the plugin that was checked; empty if the server was.
	Plugin string
	// CommandLine is the path of a real vault or bao; empty is our own.
	CommandLine string
	// Seed reproduces the order of scenarios.
	Seed int64
	// Concurrency is how many scenarios ran side by side.
	Concurrency int
	// Started and Duration are its time on the clock.
	Started  time.Time
	Duration time.Duration
	// Interrupted is set when it was ended before all scenarios had run.
	Interrupted bool
	// Stopped says why it was ended early, if not by the user: at its first
	// failure, or when its time was over.
	Stopped string
	// Choice is what was chosen of all requirements.
	Choice Choice
	// Missed names known deviations of the server that did not happen, although
	// their requirements were checked.
	Missed []string
	// Outcomes are one a scenario, in the order in which they ended.
	Outcomes []steps.Outcome
	// Earlier are the outcomes that a retry replaced, in the order in which they
	// ended.
	Earlier []steps.Outcome
}

// Verdict is what a requirement came to over all its scenarios.
type Verdict struct {
	Requirement steps.Requirement
	// Status is the worst of its scenarios.
	Status steps.Status
	// Outcomes are its scenarios, by name.
	Outcomes []steps.Outcome
	// Duration is their sum.
	Duration time.Duration
	// Flaky is set if it holds now and did not at an earlier attempt.
	Flaky bool
	// Earlier are the outcomes that a retry replaced.
	Earlier []steps.Outcome
}

// severity orders statuses: the requirement has the most severe of its cases.
// A case that passed counts more than one that is about another product.
func severity(status steps.Status) int {
	return slices.Index([]steps.Status{steps.Skip, steps.Pass, steps.Unsupported, steps.Known, steps.Errored, steps.Fail}, status)
}

// Verdicts returns one verdict for each requirement, by identifier.
func (r Run) Verdicts() []Verdict {
	byID := make(map[string]*Verdict)
	for _, outcome := range r.Outcomes {
		id := outcome.Requirement.ID
		verdict, ok := byID[id]
		if !ok {
			verdict = &Verdict{Requirement: outcome.Requirement, Status: outcome.Status}
			byID[id] = verdict
		}
		if severity(outcome.Status) > severity(verdict.Status) {
			verdict.Status = outcome.Status
		}
		verdict.Outcomes = append(verdict.Outcomes, outcome)
		verdict.Duration += outcome.Duration
	}
	for _, outcome := range r.Earlier {
		if verdict, ok := byID[outcome.Requirement.ID]; ok {
			verdict.Earlier = append(verdict.Earlier, outcome)
			verdict.Flaky = verdict.Status == steps.Pass
		}
	}
	verdicts := make([]Verdict, 0, len(byID))
	for _, verdict := range byID {
		slices.SortFunc(verdict.Outcomes, func(a, b steps.Outcome) int { return cmp.Compare(a.Case, b.Case) })
		verdicts = append(verdicts, *verdict)
	}
	slices.SortFunc(verdicts, func(a, b Verdict) int { return cmp.Compare(a.Requirement.ID, b.Requirement.ID) })
	return verdicts
}

// Statuses lists them in the order of tables.
func Statuses() []steps.Status {
	return []steps.Status{steps.Pass, steps.Fail, steps.Known, steps.Errored, steps.Skip, steps.Unsupported}
}

// Count counts verdicts by status.
func Count(verdicts []Verdict) map[steps.Status]int {
	counts := make(map[steps.Status]int)
	for _, verdict := range verdicts {
		counts[verdict.Status]++
	}
	return counts
}

// Deviations are the failed requirements that are binding.
func Deviations(verdicts []Verdict) []Verdict {
	return slices.DeleteFunc(slices.Clone(verdicts), func(v Verdict) bool {
		return v.Status != steps.Fail || v.Requirement.Level != steps.Must
	})
}

// The exit codes of a run.
const (
	// ExitConforms: something was checked, and all of it holds or is a known
	// deviation of the server.
	ExitConforms = 0
	// ExitDeviates: at least one requirement of level must failed. What only
	// should or may be so is shown, and is not a deviation (RFC 2119).
	ExitDeviates = 1
	// ExitUsage: the command line or the configuration is wrong.
	ExitUsage = 2
	// ExitBroken: the harness or the target failed, the run was interrupted, or
	// nothing could be checked, so that it proves nothing.
	ExitBroken = 3
)
