// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cucumber/godog"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
)

// Execution is how the chosen requirements are run. The zero value runs all of
// them once.
type Execution struct {
	// Set names a set of requirements: see Sets. Empty is none.
	Set string
	// Rerun is an earlier result; if it is set, only what failed or broke in it
	// runs. RerunFile is what it is called in reports.
	Rerun     *report.Run
	RerunFile string
	// Shard is the part to run. Requirements are spread over the shards by the
	// times of ShardTimes, an earlier result, or evenly without one.
	Shard      report.Shard
	ShardTimes *report.Run
	// Retry is how often a requirement that failed or broke is tried again.
	Retry int
	// FailFast ends the run at the first failure of a requirement of level must.
	FailFast bool
	// Timeout ends the run; 0 is none.
	Timeout time.Duration
	// Deviations is a file with failures that are known; empty is none.
	Deviations string
	// RequireAll makes a run inconclusive that leaves requirements out or could
	// not check some.
	RequireAll bool
	// Trace records what goes between the mock in this process and its plugins; nil is
	// nobody.
	Trace *trace.Recorder
	// Origins says where settings came from, for reports: area from
	// plugproof.yaml:3.
	Origins map[string]string
	// Program is the version of the program, for reports.
	Program string
}

// errFirstFailure and errTime end a run early.
var (
	errFirstFailure = errors.New("stopped at the first failure (--fail-fast)")
	errTime         = errors.New("the time of --timeout was over")
)

// replacedError ends a run in which a plugin's binary was replaced: what came before and
// after is of two plugins.
type replacedError struct{ error }

// narrow applies the set, the earlier result and the shard to a selection, and
// returns what was chosen.
func (e Execution) narrow(chosen *selection, all []steps.Requirement) (report.Choice, error) {
	choice := report.Choice{
		Set: e.Set, Rerun: e.RerunFile, Shard: e.Shard, Origins: e.Origins, Total: len(all), RequireAll: e.RequireAll,
	}
	if err := e.applySet(chosen, all); err != nil {
		return choice, err
	}
	if e.Rerun != nil {
		failed := failedIn(*e.Rerun)
		if len(failed) == 0 {
			return choice, usage.Errorf("--rerun-failed %s: nothing failed in it", e.RerunFile)
		}
		chosen.keep(func(id string) bool { return slices.Contains(failed, id) })
	}
	if len(chosen.ids) == 0 {
		return choice, usage.Errorf("no requirement is left: the conditions have none in common")
	}
	choice.Chosen = slices.Clone(chosen.ids)
	if e.Shard == (report.Shard{}) {
		return choice, nil
	}
	mine, err := part(chosen.ids, e.Shard, e.ShardTimes)
	if err != nil {
		return choice, err
	}
	chosen.keep(func(id string) bool { return slices.Contains(mine, id) })
	return choice, nil
}

// failedIn returns the identifiers of what failed or broke in a run, of what was not
// checked for another failure's sake, and of what was not run because it ended early.
func failedIn(run report.Run) []string {
	var ids []string
	ran := map[string]bool{}
	for _, v := range run.Verdicts() {
		ran[v.Requirement.ID] = true
		if v.Status == steps.Fail || v.Status == steps.Errored || v.FollowsFailure() || slices.ContainsFunc(v.Outcomes, steps.Outcome.NotRun) {
			ids = append(ids, v.Requirement.ID)
		}
	}
	if run.Interrupted {
		for _, id := range run.Choice.Chosen {
			if !ran[id] {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// part returns the identifiers of one shard: disjoint from the other shards', all
// together the whole, and the same for the same input. The longest go first, each
// to the shard that has the least to do.
func part(ids []string, shard report.Shard, times *report.Run) ([]string, error) {
	if shard.Count < 1 || shard.Index < 1 || shard.Index > shard.Count {
		return nil, usage.Errorf("--shard %d/%d: want INDEX/COUNT with an index from 1 to the count, as 2/3", shard.Index, shard.Count)
	}
	took := map[string]time.Duration{}
	if times != nil {
		for _, v := range times.Verdicts() {
			took[v.Requirement.ID] = v.Duration
		}
	}
	sorted := slices.Clone(ids)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Or(cmp.Compare(took[b], took[a]), cmp.Compare(a, b))
	})
	load := make([]time.Duration, shard.Count)
	var mine []string
	for _, id := range sorted {
		least := 0
		for i := range load {
			if load[i] < load[least] {
				least = i
			}
		}
		// A requirement whose time is unknown, or nothing, counts all the same.
		load[least] += max(took[id], 50*time.Millisecond)
		if least == shard.Index-1 {
			mine = append(mine, id)
		}
	}
	slices.Sort(mine)
	return mine, nil
}

// execute hands the features to godog and gathers the outcomes.
func execute(ctx context.Context, config Config, plan plan, known deviations.List, stepsConfig steps.Config) (report.Run, error) {
	seed := config.Seed
	for seed == 0 {
		seed = rand.Int64N(1_000_000)
	}
	digest, err := features.Digest(stepsConfig.Features, "*.feature")
	if err != nil {
		return report.Run{}, err
	}
	result := report.Run{
		Program: config.Program, Features: digest, Choice: plan.choice,
		Target: stepsConfig.Target.Name(), Server: stepsConfig.Identity.String(), CommandLine: config.CLI,
		Seed: seed, Concurrency: config.Concurrency, Started: time.Now(),
	}
	if len(plan.chosen.ids) == 0 { // there are more shards than requirements
		return result, nil
	}
	bounded := ctx
	if config.Timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeoutCause(ctx, config.Timeout, errTime)
		defer cancel()
	}
	stopping, stop := context.WithCancelCause(bounded)
	defer stop(nil)
	a := &attempt{config: config, steps: stepsConfig, known: known, seed: seed, stop: stop}
	config.Observer.Begin(plan.chosen.scenarios)
	if result.Outcomes, err = a.run(stopping, plan.chosen); err != nil {
		return report.Run{}, err
	}
	for tries := config.Retry; tries > 0 && stopping.Err() == nil; tries-- {
		again := plan.chosen
		failed := failedIn(report.Run{Outcomes: result.Outcomes})
		again.keep(func(id string) bool { return slices.Contains(failed, id) })
		if len(again.ids) == 0 {
			break
		}
		config.Observer.Stage(fmt.Sprintf("trying %d again", len(again.ids)))
		outcomes, err := a.run(stopping, again)
		if err != nil {
			return report.Run{}, err
		}
		replaceOutcomes(&result, outcomes)
	}
	result.Outcomes = report.WithoutConsequences(result.Outcomes)
	result.Duration = time.Since(result.Started)
	result.Interrupted = stopping.Err() != nil
	if cause := context.Cause(stopping); errors.Is(cause, errFirstFailure) || errors.Is(cause, errTime) || errors.As(cause, new(*replacedError)) {
		result.Stopped = cause.Error()
		// A failure is certain, also if the rest was not tried.
		result.Interrupted = !errors.Is(cause, errFirstFailure)
	}
	if !result.Interrupted && result.Stopped == "" {
		for _, missed := range known.Missed(result.Outcomes) {
			result.Missed = append(result.Missed, fmt.Sprintf("%s (%s)", missed.String(), missed.Where()))
		}
	}
	return result, nil
}

// replaceOutcomes puts the outcomes of a later attempt in the place of those of
// the same requirements.
func replaceOutcomes(result *report.Run, later []steps.Outcome) {
	again := map[string]bool{}
	for _, outcome := range later {
		again[outcome.Requirement.ID] = true
	}
	var kept []steps.Outcome
	for _, outcome := range result.Outcomes {
		switch {
		case !again[outcome.Requirement.ID]:
			kept = append(kept, outcome)
		case outcome.Status == steps.Fail || outcome.Status == steps.Errored:
			result.Earlier = append(result.Earlier, outcome)
		}
	}
	result.Outcomes = append(kept, later...)
}

// attempt runs scenarios, once or again.
type attempt struct {
	config Config
	steps  steps.Config
	known  deviations.List
	seed   int64
	stop   context.CancelCauseFunc
}

// waitingScenarios is how many scenarios about a plugin may wait for others while as many
// run as may at a time.
const waitingScenarios = 30

func (a *attempt) run(ctx context.Context, chosen selection) ([]steps.Outcome, error) {
	var mu sync.Mutex
	var outcomes []steps.Outcome
	undecided := newUndecided(chosen)
	stepsConfig := a.steps
	stepsConfig.Tracer = tracerOf(a.config.Trace)
	concurrency := a.config.Concurrency
	if stepsConfig.Installed != nil && concurrency > 1 {
		// Those that wait for processes of the plugin are not to keep the rest waiting.
		stepsConfig.Concurrency = concurrency
		concurrency += waitingScenarios
	}
	stepsConfig.OnReplaced = func(err error) { a.stop(&replacedError{err}) }
	stepsConfig.OnOutcome = func(outcome steps.Outcome) {
		outcome = a.known.Mark(outcome)
		mu.Lock()
		outcomes = append(outcomes, outcome)
		certain := undecided.add(outcome)
		mu.Unlock()
		a.tell(certain)
	}
	suite, err := steps.NewSuite(stepsConfig)
	if err != nil {
		return nil, err
	}
	godogSuite := godog.TestSuite{
		Name:                "plugproof",
		ScenarioInitializer: suite.InitializeScenario,
		Options: &godog.Options{
			FS: stepsConfig.Features, Paths: chosen.files, Tags: chosen.tags,
			// Outcomes are gathered by steps; the formatter's text is not used.
			Format: "progress", Output: io.Discard, NoColors: true,
			Strict: true, Randomize: a.seed, Concurrency: concurrency, DefaultContext: ctx,
		},
	}
	// The outcomes say more than godog's exit code: it knows no ERROR.
	godogSuite.Run()
	a.tell(undecided.rest())
	return outcomes, nil
}

// tell tells the observer of outcomes, and ends the run where it is to end with the
// first failure.
func (a *attempt) tell(outcomes []steps.Outcome) {
	for _, outcome := range outcomes {
		a.config.Observer.Ended(outcome)
		if a.config.FailFast && outcome.Status == steps.Fail && outcome.Requirement.Level == steps.Must {
			a.stop(errFirstFailure)
		}
	}
}

// ownDeviations reads the user's list, in which an entry about a requirement that
// is neither one of all nor of the project's others is a mistake.
func ownDeviations(file string, all []steps.Requirement) (deviations.List, error) {
	if file == "" {
		return nil, nil
	}
	own, err := deviations.Load(file)
	if err != nil {
		return nil, usage.Errorf("--deviations: %w", err)
	}
	// One list may be for run and check.
	for _, command := range Commands() {
		requirements, err := requirementsFor(command)
		if err != nil {
			return nil, err
		}
		all = append(slices.Clip(all), requirements...)
	}
	for _, d := range own.Unknown(all) {
		return nil, usage.Errorf("--deviations: %s: %w", d.Where(), unknownRequirement(d.Requirement, all))
	}
	return own, nil
}

// Sets returns the named sets of requirements that a command has, run or check, and what
// they hold.
func Sets(command string) [][2]string {
	core := [2]string{"core", "every requirement of level must"}
	if command == "check" {
		return [][2]string{core}
	}
	return [][2]string{
		core,
		{"sessions", "the sessions of Vault's documentation"},
		{"upgrade", "what an upgrade of the server may change: environment, proxies, upgrades, lifecycle"},
	}
}

// unknownSet names the sets that a command has.
func unknownSet(command, name string) error {
	var names []string
	for _, set := range Sets(command) {
		names = append(names, set[0])
	}
	return usage.Errorf("--set %s: 'plugproof %s' has %s", name, command, strings.Join(names, ", "))
}

func (e Execution) applySet(chosen *selection, all []steps.Requirement) error {
	byID := map[string]steps.Requirement{}
	for _, r := range all {
		byID[r.ID] = r
	}
	switch e.Set {
	case "":
	case "core":
		chosen.keep(func(id string) bool { return byID[id].Level == steps.Must })
	case "sessions":
		chosen.keep(func(id string) bool { return byID[id].Session() })
	case "upgrade":
		areas := []string{"environment", "proxies", "upgrades", "lifecycle"}
		chosen.keep(func(id string) bool { return slices.Contains(areas, byID[id].Area) })
	default:
		return unknownSet("run", e.Set)
	}
	return nil
}
