// SPDX-License-Identifier: MPL-2.0

package lease

import (
	"container/heap"
	"slices"
	"sync"
	"time"
)

// end is the time at which a lease is to be looked at. The lease's own entry
// decides whether it has ended: it may have been renewed or revoked since.
type end struct {
	at time.Time
	id string
	// attempts is how often revocation has failed.
	attempts int
}

// endKey identifies an end.
type endKey struct {
	nanos int64
	id    string
}

func (e end) key() endKey { return endKey{e.at.UnixNano(), e.id} }

// queue orders the ends that are in memory, and remembers the hours whose ends
// are only in storage. It is safe for concurrent use.
type queue struct {
	mu   sync.Mutex
	ends endHeap
	// queued says what is in ends: an end may come from a request and from
	// storage as well.
	queued map[endKey]bool
	// later are the hours that are still in storage, sorted; through is the
	// latest hour whose ends belong in memory.
	later   []string
	through string
}

func newQueue(now time.Time) *queue {
	return &queue{queued: make(map[endKey]bool), through: hourOf(now)}
}

// add queues an end that was just stored, or just its hour.
func (q *queue) add(e end) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if hour := hourOf(e.at); hour > q.through {
		q.addHour(hour)
	} else {
		q.push(e)
	}
}

func (q *queue) push(e end) {
	if !q.queued[e.key()] {
		q.queued[e.key()] = true
		heap.Push(&q.ends, e)
	}
}

// addHours takes note of hours found in storage.
func (q *queue) addHours(hours []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, hour := range hours {
		q.addHour(hour)
	}
}

func (q *queue) addHour(hour string) {
	if i, known := slices.BinarySearch(q.later, hour); !known {
		q.later = slices.Insert(q.later, i, hour)
	}
}

// next is when something has to be done: an end in memory, or an hour to load.
func (q *queue) next() (time.Time, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var next time.Time
	if len(q.ends) > 0 {
		next = q.ends[0].at
	}
	if len(q.later) > 0 {
		// An hour that can't be parsed was never written; it counts as past.
		hour, _ := time.Parse(hourLayout, q.later[0])
		if next.IsZero() || hour.Before(next) {
			next = hour
		}
	}
	return next, len(q.ends)+len(q.later) > 0
}

// takeHours returns the hours that have come and aren't in memory. From then
// on, ends in them are added to memory directly.
func (q *queue) takeHours(now time.Time) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.through = max(q.through, hourOf(now))
	n := 0
	for n < len(q.later) && q.later[n] <= q.through {
		n++
	}
	taken := slices.Clone(q.later[:n])
	q.later = slices.Delete(q.later, 0, n)
	return taken
}

// load queues ends whatever their hour: those read from storage, and further
// attempts, which aren't stored.
func (q *queue) load(ends ...end) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range ends {
		q.push(e)
	}
}

// takeDue returns the ends that have come.
func (q *queue) takeDue(now time.Time) []end {
	q.mu.Lock()
	defer q.mu.Unlock()
	var due []end
	for len(q.ends) > 0 && !q.ends[0].at.After(now) {
		e := heap.Pop(&q.ends).(end)
		delete(q.queued, e.key())
		due = append(due, e)
	}
	return due
}

// endHeap implements heap.Interface, earliest first.
type endHeap []end

func (h endHeap) Len() int           { return len(h) }
func (h endHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h endHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *endHeap) Push(x any)        { *h = append(*h, x.(end)) }
func (h *endHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
