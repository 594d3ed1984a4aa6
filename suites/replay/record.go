// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/plugproof/plugproof/suites/targets"
)

// Record runs cases and gives a recording of the answers, with name and version
// of the server, the time and the digest of the cases. Cases that the target
// can't run stand in it without answers; any other failure is an error.
func (r *Runner) Record(ctx context.Context, cases map[string]*Case, opts Options) (*Recording, error) {
	digest, err := Digest(cases)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	out := &Recording{Recorded: &now, Digest: digest, Cases: map[string]*Case{}}
	var mu sync.Mutex
	var failures []error
	each(ctx, &Recording{Cases: cases}, opts, func(id string, c *Case) {
		answers, err := r.Run(ctx, c)
		if errors.Is(err, targets.ErrUnsupported) {
			err = nil
		}
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
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", id, err))
		}
	})
	out.Server = r.Target.Name()
	if out.Version != "" {
		out.Server += " " + out.Version
	}
	return out, errors.Join(append(failures, ctx.Err())...)
}

// WriteFile writes the recording, which is there whole or not at all.
func (r *Recording) WriteFile(name string) error {
	data, err := indented(r)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".recording-")
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return os.Rename(f.Name(), name)
}
