// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/plugproof/plugproof/suites/replay"
)

// shrink drops requests, then parts of the requests that are left, as long as the
// last one is still answered differently. Each attempt has fresh servers; after limit
// attempts the shortest sequence so far is returned. An attempt that fails is taken
// for one without the difference.
func (p pair) shrink(ctx context.Context, f finding, limit int) finding {
	s := &shrinker{best: f, attempts: limit, compare: func(c *replay.Case) []finding {
		found, err := p.compare(ctx, c)
		if err != nil {
			return nil
		}
		return found
	}}
	s.shrink()
	return s.best
}

type shrinker struct {
	best     finding
	attempts int
	compare  func(*replay.Case) []finding
}

// shrink drops requests and parts of requests. Without the parts, more requests may
// be of no use.
func (s *shrinker) shrink() {
	for before := ""; before != s.best.String() && s.attempts > 0; {
		before = s.best.String()
		s.dropRequests()
		s.dropParts()
	}
}

// try keeps the steps if the last of them still shows the difference.
func (s *shrinker) try(exchanges []replay.Exchange) bool {
	if s.attempts == 0 {
		return false
	}
	s.attempts--
	for _, found := range s.compare(&replay.Case{Area: s.best.sequence.Area, Server: s.best.sequence.Server, Steps: exchanges}) {
		if len(found.sequence.Steps) == len(exchanges) && found.same(s.best) {
			s.best = found
			return true
		}
	}
	return false
}

// dropRequests tries to do without half of the requests before the last, then without
// a quarter, down to single ones.
func (s *shrinker) dropRequests() {
	for size := len(s.best.sequence.Steps) - 1; size > 0; size /= 2 {
		for start := len(s.best.sequence.Steps) - 1 - size; start > -size; start -= size {
			steps := s.best.sequence.Steps
			from, to := max(0, start), min(start+size, len(steps)-1)
			if from < to {
				s.try(slices.Concat(steps[:from], steps[to:]))
			}
		}
	}
}

// dropParts tries to do without a request's token, headers, wrapping and single
// fields of its body.
func (s *shrinker) dropParts() {
	for i := range s.best.sequence.Steps {
		for _, drop := range []func(*replay.Step){
			func(step *replay.Step) { step.Token = "" },
			func(step *replay.Step) { step.Headers = nil },
			func(step *replay.Step) { step.Wrap = "" },
		} {
			s.tryStep(i, drop)
		}
		var body map[string]json.RawMessage
		if json.Unmarshal(s.best.sequence.Steps[i].Step.Body, &body) != nil {
			continue
		}
		for _, name := range sortedKeys(body) {
			without := map[string]json.RawMessage{}
			for k, v := range body {
				if k != name {
					without[k] = v
				}
			}
			if s.tryStep(i, func(step *replay.Step) { step.Body = raw(without) }) {
				body = without
			}
		}
	}
}

// tryStep tries the sequence with one changed step, if the change is one.
func (s *shrinker) tryStep(i int, change func(*replay.Step)) bool {
	steps := slices.Clone(s.best.sequence.Steps)
	before := describe(steps[i].Step)
	change(&steps[i].Step)
	return describe(steps[i].Step) != before && s.try(steps)
}
