// SPDX-License-Identifier: MPL-2.0

// Package conformance runs requirements against a target: those of servers with
// Run, those of plugins with Check. In go test, Test and CheckPlugin do so with a
// subtest for each requirement; package specs is for Ginkgo.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// closeTimeout bounds ending the servers of a run, also after a Ctrl-C.
const closeTimeout = 30 * time.Second

// closeWithin ends servers, or removes a plugin from one, also after an interruption.
func closeWithin(ctx context.Context, closer interface {
	Close(ctx context.Context) error
}) error {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return closer.Close(closing)
}

// Run carries out the chosen features against the target that the configuration
// names; see Against.
func Run(ctx context.Context, config Config) (_ report.Run, err error) {
	target, err := targets.Parse(config.Target, targets.Options{PluginDir: config.PluginDir, ThisServer: config.YesThisServer, Trace: sinkOf(config.Trace), StartOnce: true})
	if err != nil {
		return report.Run{}, err
	}
	defer func() { err = errors.Join(err, closeWithin(ctx, target)) }()
	return Against(ctx, config, target)
}

// Chosen returns the requirements that a run would check, without starting
// anything. Which of them apply to the server is not known yet, unless
// config.ExpectDialect says what it is.
func Chosen(config Config) ([]steps.Requirement, error) {
	planned, err := config.plan()
	if err != nil {
		return nil, err
	}
	if _, err := expected(config.ExpectDialect); err != nil {
		return nil, err
	}
	return planned.requirements(), nil
}

// plan returns what the configuration chooses of the requirements of servers.
func (c Config) plan() (plan, error) {
	asked := report.Choice{Only: c.Only, Area: c.Area, Level: c.Level, Tags: c.Tags}
	return planned("run", c.Features, asked, c.Execution)
}

// Against carries out the chosen features and returns the result. The caller
// closes the target; config.Target is not looked at. An error means that there
// is not a result: the configuration is wrong, or the target or a plugin could not
// be made ready. Ending ctx ends the run: scenarios that have begun remove what
// they made, the others are not begun, the result says so.
func Against(ctx context.Context, config Config, target steps.Target) (report.Run, error) {
	config.Concurrency = max(1, config.Concurrency)
	config.Observer = orSilent(config.Observer)
	plan, err := config.plan()
	if err != nil {
		return report.Run{}, err
	}
	commands, err := commandLine(ctx, config.CLI)
	if err != nil {
		return report.Run{}, err
	}
	identity, err := expected(config.ExpectDialect)
	if err != nil {
		return report.Run{}, err
	}
	own, err := ownDeviations(config.Deviations, plan.all)
	if err != nil {
		return report.Run{}, err
	}
	// What the user has to repair is found by now: the rest takes a while.
	plugins, err := samplePlugins(ctx, target, config)
	if err != nil {
		return report.Run{}, err
	}
	config.Observer.Stage("starting " + target.Name())
	if config.ExpectDialect == "" {
		identity, err = steps.Identify(ctx, target)
		if errors.Is(err, steps.ErrUnknownServer) {
			err = fmt.Errorf("%w; name the server that it is like with --expect-dialect", err)
		}
		if err != nil {
			return report.Run{}, err
		}
	}
	listed, err := knownOf(target)
	if err != nil {
		return report.Run{}, err
	}
	known := append(own, listed...).Of(deviations.Server{Target: target.Name(), Identity: identity})
	return execute(ctx, config, plan, known, steps.Config{
		Features: plan.features, Requirements: plan.all, Target: target, Plugins: plugins,
		CommandLine: commands, Identity: identity,
	})
}

// expected is what the user says that the server is; the zero Identity if nothing
// is said.
func expected(name string) (steps.Identity, error) {
	if name == "" {
		return steps.Identity{}, nil
	}
	known, err := dialect.Lookup(name)
	if err != nil {
		return steps.Identity{}, usage.Errorf("--expect-dialect: %w", err)
	}
	return steps.ParseIdentity(known.Name)
}

// knownOf returns the known deviations of real servers. The mock has none,
// whatever server it behaves like: what it does wrong is to be repaired.
func knownOf(target steps.Target) (deviations.List, error) {
	if targets.IsMock(target) {
		return nil, nil
	}
	return deviations.Known()
}
