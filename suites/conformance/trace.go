// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/steps"
)

// tracer gives each scenario a trace of its own in a recorder.
type tracer struct{ recorder *trace.Recorder }

// tracerOf returns nil without a recorder.
func tracerOf(recorder *trace.Recorder) steps.Tracer {
	if recorder == nil {
		return nil
	}
	return tracer{recorder}
}

// sinkOf returns nil without a recorder.
func sinkOf(recorder *trace.Recorder) trace.Sink {
	if recorder == nil {
		return nil
	}
	return recorder
}

// Begin implements steps.Tracer.
func (t tracer) Begin() string {
	header, _, _ := trace.NewParent()
	return header
}

// Lines implements steps.Tracer.
func (t tracer) Lines(header string, shown func(string) string) []string {
	id, _, _ := trace.ParseParent(header)
	spans := t.recorder.Of(id)
	if len(spans) == 0 {
		return nil
	}
	for i, span := range spans {
		span.Name, span.Mount, span.Path, span.Error = shown(span.Name), shown(span.Mount), shown(span.Path), shown(span.Error)
		fields := make([]string, len(span.Fields))
		for k, field := range span.Fields {
			fields[k] = shown(field)
		}
		span.Fields = fields
		spans[i] = span
	}
	var text bytes.Buffer
	if err := trace.Text(&text, spans); err != nil {
		return nil
	}
	return slices.Collect(strings.SplitSeq(strings.TrimSuffix(text.String(), "\n"), "\n"))
}

// End implements steps.Tracer.
func (t tracer) End(header, name string, began time.Time, failed bool) {
	id, span, _ := trace.ParseParent(header)
	s := trace.Span{Trace: id, ID: span, Kind: trace.Scenario, Name: name, Began: began, Duration: time.Since(began)}
	if failed {
		s.Error = "FAIL"
	}
	t.recorder.Span(s)
}
