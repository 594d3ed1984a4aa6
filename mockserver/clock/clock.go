// SPDX-License-Identifier: MPL-2.0

// Package clock is the time of a mock server. A clock runs like the system's, or
// stands still, and can be moved forward: what was to happen in between then
// happens at once, in order, and has happened when the move returns. Tests of
// periodic functions and of leases need not wait.
package clock

import (
	"container/heap"
	"sync"
	"time"
)

// Clock tells the time and runs functions at a time. Its methods may be called
// concurrently.
type Clock struct {
	// running clocks follow the system's; the others only move by Advance.
	running bool

	// moving is held during Advance, so that moves happen one after the other.
	moving sync.Mutex

	mu sync.Mutex
	// advancing is set during Advance, which then runs what is due.
	advancing bool
	// now is the time of a clock that stands, offset the lead of a running one.
	now    time.Time
	offset time.Duration
	timers timerHeap
	// wake runs the timers of a running clock; nil until there is one.
	wake *time.Timer
	// order numbers the timers, so that those of one time run as they were set.
	order uint64
}

// Timer is a function that is to run at a time.
type Timer struct {
	clock *Clock
	run   func()
	at    time.Time
	order uint64
	index int // in the heap; -1 when it is not set
}

// New returns a clock that runs with the system's.
func New() *Clock { return &Clock{running: true} }

// NewStopped returns a clock that stands at a time until it is moved.
func NewStopped(at time.Time) *Clock { return &Clock{now: at} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time()
}

// Since returns the time passed since t.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// System returns the system's time at which it was t by this clock: a process that
// goes by the system's time sees as much time passed since then as this clock.
func (c *Clock) System(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		return t.Add(-c.offset)
	}
	return t.Add(time.Since(c.now))
}

// Until returns the time left until t.
func (c *Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

func (c *Clock) time() time.Time {
	if c.running {
		return time.Now().Add(c.offset)
	}
	return c.now
}

// AfterFunc runs f when d has passed: on a goroutine of its own when the time
// has come by itself, within Advance when the clock was moved.
func (c *Clock) AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{clock: c, run: f, index: -1}
	t.Reset(d)
	return t
}

// Stop keeps the function from running. It reports false if the timer was not
// set: the function has run, runs, or was stopped.
func (t *Timer) Stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unset(t)
}

// Reset makes the function run when d has passed from now. It reports whether
// the timer was set before.
func (t *Timer) Reset(d time.Duration) bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.unset(t)
	c.order++
	t.at, t.order = c.time().Add(d), c.order
	heap.Push(&c.timers, t)
	c.schedule()
	return set
}

func (c *Clock) unset(t *Timer) bool {
	if t.index < 0 {
		return false
	}
	heap.Remove(&c.timers, t.index)
	return true
}

// schedule sets wake to the next timer. The caller holds mu.
func (c *Clock) schedule() {
	if c.advancing || len(c.timers) == 0 {
		return
	}
	left := c.timers[0].at.Sub(c.time())
	if !c.running {
		if left <= 0 {
			go c.runDue()
		}
		return
	}
	if c.wake == nil {
		c.wake = time.AfterFunc(left, c.runDue)
		return
	}
	c.wake.Reset(left)
}

// runDue starts the functions whose time has come.
func (c *Clock) runDue() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.advancing {
		return
	}
	for now := c.time(); len(c.timers) > 0 && !c.timers[0].at.After(now); {
		go heap.Pop(&c.timers).(*Timer).run()
	}
	c.schedule()
}

// Advance moves the clock forward by d and runs what was to happen until then,
// each function at its time and after the one before has returned. A negative d
// moves nothing. A function must not call Advance.
func (c *Clock) Advance(d time.Duration) {
	c.moving.Lock()
	defer c.moving.Unlock()
	target := c.Now().Add(max(d, 0))
	for {
		run := c.step(target)
		if run == nil {
			return
		}
		run()
	}
}

// step moves the clock to its next timer up to target and returns the timer's
// function, or moves it to target and returns nil.
func (c *Clock) step(target time.Time) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advancing = true
	if len(c.timers) == 0 || c.timers[0].at.After(target) {
		c.moveTo(target)
		c.advancing = false
		c.schedule()
		return nil
	}
	t := heap.Pop(&c.timers).(*Timer)
	c.moveTo(t.at)
	return t.run
}

// moveTo sets the time to at, never back.
func (c *Clock) moveTo(at time.Time) {
	left := at.Sub(c.time())
	if left <= 0 {
		return
	}
	c.offset += left
	c.now = c.now.Add(left)
}

// timerHeap implements heap.Interface, earliest first.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
