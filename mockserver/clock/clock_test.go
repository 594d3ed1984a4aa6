// SPDX-License-Identifier: MPL-2.0

package clock_test

import (
	"slices"
	"testing"
	"time"

	"github.com/plugproof/plugproof/mockserver/clock"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestStoppedClockStands(t *testing.T) {
	t.Parallel()
	c := clock.NewStopped(start)
	if got := c.Now(); !got.Equal(start) {
		t.Fatalf("the time is %s", got)
	}
	c.Advance(time.Hour)
	c.Advance(-time.Minute)
	if got := c.Since(start); got != time.Hour {
		t.Fatalf("after a move by an hour and one back, %s have passed", got)
	}
	if got := c.Until(start.Add(2 * time.Hour)); got != time.Hour {
		t.Fatalf("%s are left of an hour", got)
	}
}

// TestAdvanceRunsInOrder: also a function that is set while the clock moves.
func TestAdvanceRunsInOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*clock.Clock{"stopped": clock.NewStopped(start), "running": clock.New()} {
		begin := c.Now()
		var ran []string
		note := func(name string) func() {
			return func() { ran = append(ran, name+" "+c.Since(begin).Round(time.Minute).String()) }
		}
		c.AfterFunc(3*time.Minute, note("c"))
		c.AfterFunc(time.Minute, func() {
			note("a")()
			c.AfterFunc(time.Minute, note("b"))
		})
		c.AfterFunc(time.Hour, note("late"))
		stopped := c.AfterFunc(2*time.Minute, note("stopped"))
		if !stopped.Stop() || stopped.Stop() {
			t.Errorf("%s: Stop does not report whether the timer was set", name)
		}
		moved := c.AfterFunc(time.Minute, note("moved"))
		if !moved.Reset(4 * time.Minute) {
			t.Errorf("%s: Reset does not report that the timer was set", name)
		}
		c.Advance(5 * time.Minute)
		if want := []string{"a 1m0s", "b 2m0s", "c 3m0s", "moved 4m0s"}; !slices.Equal(ran, want) {
			t.Errorf("%s: ran %q, want %q", name, ran, want)
		}
		if moved.Stop() || moved.Reset(time.Hour) {
			t.Errorf("%s: a timer that ran reports that it is set", name)
		}
	}
}

func TestTimersOfOneTimeRunAsTheyWereSet(t *testing.T) {
	t.Parallel()
	c := clock.NewStopped(start)
	var ran []int
	for i := range 20 {
		c.AfterFunc(time.Second, func() { ran = append(ran, i) })
	}
	c.Advance(time.Second)
	if !slices.IsSorted(ran) || len(ran) != 20 {
		t.Fatalf("ran in the order %v", ran)
	}
}

func TestRunningClockRuns(t *testing.T) {
	t.Parallel()
	c := clock.New()
	c.Advance(24 * time.Hour)
	if got := c.Until(time.Now().Add(24 * time.Hour)); got.Abs() > time.Minute {
		t.Fatalf("a clock that was moved by a day is %s away from tomorrow", got)
	}
	done := make(chan struct{})
	c.AfterFunc(time.Hour, func() { t.Error("the timer of an hour ran") })
	c.AfterFunc(time.Millisecond, func() { close(done) })
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("a timer of a millisecond did not run")
	}
}
