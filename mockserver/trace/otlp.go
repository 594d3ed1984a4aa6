// SPDX-License-Identifier: MPL-2.0

package trace

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
)

// The types below are the part of ExportTraceServiceRequest that is written. They stand
// for go.opentelemetry.io/proto/otlp because protojson writes that module's identifiers as
// base64, which OTLP does not allow.
//
// Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and
// opentelemetry/proto/trace/v1/trace.proto.
type (
	otlpRequest struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Name         string          `json:"name"`
		Kind         int             `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes"`
		Status       otlpStatus      `json:"status"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string    `json:"stringValue,omitempty"`
		Int    string     `json:"intValue,omitempty"`
		Array  *otlpArray `json:"arrayValue,omitempty"`
	}
	otlpArray struct {
		Values []otlpValue `json:"values"`
	}
	otlpStatus struct {
		Code    int    `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
	}
)

// Numbers of opentelemetry.proto.trace.v1.Span.SpanKind and Status.StatusCode.
const (
	kindInternal    = 1
	kindServer      = 2
	kindClient      = 3
	statusCodeError = 2
)

// OTLP writes the spans as one ExportTraceServiceRequest of the OpenTelemetry protocol in
// its JSON encoding, on one line.
func OTLP(out io.Writer, spans []Span) error {
	written := make([]otlpSpan, 0, len(spans))
	for _, span := range spans {
		written = append(written, span.otlp())
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(otlpRequest{ResourceSpans: []otlpResourceSpans{{
		Resource:   otlpResource{Attributes: []otlpAttribute{text("service.name", "plugproof")}},
		ScopeSpans: []otlpScopeSpans{{Scope: otlpScope{Name: "github.com/plugproof/plugproof"}, Spans: written}},
	}}})
}

func (s Span) otlp() otlpSpan {
	o := otlpSpan{
		TraceID: s.Trace.String(), SpanID: s.ID.String(), Name: strings.ToValidUTF8(s.event(), "\ufffd"), Kind: kindInternal,
		Start: nanos(s.Began), End: nanos(s.Began.Add(s.Duration)),
		Attributes: []otlpAttribute{text("plugproof.kind", string(s.Kind)), text("plugproof.operation", s.Name)},
	}
	if s.Parent != (SpanID{}) {
		o.ParentSpanID = s.Parent.String()
	}
	switch s.Kind {
	case Request:
		o.Kind = kindClient // of the plugin
	case Storage, System:
		o.Kind = kindServer
	}
	for _, attribute := range [][2]string{{"plugproof.plugin", s.Plugin}, {"plugproof.mount", s.Mount}, {"plugproof.path", s.Path}} {
		if attribute[1] != "" {
			o.Attributes = append(o.Attributes, text(attribute[0], attribute[1]))
		}
	}
	if s.PID != 0 {
		o.Attributes = append(o.Attributes, otlpAttribute{"process.pid", otlpValue{Int: strconv.Itoa(s.PID)}})
	}
	if len(s.Fields) > 0 {
		names := &otlpArray{}
		for _, field := range s.Fields {
			names.Values = append(names.Values, text("", field).Value)
		}
		o.Attributes = append(o.Attributes, otlpAttribute{"plugproof.fields", otlpValue{Array: names}})
	}
	if s.Error != "" {
		o.Status = otlpStatus{Code: statusCodeError, Message: strings.ToValidUTF8(s.Error, "\ufffd")}
	}
	return o
}

func text(key, value string) otlpAttribute {
	value = strings.ToValidUTF8(value, "\ufffd")
	return otlpAttribute{key, otlpValue{String: &value}}
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
