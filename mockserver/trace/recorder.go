// SPDX-License-Identifier: MPL-2.0

package trace

import (
	"cmp"
	"slices"
	"sync"
)

// DefaultLimit is how many spans a Recorder keeps unless it is told otherwise: about
// 100 MB.
const DefaultLimit = 200_000

// Recorder is a Sink that keeps the latest spans in memory. Its methods may be called
// concurrently.
type Recorder struct {
	limit int

	mu    sync.Mutex
	spans []Span
	// next is the oldest span, once there are limit of them; dropped counts those that
	// had to go.
	next, dropped int
}

// NewRecorder returns a Recorder that keeps at most limit spans; 0 is DefaultLimit.
func NewRecorder(limit int) *Recorder {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Recorder{limit: limit}
}

// Span implements Sink.
func (r *Recorder) Span(span Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.spans) < r.limit {
		r.spans = append(r.spans, span)
		return
	}
	r.spans[r.next] = span
	r.next = (r.next + 1) % r.limit
	r.dropped++
}

// Spans returns the spans by the time at which they began.
func (r *Recorder) Spans() []Span { return r.filtered(func(Span) bool { return true }) }

// Of returns the spans of one trace by the time at which they began.
func (r *Recorder) Of(id ID) []Span { return r.filtered(func(s Span) bool { return s.Trace == id }) }

// Dropped returns how many spans were dropped because there were too many.
func (r *Recorder) Dropped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}

func (r *Recorder) filtered(wanted func(Span) bool) []Span {
	r.mu.Lock()
	var spans []Span
	for _, span := range r.spans {
		if wanted(span) {
			spans = append(spans, span)
		}
	}
	r.mu.Unlock()
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Began.Compare(b.Began) })
	return spans
}

// node is a span with its children.
type node struct {
	Span
	depth int
}

// tree returns the spans in the order of reading, each below its parent.
func tree(spans []Span) []node {
	children := make(map[SpanID][]int)
	ids := make(map[SpanID]bool, len(spans))
	for _, span := range spans {
		ids[span.ID] = true
	}
	var roots []int
	for i, span := range spans {
		if span.Parent != (SpanID{}) && ids[span.Parent] && span.Parent != span.ID {
			children[span.Parent] = append(children[span.Parent], i)
		} else {
			roots = append(roots, i)
		}
	}
	var nodes []node
	var add func(indexes []int, depth int)
	add = func(indexes []int, depth int) {
		slices.SortStableFunc(indexes, func(a, b int) int {
			return cmp.Or(spans[a].Began.Compare(spans[b].Began), a-b)
		})
		for _, i := range indexes {
			nodes = append(nodes, node{spans[i], depth})
			add(children[spans[i].ID], depth+1)
		}
	}
	add(roots, 0)
	return nodes
}
