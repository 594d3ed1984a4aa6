// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is what a run was told to check, of all the requirements that there
// are. The zero Choice is everything.
type Choice struct {
	// Only, Area, Level, Tags and Set are the conditions, as the user gave them.
	Only, Area, Level []string
	Tags, Set         string
	// Rerun is the result whose failures were run again.
	Rerun string
	// Shard is the part of a run that is split; zero is the whole.
	Shard Shard
	// Origins says where a condition came from, if not from a flag: area from
	// plugproof.yaml:3.
	Origins map[string]string
	// Chosen are the identifiers that were chosen, before the run was split;
	// Total is how many requirements there are.
	Chosen []string
	Total  int
	// RequireAll: a choice that leaves anything out proves nothing.
	RequireAll bool
}

// Shard is one of the parts of a run. Index counts from 1. The zero Shard is the
// whole run.
type Shard struct{ Index, Count int }

// mostShards is more than anybody splits some hundred requirements into.
const mostShards = 10_000

// NewShard returns the shard of that index, from 1, of so many.
func NewShard(index, count int) (Shard, error) {
	s := Shard{index, count}
	if !s.valid() {
		return Shard{}, fmt.Errorf("want INDEX/COUNT with an index from 1 to the count and at most %d shards, as 2/3", mostShards)
	}
	return s, nil
}

func (s Shard) valid() bool { return 1 <= s.Index && s.Index <= s.Count && s.Count <= mostShards }

// String returns the form of --shard: 2/3.
func (s Shard) String() string {
	if s == (Shard{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Narrowed reports whether the choice leaves requirements out.
func (c Choice) Narrowed() bool { return c.Shard.Count > 1 || len(c.Chosen) < c.Total }

// lacks reports whether what was to be run whole, all or a named set, was not.
func (c Choice) lacks() bool {
	if c.Set == "" {
		return c.Narrowed()
	}
	return c.Shard.Count > 1 || len(c.Only)+len(c.Area)+len(c.Level) > 0 || c.Tags != "" || c.Rerun != ""
}

// lines say what was chosen and by what, one condition a line.
func (c Choice) lines() []string {
	if !c.Narrowed() {
		return nil
	}
	var conditions []string
	add := func(name, value string) {
		if value == "" {
			return
		}
		if origin := c.Origins[name]; origin != "" {
			value += " (from " + origin + ")"
		}
		conditions = append(conditions, name+" "+value)
	}
	add("only", shorten(c.Only))
	add("area", strings.Join(c.Area, ","))
	add("level", strings.Join(c.Level, ","))
	add("tags", c.Tags)
	add("set", c.Set)
	add("rerun-failed", c.Rerun)
	line := fmt.Sprintf("Chosen: %d of %s", len(c.Chosen), Server.words().count(c.Total))
	if len(conditions) > 0 {
		line += ", by " + strings.Join(conditions, "; ")
	}
	if c.Shard.Count > 1 {
		line += ", of which this is shard " + c.Shard.String()
	}
	return []string{line}
}

// shorten keeps a list of identifiers within a line.
func shorten(ids []string) string {
	const most = 8
	if len(ids) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ","), len(ids)-most)
	}
	return strings.Join(ids, ",")
}

// sameChoice reports whether two shards are of the same choice.
func sameChoice(a, b Choice) bool { return a.Total == b.Total && slices.Equal(a.Chosen, b.Chosen) }
