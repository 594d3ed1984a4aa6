// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"fmt"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/progress"
	"github.com/plugproof/plugproof/suites/targets"
	"github.com/plugproof/plugproof/suites/vaultcli"
)

// Settings say how cases are run.
type Settings struct {
	// Plugins is a directory with the sample plugins; for an empty one, build.Find
	// says where they come from.
	Plugins string
	// CLI is a vault or bao program for cli steps; empty is our own command line.
	CLI string
	// Concurrency is how many cases run at a time; 0 is one.
	Concurrency int
	// Progress shows how far the cases are; nil shows nothing.
	Progress *progress.Line
	// OneServer lets the cases share one server.
	OneServer bool
	// Options are the target's.
	Options targets.Options
}

// Runner makes a runner for the target of that name, to be ended with Close.
func (s *Settings) Runner(ctx context.Context, target string) (*Runner, error) {
	options := s.Options
	options.StartOnce = true // a case says what the server answers
	t, err := targets.Parse(target, options)
	if err != nil {
		return nil, err
	}
	// The cases find these in the plugin directory.
	names := []string{"probe", "probe-v4"}
	binaries, err := build.Find(ctx, s.Plugins, build.Options{Names: names, Stage: s.Progress.Stage})
	if err != nil {
		return nil, err
	}
	r := &Runner{Target: t, Shared: s.OneServer, Binaries: binaries, CommandLine: vaultcli.CommandLine{}}
	if s.CLI != "" {
		r.CommandLine = steps.BinaryCommandLine{Path: s.CLI}
	}
	return r, nil
}

// Close ends the runner's servers and adds a failure of that to err. If ctx has
// ended, its error replaces err, which is a consequence.
func (r *Runner) Close(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return errors.Join(err, r.Target.Close(context.WithoutCancel(ctx)))
}

// Replay has a target answer a recording's cases and compares the answers.
func (s *Settings) Replay(ctx context.Context, target, name string, rec *Recording) (_ *Report, err error) {
	runner, err := s.Runner(ctx, target)
	if err != nil {
		return nil, err
	}
	defer func() { err = runner.Close(ctx, err) }()
	return runner.Replay(ctx, name, rec, s.options(len(rec.Cases))), ctx.Err()
}

// options count the cases on the progress line.
func (s *Settings) options(cases int) Options {
	s.Progress.Begin(cases, "cases")
	return Options{Parallel: s.Concurrency, Done: func(id string) { s.Progress.Step(id, false) }}
}

// Record has a target answer the cases.
func (s *Settings) Record(ctx context.Context, target string, cases map[string]*Case) (_ *Recording, err error) {
	runner, err := s.Runner(ctx, target)
	if err != nil {
		return nil, err
	}
	defer func() { err = runner.Close(ctx, err) }()
	rec, err := runner.Record(ctx, cases, s.options(len(cases)))
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", target, err)
	}
	return rec, nil
}
