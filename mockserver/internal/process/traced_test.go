// SPDX-License-Identifier: MPL-2.0

package process

import (
	"errors"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"

	"github.com/plugproof/plugproof/mockserver/trace"
)

// TestWhoseCallbackItIs: what a plugin calls while it serves one request belongs to that,
// while it serves several or none to its process.
func TestWhoseCallbackItIs(t *testing.T) {
	t.Parallel()
	recorder := trace.NewRecorder(0)
	tracer := trace.NewTracer(recorder)
	proc := &process{pool: New(Host{Trace: tracer}), entry: Entry{Name: "mine"}}
	t.Cleanup(proc.pool.Close)
	proc.beginTrace(t.Context())
	calls := newTracedCalls(trace.WithMount(t.Context(), "a/"), proc)
	callback := calls.callbacks()
	put := func(key, failure string) {
		callback(t.Context(), pb.Storage_Put_FullMethodName, &pb.StoragePutArgs{Entry: &pb.StorageEntry{Key: key}})(&pb.StoragePutReply{Err: failure}, nil)
	}
	put("none", "")
	first := calls.beginRequest(t.Context(), "read", &logical.Request{Path: "first"})
	put("one", "read-only")
	second := calls.beginRequest(t.Context(), "read", &logical.Request{Path: "second"})
	put("two", "")
	callback(t.Context(), pb.SystemView_Tainted_FullMethodName, &pb.Empty{})(nil, errors.New("broken"))
	calls.endRequest(second, logical.ErrorResponse("mistaken"), nil)
	calls.endRequest(first, nil, nil)
	proc.traceExit()
	proc.traceExit()

	parents, failures := map[string]trace.SpanID{}, map[string]string{}
	ids := map[string]trace.SpanID{}
	for _, span := range recorder.Spans() {
		name := string(span.Kind) + " " + span.Path
		if _, twice := ids[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		ids[name], parents[name], failures[name] = span.ID, span.Parent, span.Error
	}
	for name, parent := range map[string]string{
		"storage none": "process ", "storage one": "request first", "storage two": "process ", "system ": "process ",
	} {
		if parents[name] != ids[parent] || parents[name] == (trace.SpanID{}) {
			t.Errorf("%s does not belong to %s", name, parent)
		}
	}
	for name, want := range map[string]string{
		"storage none": "", "storage one": "read-only", "system ": "broken", "request second": "mistaken", "request first": "",
	} {
		if failures[name] != want {
			t.Errorf("%s failed with %q, want %q", name, failures[name], want)
		}
	}
	var off *tracedCalls
	if off.callbacks() != nil || off.beginRequest(t.Context(), "read", nil) != nil {
		t.Error("something is traced without a tracer")
	}
	off.endRequest(nil, nil, nil)
}
