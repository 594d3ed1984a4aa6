// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/plugproof/plugproof/steps"
)

// Check runs one case of the recording and compares its steps. The error is as
// that of Runner.Run, except that a server which can't be had is a result.
func (r *Runner) Check(ctx context.Context, id string, c *Case) ([]Result, error) {
	answers, err := r.Run(ctx, c)
	if errors.Is(err, steps.ErrUnsupported) {
		return unsupported(id, c, err), nil
	}
	var out []Result
	// What was answered before a failure still says something.
	for i, have := range answers.Got {
		if e := c.Steps[i]; e.Step.Compared() {
			out = append(out, compareStep(id, c, i, have, answers.Version))
		}
	}
	if c.Log != nil && answers.Log != nil && !slices.Equal(*c.Log, *answers.Log) {
		out = append(out, Result{
			Case: id, Area: c.Area, Kind: "log", Request: "what the server logged about conflicts", Outcome: Different,
			Differences: []Difference{{Path: "log", Want: compact(*c.Log), Have: compact(*answers.Log)}},
		})
	}
	return out, err
}

func compareStep(id string, c *Case, i int, have Answer, version string) Result {
	e := c.Steps[i]
	res := Result{Case: id, Area: c.Area, Step: i + 1, Kind: e.Step.Kind(), Request: e.Step.Request()}
	want := e.Got
	switch {
	case want.Empty():
		res.Outcome = Uncompared
		return res
	case have.Empty():
		res.Outcome, res.Reason = Unsupported, "there is no command line to run this with"
		return res
	}
	want.Body = named(want.Body, version)
	res.Differences = Compare(want, have)
	res.Outcome = Equal
	if len(res.Differences) > 0 {
		res.Outcome = Different
	}
	return res
}

// standIn is the version that a recording names if code rather than a server
// was recorded; it stands for the version of whatever server is compared.
const standIn = "oracle"

func named(v any, version string) any {
	switch v := v.(type) {
	case string:
		if v == standIn {
			return version
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = named(v[k], version)
		}
		return out
	}
	return v
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
	// Parallel is how many cases run at a time; one if zero.
	Parallel int
	// Done is called after each case, from several goroutines; may be nil.
	Done func(id string)
}

// Replay runs the cases of a recording and compares all answers. It ends early
// only when ctx does; what fails stands in the report.
func (r *Runner) Replay(ctx context.Context, name string, rec *Recording, opts Options) *Report {
	report := &Report{Results: []Result{}, Recording: name, Target: r.Target.Name(), Errors: map[string]string{}}
	var mu sync.Mutex
	each(ctx, rec.Cases, opts, func(id string, c *Case) {
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

// each calls do for the cases, some at a time.
func each(ctx context.Context, cases map[string]*Case, opts Options, do func(string, *Case)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, max(1, opts.Parallel))
	for _, id := range slices.Sorted(maps.Keys(cases)) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		wg.Go(func() {
			defer func() { <-slots }()
			do(id, cases[id])
			if opts.Done != nil {
				opts.Done(id)
			}
		})
	}
}
