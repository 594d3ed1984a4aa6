// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"slices"
)

// Merge joins the shards of one run. It fails if one is missing or there twice,
// if two ran the same requirement, or if they are of different runs.
func Merge(shards []Run) (Run, error) {
	if len(shards) == 0 {
		return Run{}, fmt.Errorf("there is nothing to merge")
	}
	whole := shards[0]
	count := whole.Choice.Shard.Count
	if count == 0 {
		return Run{}, fmt.Errorf("%s is not a shard: it was run without --shard", name(whole))
	}
	if !whole.Choice.Shard.valid() {
		return Run{}, fmt.Errorf("there is no shard %s", whole.Choice.Shard)
	}
	seen := make([]bool, count+1)
	ran := map[string]Shard{}
	whole.Outcomes, whole.Earlier, whole.Missed = nil, nil, nil
	for _, s := range shards {
		if err := sameRun(whole, s); err != nil {
			return Run{}, err
		}
		shard := s.Choice.Shard
		if shard.Index < 1 || shard.Index > count {
			return Run{}, fmt.Errorf("there is no shard %s", shard)
		}
		if seen[shard.Index] {
			return Run{}, fmt.Errorf("shard %s is there twice", shard)
		}
		seen[shard.Index] = true
		for _, v := range s.Verdicts() {
			id := v.Requirement.ID
			other, ok := ran[id]
			if ok && (id == s.root() || id == whole.root()) { // each shard has found out for itself
				continue
			}
			if ok {
				return Run{}, fmt.Errorf("shards %s and %s overlap: both ran %s", other, shard, id)
			}
			ran[id] = shard
		}
		whole.join(s)
	}
	if missing := missingShards(seen); len(missing) > 0 {
		return Run{}, fmt.Errorf("shards are missing: %s of %d", shorten(missing), count)
	}
	for _, id := range whole.Choice.Chosen {
		if _, ok := ran[id]; !ok && !whole.Interrupted {
			return Run{}, fmt.Errorf("%s is in no shard", id)
		}
	}
	whole.Choice.Shard = Shard{}
	// What a requirement builds on may have been in another shard.
	whole.Outcomes = WithoutConsequences(whole.Outcomes)
	return whole, nil
}

// join adds the results of a shard. The run took as long as its longest shard.
func (r *Run) join(s Run) {
	there := map[string]bool{} // what each shard has found out for itself
	for _, outcome := range r.Outcomes {
		there[outcome.Requirement.ID] = true
	}
	for _, outcome := range s.Outcomes {
		if !there[outcome.Requirement.ID] {
			r.Outcomes = append(r.Outcomes, outcome)
		}
	}
	r.Earlier = append(r.Earlier, s.Earlier...)
	for _, missed := range s.Missed {
		if !slices.Contains(r.Missed, missed) {
			r.Missed = append(r.Missed, missed)
		}
	}
	r.Interrupted = r.Interrupted || s.Interrupted
	if r.Stopped == "" {
		r.Stopped = s.Stopped
	}
	r.Duration = max(r.Duration, s.Duration)
	if s.Started.Before(r.Started) {
		r.Started = s.Started
	}
}

func sameRun(a, b Run) error {
	for _, field := range []struct{ what, a, b string }{
		{"targets", a.Target, b.Target}, {"servers", a.Server, b.Server}, {"plugins", a.Plugin, b.Plugin},
		{"requirements", a.Features, b.Features}, {"command lines", a.CommandLine, b.CommandLine},
		{"numbers of shards", fmt.Sprint(a.Choice.Shard.Count), fmt.Sprint(b.Choice.Shard.Count)},
	} {
		if field.a != field.b {
			return fmt.Errorf("the shards are of different runs: their %s differ, %q and %q", field.what, field.a, field.b)
		}
	}
	if !sameChoice(a.Choice, b.Choice) {
		return fmt.Errorf("the shards are of different runs: other requirements were chosen")
	}
	return nil
}

func missingShards(seen []bool) []string {
	var missing []string
	for index := 1; index < len(seen); index++ {
		if !seen[index] {
			missing = append(missing, fmt.Sprint(index))
		}
	}
	return missing
}

// name returns what a run is called among others.
func name(run Run) string {
	if run.Plugin != "" {
		return run.Plugin + " on " + run.Target
	}
	return run.Target
}
