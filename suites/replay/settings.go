// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/build"
	"github.com/plugproof/plugproof/suites/targets"
)

// Failure is a command's error with the exit code that it stands for.
type Failure struct {
	// Code is 1 for differences, 2 for wrong usage, 3 for what failed.
	Code int
	Err  error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (f *Failure) Unwrap() error { return f.Err }

// ExitCode is what the program ends with.
func (f *Failure) ExitCode() int { return f.Code }

// Usage makes a Failure of what the user can repair on the command line.
func Usage(err error) error { return &Failure{Code: 2, Err: err} }

// ErrDifferent is the cause of a Failure with code 1.
var ErrDifferent = errors.New("the answers differ")

// ErrInterrupted is the cause of a Failure of work that was ended from outside.
var ErrInterrupted = errors.New("interrupted")

// interrupted puts the end of ctx in the place of the failures that came of it.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return &Failure{Code: 3, Err: ErrInterrupted}
}

// Settings are the flags that say how cases are run.
type Settings struct {
	// Plugins is the folder with probe and probe-v4; empty builds them.
	Plugins string
	// CLI is a vault or bao program for cli steps; empty is our own command line.
	CLI string
	// Parallel is how many cases run at a time.
	Parallel int
	// OneServer lets the cases share one server.
	OneServer bool
	// Options are the target's.
	Options targets.Options
}

// AddFlags adds the flags.
func (s *Settings) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.Plugins, "plugins", "", "`FOLDER` with the binaries probe and probe-v4; without it they are built")
	flags.StringVar(&s.CLI, "cli", "", "a vault or bao program (`PATH`) for the steps on the command line; our own without it")
	s.Parallel = 2
	flags.Var((*fromOne)(&s.Parallel), "parallel", "how many cases run at a time")
	flags.BoolVar(&s.OneServer, "one-server", false, "let the cases share a server, as one that is already running must; for single cases")
	flags.StringVar(&s.Options.PluginDir, "plugin-dir", "", "plugin directory (`PATH`) of a server that is already running")
	flags.BoolVar(&s.Options.ThisServer, "this-server", false, "use a running server although it is no development server on loopback")
}

// fromOne is a number on the command line that is at least 1.
type fromOne int

func (n *fromOne) String() string { return strconv.Itoa(int(*n)) }

// Type is what help calls the value.
func (n *fromOne) Type() string { return "int" }

// Set refuses what is no such number.
func (n *fromOne) Set(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 {
		return errors.New("it must be a whole number from 1 on")
	}
	*n = fromOne(number)
	return nil
}

// Runner makes a runner for the target of that name, to be ended with Close.
// Building the plugins, if it takes long, is told to progress.
func (s *Settings) Runner(ctx context.Context, target string, progress io.Writer) (*Runner, error) {
	binaries, err := s.binaries(ctx, progress)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	t, err := targets.Parse(target, s.Options)
	if err != nil {
		return nil, err
	}
	r := &Runner{Target: t, Shared: s.OneServer, Binaries: binaries, CommandLine: steps.OwnCommandLine{}}
	if s.CLI != "" {
		r.CommandLine = steps.BinaryCommandLine{Path: s.CLI}
	}
	return r, nil
}

// binaryNames are the files that the cases find in the plugin directory.
func binaryNames() []string { return []string{"probe", "probe-v4"} }

func (s *Settings) binaries(ctx context.Context, progress io.Writer) (map[string]string, error) {
	if s.Plugins == "" {
		found, err := build.Plugins(ctx, build.Options{Names: binaryNames(), Progress: progress})
		if err != nil {
			return nil, &Failure{Code: 3, Err: err}
		}
		return found, nil
	}
	found := map[string]string{}
	for _, name := range binaryNames() {
		path, err := filepath.Abs(filepath.Join(s.Plugins, name))
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return nil, Usage(fmt.Errorf("--plugins: %w", err))
		}
		found[name] = path
	}
	return found, nil
}

// Close ends the runner's servers and adds a failure of that to err. If ctx
// ended, err becomes ErrInterrupted.
func (r *Runner) Close(ctx context.Context, err error) error {
	return errors.Join(interrupted(ctx, err), r.Target.Close(context.WithoutCancel(ctx)))
}

// Record has a target answer the cases, and shows its progress.
func (s *Settings) Record(ctx context.Context, target string, cases map[string]*Case, stderr io.Writer) (_ *Recording, err error) {
	runner, err := s.Runner(ctx, target, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = runner.Close(ctx, err) }()
	done, end := Progress(stderr, len(cases))
	defer end()
	rec, err := runner.Record(ctx, cases, Options{Parallel: s.Parallel, Done: done})
	if err != nil {
		return nil, &Failure{Code: 3, Err: fmt.Errorf("recording %s: %w", target, err)}
	}
	return rec, nil
}
