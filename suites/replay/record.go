// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// Record runs cases and returns a recording of the answers, with name, product and
// version of the server, the time and the digest of the cases. Cases that the target
// can't run stand in it without answers; it is an error if that are all of them,
// and so is any other failure.
func (r *Runner) Record(ctx context.Context, cases map[string]*Case, opts Options) (*Recording, error) {
	digest, err := Digest(cases)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	out := &Recording{Recorded: &now, Digest: digest, Cases: map[string]*Case{}}
	var mu sync.Mutex
	var failures, unsupported []error
	each(ctx, cases, opts, func(id string, c *Case) {
		answers, err := r.Run(ctx, c)
		recorded := *c
		recorded.Steps = make([]Exchange, len(c.Steps))
		for i := range c.Steps {
			recorded.Steps[i].Step = c.Steps[i].Step
			if i < len(answers.Got) {
				recorded.Steps[i].Got = answers.Got[i]
			}
		}
		recorded.Log = answers.Log
		mu.Lock()
		defer mu.Unlock()
		out.Cases[id] = &recorded
		if answers.Version != "" {
			out.Version = answers.Version
		}
		switch {
		case errors.Is(err, steps.ErrUnsupported):
			unsupported = append(unsupported, err)
		case err != nil:
			failures = append(failures, fmt.Errorf("%s: %w", id, err))
		}
	})
	if len(unsupported) > 0 && len(unsupported) == len(cases) {
		failures = append(failures, fmt.Errorf("no case could be carried out: %w", unsupported[0]))
	}
	// Not knowing the product is not a failure: it matters only to lists of deviations.
	if identity, err := steps.Identify(ctx, r.Target); err == nil {
		out.Product = identity.Product
	}
	out.Server, out.Target = r.Target.Name(), r.Target.Name()
	if out.Version != "" {
		out.Server += " " + out.Version
	}
	return out, errors.Join(append(failures, ctx.Err())...)
}

// Text is the recording as its file holds it.
func (r *Recording) Text() ([]byte, error) {
	text, err := indented(r)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return text, nil
}
