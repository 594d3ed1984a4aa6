// SPDX-License-Identifier: MPL-2.0

// Package trace records what goes between a server and its plugins: requests, the
// storage operations and system view calls that a plugin makes meanwhile, and the
// start and exit of plugin processes.
//
//	recorder := trace.NewRecorder(0)
//	s := mocktest.Start(t, mockserver.WithTrace(recorder))
//	// …
//	err := trace.Text(os.Stdout, recorder.Spans())
//
// Spans hold names of fields and keys, never values; texts that may repeat a value,
// as errors do, are masked.
package trace

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"time"
)

// ParentHeader is the HTTP header by which a request names the trace and the span that
// it belongs to.
//
// Source: W3C Trace Context, section 3.2 (https://www.w3.org/TR/trace-context/).
const ParentHeader = "traceparent"

// ID identifies a trace; the zero value is none.
type ID [16]byte

// SpanID identifies a span; the zero value is none.
type SpanID [8]byte

func (id ID) String() string     { return hex.EncodeToString(id[:]) }
func (id SpanID) String() string { return hex.EncodeToString(id[:]) }

// Kind is what a span is about.
type Kind string

// The kinds of spans.
const (
	// Scenario is a scenario of a conformance run; the server records none.
	Scenario Kind = "scenario"
	// Request is a call of the server to a plugin.
	Request Kind = "request"
	// Storage is an operation of a plugin on its mount's storage.
	Storage Kind = "storage"
	// System is any other call of a plugin to the server: its system view, events.
	System Kind = "system"
	// Process is a plugin process from its start to its exit.
	Process Kind = "process"
	// Start is the start of a plugin process up to its first answer.
	Start Kind = "start"
)

// Span is something that began and ended.
type Span struct {
	Trace ID
	ID    SpanID
	// Parent is the span that it belongs to. Calls of a plugin belong to the request that
	// the plugin serves, if it serves just one then, and otherwise to its process.
	Parent SpanID
	Kind   Kind
	// Name is the operation: read, Initialize, Put, DefaultLeaseTTL; of a process the
	// plugin's name.
	Name string
	// Mount is the path of the mount, Path the path below it, or the storage key.
	Mount, Path string
	// Fields are the names of the fields that a request had.
	Fields []string
	// Plugin and PID are the process.
	Plugin string
	PID    int
	// Error is why it failed, or the error that was answered; empty for success. Of a
	// process it is how it exited, if not with code 0.
	Error    string
	Began    time.Time
	Duration time.Duration
}

// Sink receives spans when they have ended: children before their parents. Its method is
// called concurrently, without a lock, and must not block: the plugin waits for it.
type Sink interface {
	Span(span Span)
}

// parent is the position of a request in a trace, see WithParent.
type parent struct {
	trace ID
	span  SpanID
	mount string
}

type parentKey struct{}

func parentOf(ctx context.Context) parent {
	p, _ := ctx.Value(parentKey{}).(parent)
	return p
}

// WithParent returns a context whose spans belong to the trace and span that the header
// names; without a valid header it is ctx.
func WithParent(ctx context.Context, header string) context.Context {
	id, span, ok := ParseParent(header)
	if !ok {
		return ctx
	}
	p := parentOf(ctx)
	p.trace, p.span = id, span
	return context.WithValue(ctx, parentKey{}, p)
}

// WithMount returns a context whose spans are about the mount at path, unless they say
// something else.
func WithMount(ctx context.Context, path string) context.Context {
	p := parentOf(ctx)
	p.mount = path
	return context.WithValue(ctx, parentKey{}, p)
}

// MountOf returns the path of WithMount.
func MountOf(ctx context.Context) string { return parentOf(ctx).mount }

// NewParent returns a header for requests of a new trace, and what it names.
func NewParent() (header string, id ID, span SpanID) {
	id, span = newID(), newSpanID()
	return "00-" + id.String() + "-" + span.String() + "-01", id, span
}

// ParseParent reads a header.
func ParseParent(header string) (id ID, span SpanID, ok bool) {
	parts := strings.Split(header, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[1]) != 2*len(id) || len(parts[2]) != 2*len(span) {
		return ID{}, SpanID{}, false
	}
	_, idErr := hex.Decode(id[:], []byte(parts[1]))
	_, spanErr := hex.Decode(span[:], []byte(parts[2]))
	if idErr != nil || spanErr != nil || id == (ID{}) || span == (SpanID{}) {
		return ID{}, SpanID{}, false
	}
	return id, span, true
}

func newID() (id ID) {
	for i := range id {
		id[i] = byte(rand.Uint32()) //nolint:gosec // an identifier, not a secret
	}
	id[0] |= 1 // not zero
	return id
}

func newSpanID() (id SpanID) {
	for i := range id {
		id[i] = byte(rand.Uint32()) //nolint:gosec // an identifier, not a secret
	}
	id[0] |= 1 // not zero
	return id
}
