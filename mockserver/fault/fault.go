// SPDX-License-Identifier: MPL-2.0

// Package fault makes go wrong, on purpose and repeatably, what goes wrong in
// production: storage, plugin processes, connections. A server that is given an
// Injector asks it; without one nothing is ever made to fail.
//
//	faults := fault.New(1)
//	s := mocktest.Start(t, mockserver.WithFaults(faults))
//	err := faults.Set("storage-full=true", "kill-during=0.1")
package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Faults are what goes wrong; the zero value is nothing. Shares are between 0 and 1.
type Faults struct {
	// StorageDelay is how much longer each access to the storage takes.
	StorageDelay time.Duration
	// StorageFailures is the share of accesses to the storage that fail.
	StorageFailures float64
	// StorageReadOnly and StorageFull make every write fail.
	StorageReadOnly, StorageFull bool
	// StartDelay is how much longer the start of a plugin takes.
	StartDelay time.Duration
	// KillBefore, KillDuring and KillAfter are the shares of requests to plugins
	// before, during and after which the plugin's process is killed.
	KillBefore, KillDuring, KillAfter float64
	// ResetRequests is the share of connections that are reset before their request
	// is handled, ResetAnswers of those that are reset instead of an answer.
	ResetRequests, ResetAnswers float64
	// MaxRequests is how many requests are handled at a time; those beyond are
	// refused with 429. 0 means no limit.
	MaxRequests int
	// OverLimit is the share of requests that are refused with 429, as those over a
	// rate limit quota.
	OverLimit float64
	// Sealed: the server is sealed, and its plugins ended, until it is set back.
	Sealed bool
}

// Injector decides for a server what goes wrong. Its methods may be called
// concurrently; those of a nil Injector say that nothing does.
type Injector struct {
	current atomic.Pointer[Faults]
	began   atomic.Bool
	// changes are serialized, so that onChange sees them in order.
	changes  sync.Mutex
	onChange func(Faults)

	mu     sync.Mutex
	random *rand.Rand
}

// New returns an Injector of no faults, whose decisions follow from the seed and the
// order in which it is asked.
func New(seed uint64) *Injector {
	i := &Injector{random: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // repeatable
	i.current.Store(&Faults{})
	return i
}

// Begin makes the faults happen: servers call it when they are started. onChange is
// called with them now and after each change.
func (i *Injector) Begin(onChange func(Faults)) {
	i.changes.Lock()
	defer i.changes.Unlock()
	i.onChange = onChange
	i.began.Store(true)
	onChange(*i.current.Load())
}

// Now returns the faults that happen now.
func (i *Injector) Now() Faults {
	if i == nil || !i.began.Load() {
		return Faults{}
	}
	return *i.current.Load()
}

// Replace sets all faults.
func (i *Injector) Replace(f Faults) {
	i.changes.Lock()
	defer i.changes.Unlock()
	i.current.Store(&f)
	if i.onChange != nil {
		i.onChange(f)
	}
}

// Set changes the faults that are named: NAME=VALUE each, of Names. Nothing changes
// if one is wrong.
func (i *Injector) Set(changes ...string) error {
	f := *i.current.Load()
	for _, change := range changes {
		name, value, ok := strings.Cut(change, "=")
		if !ok {
			return fmt.Errorf("fault %q: give NAME=VALUE, such as storage-delay=10ms", change)
		}
		if err := f.set(name, value); err != nil {
			return err
		}
	}
	i.Replace(f)
	return nil
}

// Happens decides about one of many, of which a share is to go wrong.
func (i *Injector) Happens(share float64) bool {
	if share <= 0 {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.random.Float64() < share
}

// Within returns a random time below the limit.
func (i *Injector) Within(limit time.Duration) time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	return time.Duration(i.random.Int64N(int64(limit)))
}

// field is one fault by its name.
type field struct {
	name, help string
	// value points to it: a *bool, *int, *float64 or *time.Duration.
	value func(*Faults) any
}

// fields returns all faults, in the order of their description.
func fields() []field {
	return []field{
		{"storage-delay", "each access to the storage takes so much longer", func(f *Faults) any { return &f.StorageDelay }},
		{"storage-failures", "share of accesses to the storage that fail", func(f *Faults) any { return &f.StorageFailures }},
		{"storage-read-only", "every write to the storage fails", func(f *Faults) any { return &f.StorageReadOnly }},
		{"storage-full", "every write to the storage fails for want of space", func(f *Faults) any { return &f.StorageFull }},
		{"start-delay", "the start of a plugin takes so much longer", func(f *Faults) any { return &f.StartDelay }},
		{"kill-before", "share of requests to plugins before which the process is killed", func(f *Faults) any { return &f.KillBefore }},
		{"kill-during", "share of requests to plugins during which it is killed", func(f *Faults) any { return &f.KillDuring }},
		{"kill-after", "share of requests to plugins after which it is killed", func(f *Faults) any { return &f.KillAfter }},
		{"reset-requests", "share of connections that are reset before the request is handled", func(f *Faults) any { return &f.ResetRequests }},
		{"reset-answers", "share of connections that are reset instead of an answer", func(f *Faults) any { return &f.ResetAnswers }},
		{"max-requests", "requests beyond so many at a time are refused with 429", func(f *Faults) any { return &f.MaxRequests }},
		{"over-limit", "share of requests that are refused with 429, as over a rate limit", func(f *Faults) any { return &f.OverLimit }},
		{"sealed", "the server is sealed and its plugins are ended", func(f *Faults) any { return &f.Sealed }},
	}
}

// Help returns a line for each fault: its name and what it does.
func Help() []string {
	var lines []string
	for _, f := range fields() {
		lines = append(lines, fmt.Sprintf("%-18s %s", f.name, f.help))
	}
	return lines
}

// Map returns the faults by their names.
func (f Faults) Map() map[string]any {
	all := map[string]any{}
	for _, field := range fields() {
		switch v := field.value(&f).(type) {
		case *bool:
			all[field.name] = *v
		case *int:
			all[field.name] = *v
		case *float64:
			all[field.name] = *v
		case *time.Duration:
			all[field.name] = v.String()
		}
	}
	return all
}

// set changes one fault.
func (f *Faults) set(name, value string) error {
	var names []string
	for _, field := range fields() {
		if field.name == name {
			if err := assign(field.value(f), value); err != nil {
				return fmt.Errorf("fault %s=%s: %w", name, value, err)
			}
			return nil
		}
		names = append(names, field.name)
	}
	return fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(names, ", "))
}

// assign parses a value for what target points to.
func assign(target any, value string) error {
	switch target := target.(type) {
	case *bool:
		v, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("give true or false")
		}
		*target = v
	case *int:
		v, err := strconv.Atoi(value)
		if err != nil || v < 0 {
			return errors.New("give a whole number that is not negative")
		}
		*target = v
	case *float64:
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || !(v >= 0 && v <= 1) {
			return errors.New("give a share between 0 and 1")
		}
		*target = v
	case *time.Duration:
		v, err := time.ParseDuration(value)
		if err != nil || v < 0 {
			return errors.New("give a duration that is not negative, such as 10ms")
		}
		*target = v
	}
	return nil
}
