// SPDX-License-Identifier: MPL-2.0

package trace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/trace"
)

// example is a request with one storage operation, in the order in which they end.
func example() []trace.Span {
	began := time.Date(2026, 11, 27, 1, 2, 3, 4000, time.UTC)
	id, request, put := trace.ID{1, 15: 2}, trace.SpanID{3, 7: 4}, trace.SpanID{5}
	return []trace.Span{
		{Trace: id, ID: put, Parent: request, Kind: trace.Storage, Name: "Put", Mount: "a/", Path: "config", Plugin: "mine", PID: 7, Began: began.Add(time.Millisecond), Duration: time.Microsecond},
		{Trace: id, ID: request, Kind: trace.Request, Name: "update", Mount: "a/", Path: "config", Fields: []string{"password", "url"}, Plugin: "mine", PID: 7, Error: "no\tconnection\n", Began: began, Duration: 2 * time.Millisecond},
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var text bytes.Buffer
	g.Expect(trace.Text(&text, example())).To(Succeed())
	g.Expect(text.String()).To(Equal("" +
		"TIME             DURATION  EVENT          AT                        RESULT\n" +
		"01:02:03.000004  2ms       update         a/config (password, url)  no connection \n" +
		"01:02:03.001004  1µs         storage Put  config                    ok\n"))
	long := []trace.Span{{Kind: trace.Request, Name: "read", Path: strings.Repeat("ä", 1000)}}
	text.Reset()
	g.Expect(trace.Text(&text, long)).To(Succeed())
	g.Expect(len([]rune(text.String()))).To(BeNumerically("<", 300), "one long path makes no line of the table long")
}

// TestOTLP holds the names and the types of ExportTraceServiceRequest in its JSON encoding:
// identifiers in hex, times and integers as strings, enumerations as numbers.
func TestOTLP(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var text bytes.Buffer
	g.Expect(trace.OTLP(&text, example())).To(Succeed())
	g.Expect(text.String()).To(MatchJSON(`{"resourceSpans": [{
		"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "plugproof"}}]},
		"scopeSpans": [{"scope": {"name": "github.com/plugproof/plugproof"}, "spans": [{
			"traceId": "01000000000000000000000000000002", "spanId": "0500000000000000", "parentSpanId": "0300000000000004",
			"name": "storage Put", "kind": 2,
			"startTimeUnixNano": "1795741323001004000", "endTimeUnixNano": "1795741323001005000",
			"attributes": [
				{"key": "plugproof.kind", "value": {"stringValue": "storage"}},
				{"key": "plugproof.operation", "value": {"stringValue": "Put"}},
				{"key": "plugproof.plugin", "value": {"stringValue": "mine"}},
				{"key": "plugproof.mount", "value": {"stringValue": "a/"}},
				{"key": "plugproof.path", "value": {"stringValue": "config"}},
				{"key": "process.pid", "value": {"intValue": "7"}}],
			"status": {}
		}, {
			"traceId": "01000000000000000000000000000002", "spanId": "0300000000000004",
			"name": "update", "kind": 3,
			"startTimeUnixNano": "1795741323000004000", "endTimeUnixNano": "1795741323002004000",
			"attributes": [
				{"key": "plugproof.kind", "value": {"stringValue": "request"}},
				{"key": "plugproof.operation", "value": {"stringValue": "update"}},
				{"key": "plugproof.plugin", "value": {"stringValue": "mine"}},
				{"key": "plugproof.mount", "value": {"stringValue": "a/"}},
				{"key": "plugproof.path", "value": {"stringValue": "config"}},
				{"key": "process.pid", "value": {"intValue": "7"}},
				{"key": "plugproof.fields", "value": {"arrayValue": {"values": [{"stringValue": "password"}, {"stringValue": "url"}]}}}],
			"status": {"code": 2, "message": "no\tconnection\n"}
		}]}]
	}]}`))
	text.Reset()
	g.Expect(trace.OTLP(&text, nil)).To(Succeed())
	g.Expect(text.String()).To(ContainSubstring(`"spans":[]`))
}

// TestMasking: no span shows what a secret field held, in whatever place.
func TestMasking(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	recorder := trace.NewRecorder(0)
	tracer := trace.NewTracer(recorder, "pin")
	tracer.Hide("root-token")
	tracer.HideEnv([]string{"DB_PASSWORD=of-the-environment", "REGION=everywhere"})
	first := tracer.Begin(t.Context(), nil, trace.Span{Name: "update", Path: "config"})
	first.Sends(map[string]any{
		"pin": "planted-pin", "nested": map[string]any{"client_secret": []any{"planted-nested"}},
		"url": "http://127.0.0.1", "token_ttl": "3600s", "token_type": "default",
	})
	first.End("http://127.0.0.1 refused planted-pin")
	second := tracer.Begin(t.Context(), first, trace.Span{Name: "Put", Path: "planted-pin/x"})
	second.End("planted-nested root-token of-the-environment everywhere default hvs.CAESIJ0123456789abcdefghij eyJhbGciOi.eyJzdWIi.c2ln")
	spans := recorder.Spans()
	g.Expect(spans[0].Error).To(Equal("<url> refused <pin>"))
	g.Expect(spans[0].Fields).To(Equal([]string{"nested", "pin", "token_ttl", "token_type", "url"}))
	g.Expect(spans[1].Path).To(Equal("<secret>/x"))
	g.Expect(spans[1].Error).To(Equal("<secret> <secret> <secret> everywhere default <token> <token>"))
	g.Expect(spans[1].Parent).To(Equal(spans[0].ID))
	g.Expect(spans[1].Trace).To(Equal(spans[0].Trace))
}

func TestNothingIsTraced(t *testing.T) {
	t.Parallel()
	tracer := trace.NewTracer(nil)
	tracer.Hide("x")
	tracer.HideFields(nil)
	tracer.HideEnv(nil)
	call := tracer.Begin(t.Context(), nil, trace.Span{})
	call.Sends(map[string]any{"a": "b"})
	call.Ran(1)
	call.End("x")
	if tracer != nil || call != nil {
		t.Fatal("without a sink there is neither tracer nor span")
	}
}

func TestParent(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	header, id, span := trace.NewParent()
	gotID, gotSpan, ok := trace.ParseParent(header)
	g.Expect(ok).To(BeTrue())
	g.Expect(gotID).To(Equal(id))
	g.Expect(gotSpan).To(Equal(span))
	for _, wrong := range []string{
		"", "00", "00-" + id.String(), "00-zz" + id.String()[2:] + "-" + span.String() + "-01",
		"00-" + trace.ID{}.String() + "-" + span.String() + "-01", "00-" + id.String() + "-" + trace.SpanID{}.String() + "-01",
	} {
		_, _, ok := trace.ParseParent(wrong)
		g.Expect(ok).To(BeFalse(), wrong)
		g.Expect(trace.WithParent(t.Context(), wrong)).To(Equal(t.Context()), wrong)
	}
	recorder := trace.NewRecorder(0)
	ctx := trace.WithMount(trace.WithParent(context.Background(), header), "a/")
	trace.NewTracer(recorder).Begin(ctx, nil, trace.Span{}).End("")
	of := recorder.Of(id)
	g.Expect(of).To(HaveLen(1))
	g.Expect(of[0].Parent).To(Equal(span))
	g.Expect(of[0].Mount).To(Equal("a/"))
}

// TestRecorderIsBounded: many goroutines, of whose spans the latest are kept.
func TestRecorderIsBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	recorder := trace.NewRecorder(10)
	tracer := trace.NewTracer(recorder)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				call := tracer.Begin(t.Context(), nil, trace.Span{Name: fmt.Sprint(i)})
				call.Sends(map[string]any{"password": fmt.Sprintf("planted-%d", i)})
				call.End("planted-0")
			}
		})
	}
	wg.Wait()
	g.Expect(recorder.Spans()).To(HaveLen(10))
	g.Expect(recorder.Dropped()).To(Equal(30))
	text, err := json.Marshal(recorder.Spans())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Contains(string(text), "planted-1")).To(BeFalse())
}
