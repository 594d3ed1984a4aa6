// SPDX-License-Identifier: MPL-2.0

package trace

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Tracer makes the spans of one server. The methods of a nil Tracer, and of the nil
// Active that it returns, do nothing. They may be called concurrently.
type Tracer struct {
	sink    Sink
	secrets *secrets
}

// NewTracer returns a Tracer that reports to sink; nil if sink is. Values of the fields
// are masked wherever they appear, beside those of fields whose names say that they are
// secret.
func NewTracer(sink Sink, fields ...string) *Tracer {
	if sink == nil {
		return nil
	}
	return &Tracer{sink: sink, secrets: newSecrets(fields)}
}

// minToken is the length from which a token is masked: that of a development server is
// often "root".
const minToken = 8

// Hide masks a token from now on.
func (t *Tracer) Hide(token string) {
	if t != nil && len(token) >= minToken {
		t.secrets.add(token)
	}
}

// HideFields masks what the secret fields among those of data hold from now on.
func (t *Tracer) HideFields(data map[string]any) {
	if t != nil {
		t.secrets.learn(data)
	}
}

// HideEnv masks the values of the secret variables among NAME=value from now on.
func (t *Tracer) HideEnv(env []string) {
	if t == nil {
		return
	}
	for _, entry := range env {
		if name, value, _ := strings.Cut(entry, "="); t.secrets.secret(name) {
			t.secrets.add(value)
		}
	}
}

// Active is a span that has not ended.
type Active struct {
	tracer *Tracer
	span   Span
	data   map[string]any
}

// Begin begins a span of which kind, name and the like are set already. It belongs to
// parent, or where that is nil to what the context says.
func (t *Tracer) Begin(ctx context.Context, parent *Active, span Span) *Active {
	if t == nil {
		return nil
	}
	above := parentOf(ctx)
	switch {
	case parent != nil:
		span.Trace, span.Parent = parent.span.Trace, parent.span.ID
		if span.Mount == "" {
			span.Mount = parent.span.Mount
		}
	case above.trace != (ID{}):
		span.Trace, span.Parent = above.trace, above.span
	default:
		span.Trace = newID()
	}
	if span.Mount == "" {
		span.Mount = above.mount
	}
	span.ID, span.Began = newSpanID(), time.Now()
	return &Active{tracer: t, span: span}
}

// Sends notes the data of a request: its fields are named, and their values are masked in
// the span's error.
func (a *Active) Sends(data map[string]any) {
	if a == nil || len(data) == 0 {
		return
	}
	a.data, a.span.Fields = data, slices.Sorted(maps.Keys(data))
	a.tracer.secrets.learn(data)
}

// Ran sets the process of the span.
func (a *Active) Ran(pid int) {
	if a != nil {
		a.span.PID = pid
	}
}

// End ends the span. failure is why it failed; empty if it did not.
func (a *Active) End(failure string) {
	if a == nil {
		return
	}
	span, mask := a.span, a.tracer.secrets
	span.Duration = time.Since(span.Began)
	span.Mount, span.Path = mask.in(span.Mount), mask.in(span.Path)
	span.Fields = slices.Clone(span.Fields)
	for i, field := range span.Fields {
		span.Fields[i] = mask.in(field)
	}
	span.Error = mask.in(hideValues(failure, a.data))
	a.tracer.sink.Span(span)
}

// Failed returns the text of an error for End; empty for nil.
func Failed(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
