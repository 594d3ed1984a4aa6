// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// standIn marks recordings of code that is no server: what they say of the
// server's own version and log has no meaning.
const standIn = "oracle"

// Check runs one case of the recording and compares its steps. The error is as
// that of Runner.Run, except that a server which can't be had is a result.
func (r *Runner) Check(ctx context.Context, id string, c *Case) ([]Result, error) {
	answers, err := r.Run(ctx, c)
	if errors.Is(err, ErrUnsupported) {
		return unsupported(id, c, err), nil
	}
	var out []Result
	// What was answered before a failure still tells something.
	for i, have := range answers.Got {
		e := c.Steps[i]
		if !e.Step.Compared() {
			continue
		}
		res := Result{Case: id, Area: c.Area, Step: i + 1, Kind: e.Step.Kind(), Request: e.Step.Request()}
		switch {
		case e.Got.Empty():
			res.Outcome = Uncompared
		case have.Empty():
			res.Outcome, res.Reason = Unsupported, "there is no command line to run this with"
		default:
			res.Differences = Compare(e.Got, have)
			res.Outcome = Equal
			if len(res.Differences) > 0 {
				res.Outcome = Different
			}
		}
		out = append(out, res)
	}
	if c.Log != nil && answers.Log != nil && !slices.Equal(*c.Log, *answers.Log) {
		out = append(out, Result{
			Case: id, Area: c.Area, Kind: "log", Request: "what the server logged about conflicts", Outcome: Different,
			Differences: []Difference{{Path: "log", Want: compact(*c.Log), Have: compact(*answers.Log)}},
		})
	}
	return out, err
}

func unsupported(id string, c *Case, err error) []Result {
	var out []Result
	for i, e := range c.Steps {
		if e.Step.Compared() && !e.Got.Empty() {
			out = append(out, Result{
				Case: id, Area: c.Area, Step: i + 1, Kind: e.Step.Kind(), Request: e.Step.Request(),
				Outcome: Unsupported, Reason: err.Error(),
			})
		}
	}
	return out
}

// Options of a replay. The zero Options replay everything, one case at a time.
type Options struct {
	// Select tells which cases to run; nil runs all.
	Select func(id string, c *Case) bool
	// Parallel is how many cases run at a time; one if zero.
	Parallel int
	// Done is called after each case, from several goroutines; may be nil.
	Done func(id string)
}

// Replay runs the cases of a recording and compares all answers. It ends early
// only when ctx does; what fails stands in the report.
func (r *Runner) Replay(ctx context.Context, name string, rec *Recording, opts Options) *Report {
	report := &Report{Recording: name, Target: r.Starter.Name(), Errors: map[string]string{}}
	var mu sync.Mutex
	each(ctx, rec, opts, func(id string, c *Case) {
		results, err := r.Check(ctx, id, c)
		mu.Lock()
		defer mu.Unlock()
		report.Results = append(report.Results, results...)
		if err != nil {
			report.Errors[id] = err.Error()
		}
	})
	return report
}

// each calls do for the selected cases, some at a time.
func each(ctx context.Context, rec *Recording, opts Options, do func(string, *Case)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, max(1, opts.Parallel))
	for _, id := range rec.IDs() {
		c := rec.Cases[id]
		if opts.Select != nil && !opts.Select(id, c) {
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wg.Go(func() {
			defer func() { <-slots }()
			do(id, c)
			if opts.Done != nil {
				opts.Done(id)
			}
		})
	}
}
