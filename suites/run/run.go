// SPDX-License-Identifier: MPL-2.0

// Package run carries out the features against a target: its configuration, the
// choice of requirements, the run itself and its summary.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cucumber/godog"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/deviations"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// closeTimeout bounds ending the servers of a run, also after a Ctrl-C.
const closeTimeout = 30 * time.Second

// Run carries out the chosen features against the target that the configuration
// names; see Against.
func Run(ctx context.Context, config Config, progress *Progress) (_ report.Run, err error) {
	target, err := targets.Parse(config.Target, targets.Options{PluginDir: config.PluginDir, ThisServer: config.YesThisServer})
	if err != nil {
		return report.Run{}, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, target.Close(closing))
	}()
	return Against(ctx, config, target, progress)
}

// Against carries out the chosen features and gives the result. The caller
// closes the target; config.Target is not looked at. An error means that there
// is no result: the configuration is wrong, or the target or a plugin could not
// be made ready. Ending ctx ends the run: scenarios that have begun remove what
// they made, the others are not begun, the result says so.
func Against(ctx context.Context, config Config, target steps.Target, progress *Progress) (report.Run, error) {
	all, err := steps.Requirements(features.FS)
	if err != nil {
		return report.Run{}, fmt.Errorf("read the features: %w", err)
	}
	chosen, err := choose(all, config.Only, config.Area, config.Level, config.Tags)
	if err != nil {
		return report.Run{}, err
	}
	if config.Concurrency < 1 {
		return report.Run{}, &configError{fmt.Errorf("--concurrency %d: at least one scenario must run at a time", config.Concurrency)}
	}
	if err := chosen.count(features.FS); err != nil {
		return report.Run{}, err
	}
	commands, err := commandLine(config.CLI)
	if err != nil {
		return report.Run{}, err
	}
	identity, err := expected(config.ExpectDialect)
	if err != nil {
		return report.Run{}, err
	}
	// What the user has to repair is found by now: the rest takes a while.
	plugins, err := samplePlugins(ctx, target, config.Plugins, progress)
	if err != nil {
		return report.Run{}, err
	}
	progress.say("starting %s", target.Name())
	if config.ExpectDialect == "" {
		if identity, err = steps.Ask(ctx, target); err != nil {
			return report.Run{}, err
		}
	}
	known, err := knownOf(target, identity)
	if err != nil {
		return report.Run{}, err
	}
	return execute(ctx, config, chosen, known, steps.Config{
		Features: features.FS, Target: target, Plugins: plugins,
		CommandLine: commands, Identity: identity,
	}, progress)
}

// expected is what the user says that the server is; the zero Identity if nothing
// is said.
func expected(dialect string) (steps.Identity, error) {
	if dialect == "" {
		return steps.Identity{}, nil
	}
	identity, err := steps.ParseIdentity(dialect)
	if err != nil {
		return steps.Identity{}, &configError{fmt.Errorf("--expect-dialect: %w", err)}
	}
	return identity, nil
}

// knownOf gives the known deviations of the target's servers. The mock has none,
// whatever server it behaves like: what it does wrong is to be repaired.
func knownOf(target steps.Target, server steps.Identity) (deviations.List, error) {
	if targets.Reference(target) {
		return nil, nil
	}
	list, err := deviations.Known()
	return list.Of(server), err
}

// execute hands the features to godog and gathers the outcomes.
func execute(ctx context.Context, config Config, chosen selection, known deviations.List, stepsConfig steps.Config, progress *Progress) (report.Run, error) {
	seed := config.Seed
	for seed == 0 {
		seed = rand.Int64N(1_000_000)
	}
	result := report.Run{
		Target: stepsConfig.Target.Name(), Server: stepsConfig.Identity.String(), CommandLine: config.CLI,
		Seed: seed, Concurrency: config.Concurrency, Started: time.Now(),
	}
	var mu sync.Mutex
	stepsConfig.Observe = func(outcome steps.Outcome) {
		outcome = known.Mark(outcome)
		mu.Lock()
		result.Outcomes = append(result.Outcomes, outcome)
		mu.Unlock()
		progress.ended(outcome)
	}
	suite, err := steps.NewSuite(stepsConfig)
	if err != nil {
		return report.Run{}, err
	}
	godogSuite := godog.TestSuite{
		Name:                "plugproof",
		ScenarioInitializer: suite.InitializeScenario,
		Options: &godog.Options{
			FS: stepsConfig.Features, Paths: chosen.files, Tags: chosen.tags,
			// Outcomes are gathered by steps; the formatter's text is not used.
			Format: "progress", Output: io.Discard, NoColors: true,
			Strict: true, Randomize: seed, Concurrency: config.Concurrency, DefaultContext: ctx,
		},
	}
	progress.begin(chosen.scenarios)
	// The outcomes say more than godog's exit code: it knows no ERROR.
	godogSuite.Run()
	progress.finish()
	result.Duration = time.Since(result.Started)
	result.Interrupted = ctx.Err() != nil
	if result.Interrupted {
		return result, nil
	}
	for _, missed := range known.Missed(result.Outcomes) {
		result.Missed = append(result.Missed, missed.String())
	}
	return result, nil
}
