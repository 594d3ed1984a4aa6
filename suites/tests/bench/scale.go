// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// window is how many of the last mounts the time of a mount is the median of.
const window = 20

// scaleLimit is how long a server may take to make all mounts. One that slows down
// with their number would take hours.
const scaleLimit = 5 * time.Minute

// counts returns the numbers of mounts at which figures are taken: powers of ten from
// 100 to below most, and most.
func counts(most int) []int {
	var all []int
	for n := 100; n < most; n *= 10 {
		all = append(all, n)
	}
	return append(all, most)
}

// level is what a server is like with a number of mounts.
type level struct {
	mounts      int
	mount, list []time.Duration
	// memory is in MB.
	memory      float64
	descriptors int
}

// measureScale measures many mounts of one multiplexed plugin: what the last of each
// number of them took, beside those of the first number, which says whether the time
// is flat, and what one costs in memory and in descriptors. The memory is the slope
// between the last two numbers, because of a few mounts it is mostly garbage that is
// not collected yet, and collections of other programs can't be asked for.
func measureScale(ctx context.Context, set settings, of program, p *subject, t *table) error {
	s, err := of.start(ctx, p)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.register(ctx, p); err != nil {
		return err
	}
	wanted := counts(set.mounts)
	levels, err := s.mountMany(ctx, wanted)
	if err != nil {
		return err
	}
	t.scale(wanted, levels)
	return nil
}

// mountMany mounts the plugin as many times as the last of the counts says, or as the
// limits of the machine let it, and returns the levels on the way.
func (s *server) mountMany(ctx context.Context, counts []int) ([]level, error) {
	var levels []level
	var times []time.Duration
	begin := time.Now()
	for _, count := range counts {
		for len(times) < count {
			took, err := clock(func() error { return s.mount(ctx, fmt.Sprintf("m%d", len(times))) })
			if err != nil && isLimit(err) || time.Since(begin) > scaleLimit {
				break
			}
			if err != nil {
				return nil, err
			}
			times = append(times, took)
		}
		if len(times) < window {
			return nil, fmt.Errorf("only %d mounts could be made", len(times))
		}
		l := level{mounts: len(times), mount: times[len(times)-window:], memory: s.memory(), descriptors: s.descriptors()}
		for range 5 {
			took, err := clock(func() error { return s.call(ctx, "GET", "sys/mounts", nil) })
			if err != nil {
				return nil, err
			}
			l.list = append(l.list, took)
		}
		levels = append(levels, l)
		if len(times) < count {
			break
		}
	}
	return levels, nil
}

// isLimit reports whether a mount failed because server or plugin ran out of
// descriptors.
func isLimit(err error) bool { return strings.Contains(err.Error(), "too many open files") }

// scale adds the rows of the wanted numbers of mounts. Where a server did not get so
// far, the row says how many it made instead.
func (t *table) scale(wanted []int, levels []level) {
	first, last := levels[0], levels[len(levels)-1]
	for i, count := range wanted {
		if i >= len(levels) {
			t.rows = append(t.rows, row{what: fmt.Sprintf("mount number %d (not reached)", count), unit: unitTime},
				row{what: fmt.Sprintf("list of %d mounts (not reached)", count), unit: unitTime})
			continue
		}
		l, reached := levels[i], fmt.Sprint(count)
		if l.mounts < count {
			reached = fmt.Sprintf("%d (of %d)", l.mounts, count)
		}
		mount, list := row{what: "mount number " + reached}, row{what: fmt.Sprintf("list of %s mounts", reached)}
		if i == 0 {
			mount.aim = "< 2.5 ms"
			t.times(mount, l.mount, nil)
			t.times(list, l.list, nil)
			continue
		}
		mount.aim, list.aim = "<= 1.5 x", "<= 1.5 x"
		t.times(mount, l.mount, first.mount)
		t.times(list, l.list, scaled(first.list, float64(l.mounts)/float64(first.mounts)))
	}
	before := first
	if len(levels) > 1 {
		before = levels[len(levels)-2]
	}
	more := max(1, float64(last.mounts-before.mounts))
	t.memory(row{what: fmt.Sprintf("memory of a mount, from %d to %d", before.mounts, last.mounts), aim: "< 43 KB"}, (last.memory-before.memory)/more, unitSmall)
	t.count(row{what: "descriptors of a mount"}, float64(last.descriptors-before.descriptors)/more, 0)
}

// scaled returns what times would be if they grew with the number of mounts.
func scaled(times []time.Duration, by float64) []time.Duration {
	out := make([]time.Duration, len(times))
	for i, d := range times {
		out[i] = time.Duration(float64(d) * by)
	}
	return out
}
