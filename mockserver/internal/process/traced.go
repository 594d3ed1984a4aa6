// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"encoding/json"
	"path"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/plugproof/plugproof/mockserver/trace"
)

// tracedCalls makes the spans of one mount's calls and of what its plugin calls
// meanwhile. The methods of a nil one do nothing.
type tracedCalls struct {
	tracer *trace.Tracer
	proc   *process
	mount  string

	mu sync.Mutex
	// active are the calls in flight.
	active map[*trace.Active]struct{}
}

// newTracedCalls returns nil if nothing is traced.
func newTracedCalls(ctx context.Context, proc *process) *tracedCalls {
	if proc.pool.host.Trace == nil {
		return nil
	}
	return &tracedCalls{
		tracer: proc.pool.host.Trace, proc: proc, mount: trace.MountOf(ctx), active: make(map[*trace.Active]struct{}),
	}
}

// span returns a span of the process.
func (t *tracedCalls) span(kind trace.Kind, name, mount, path string) trace.Span {
	return trace.Span{Kind: kind, Name: name, Mount: mount, Path: path, Plugin: t.proc.entry.Name, PID: t.proc.pid()}
}

func (t *tracedCalls) begin(ctx context.Context, name string) *trace.Active {
	if t == nil {
		return nil
	}
	mount := trace.MountOf(ctx)
	if mount == "" {
		mount = t.mount
	}
	return t.enter(t.tracer.Begin(ctx, nil, t.span(trace.Request, name, mount, "")))
}

func (t *tracedCalls) beginRequest(ctx context.Context, name string, req *logical.Request) *trace.Active {
	if t == nil {
		return nil
	}
	call := t.tracer.Begin(ctx, nil, t.span(trace.Request, name, req.MountPoint, req.Path))
	call.Sends(req.Data)
	t.tracer.Hide(req.ClientToken)
	if req.Secret != nil {
		t.tracer.HideFields(req.Secret.InternalData)
	}
	if req.Auth != nil {
		t.tracer.HideFields(req.Auth.InternalData)
	}
	return t.enter(call)
}

// beginMessage begins the span of a call of a database plugin.
func (t *tracedCalls) beginMessage(ctx context.Context, method string, message any) *trace.Active {
	if t == nil {
		return nil
	}
	call := t.begin(ctx, path.Base(method))
	if m, ok := message.(proto.Message); ok {
		var data map[string]any
		if text, err := protojson.Marshal(m); err == nil && json.Unmarshal(text, &data) == nil {
			call.Sends(data)
		}
	}
	return call
}

// enter records a call in flight.
func (t *tracedCalls) enter(call *trace.Active) *trace.Active {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.active[call] = struct{}{}
	return call
}

func (t *tracedCalls) end(call *trace.Active, failure string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	delete(t.active, call)
	t.mu.Unlock()
	call.End(failure)
}

func (t *tracedCalls) endRequest(call *trace.Active, resp *logical.Response, err error) {
	if t == nil {
		return
	}
	failure := trace.Failed(err)
	if resp != nil {
		t.tracer.HideFields(resp.Data)
		if resp.IsError() && failure == "" {
			failure = resp.Error().Error()
		}
		if resp.Auth != nil {
			t.tracer.HideFields(resp.Auth.InternalData)
		}
	}
	t.end(call, failure)
}

// serving returns the call that the plugin serves. If it serves several, which of them a
// callback is for can't be told, and if none, it is for none: then it is the process.
func (t *tracedCalls) serving() *trace.Active {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.active) == 1 {
		for call := range t.active {
			return call
		}
	}
	return t.proc.span
}

// callbacks returns callback.Services.Trace.
func (t *tracedCalls) callbacks() func(context.Context, string, any) func(any, error) {
	if t == nil {
		return nil
	}
	return func(ctx context.Context, method string, request any) func(any, error) {
		kind, key := trace.System, ""
		if path.Dir(method) == "/pb.Storage" {
			kind = trace.Storage
			key = storageKey(request)
		}
		call := t.tracer.Begin(ctx, t.serving(), t.span(kind, path.Base(method), t.mount, key))
		return func(reply any, err error) {
			failure := trace.Failed(err)
			// Storage and older methods answer errors in a field.
			if answered, ok := reply.(interface{ GetErr() string }); ok && failure == "" {
				failure = answered.GetErr()
			}
			call.End(failure)
		}
	}
}

// storageKey returns the key or prefix that a message is about.
func storageKey(message any) string {
	switch m := message.(type) {
	case interface{ GetKey() string }:
		return m.GetKey()
	case interface{ GetPrefix() string }:
		return m.GetPrefix()
	case interface{ GetEntry() *pb.StorageEntry }:
		return m.GetEntry().GetKey()
	}
	return ""
}

// beginTrace begins the span of the process and returns that of its start.
func (proc *process) beginTrace(ctx context.Context) *trace.Active {
	tracer := proc.pool.host.Trace
	if tracer == nil {
		return nil
	}
	tracer.HideEnv(proc.entry.Env)
	about := trace.Span{Kind: trace.Process, Name: proc.entry.Name, Plugin: proc.entry.Name}
	// It outlives the request that starts it, whose trace it is not part of.
	proc.span = tracer.Begin(context.Background(), nil, about)
	about.Kind = trace.Start
	return tracer.Begin(ctx, nil, about)
}

// traceStart ends the span of the start.
func (proc *process) traceStart(start *trace.Active, err error) {
	pid := proc.pid()
	proc.span.Ran(pid)
	start.Ran(pid)
	start.End(trace.Failed(err))
}

// traceExit ends the span of the process when it has exited, once.
func (proc *process) traceExit() {
	if proc.span == nil {
		return
	}
	proc.mu.Lock()
	c := proc.child
	proc.mu.Unlock()
	if c != nil && proc.running() {
		return // watch will see its exit
	}
	proc.exit.Do(func() {
		failure := ""
		if c != nil {
			failure = trace.Failed(c.result)
		}
		proc.span.End(failure)
	})
}

// pid returns 0 for a process that could not be started.
func (proc *process) pid() int {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	if proc.child == nil {
		return 0
	}
	return int(proc.child.pid.Load())
}
