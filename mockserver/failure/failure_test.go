// SPDX-License-Identifier: MPL-2.0

package failure_test

import (
	"strings"
	"testing"

	"github.com/plugproof/plugproof/mockserver/failure"
)

const trace = `panic: assignment to entry in nil map

goroutine 42 [running]:
runtime.mapassign_faststr(0x1, 0x2)
	/usr/local/go/src/runtime/map_faststr.go:10 +0x1
example.com/engine.(*backend).writeRole(0xc0001, {0x1, 0x2})
	/src/engine/path_roles.go:42 +0x65
github.com/hashicorp/vault/sdk/framework.(*Backend).HandleRequest(0xc0)
	/mod/framework/backend.go:300 +0x9c
example.com/engine.wrapper(...)
	/src/engine/wrapper.go:7
google.golang.org/grpc.(*Server).processUnaryRPC(0xc0)
	/mod/grpc/server.go:1000 +0x1
created by example.com/engine.Serve in goroutine 1
	/src/engine/main.go:9 +0x2

goroutine 1 [select]:
example.com/engine.other()
	/src/engine/other.go:1 +0x1
`

func TestParsePanic(t *testing.T) {
	t.Parallel()
	p := failure.ParsePanic(strings.Split(trace, "\n"))
	if p == nil || p.String() != "panic: assignment to entry in nil map at path_roles.go:42" {
		t.Fatalf("got %v", p)
	}
	want := []failure.Frame{
		{Function: "example.com/engine.(*backend).writeRole", File: "/src/engine/path_roles.go", Line: 42},
		{Function: "example.com/engine.wrapper", File: "/src/engine/wrapper.go", Line: 7},
		{Function: "example.com/engine.Serve", File: "/src/engine/main.go", Line: 9},
	}
	if len(p.Frames) != len(want) {
		t.Fatalf("frames %+v", p.Frames)
	}
	for i, f := range p.Frames {
		if f != want[i] {
			t.Errorf("frame %d is %+v, want %+v", i, f, want[i])
		}
	}
	for _, none := range []string{"", "it did not panic: really", "a panic: b"} {
		if p := failure.ParsePanic(strings.Split(none, "\n")); p != nil {
			t.Errorf("%q is %v", none, p)
		}
	}
	if p := failure.ParsePanic([]string{"fatal error: concurrent map writes"}); p == nil || p.String() != "fatal error: concurrent map writes" {
		t.Errorf("a fatal error is %v", p)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]failure.Failure{
		"the plugin crashed: panic: x at a.go:1": {
			Started: true, Cause: failure.Panicked, Exit: &failure.Exit{Code: 2},
			Panic: &failure.Panic{Message: "panic: x", Frames: []failure.Frame{{File: "/b/a.go", Line: 1}}},
		},
		"the plugin crashed (signal: killed)":                                       {Started: true, Cause: failure.Exited, Exit: &failure.Exit{Code: -1, Signal: "killed"}},
		"the plugin crashed at its start: no region (exit code 3)":                  {Cause: failure.Exited, Detail: "no region", Exit: &failure.Exit{Code: 3}},
		"the plugin printed something else than its handshake: hello (exit code 0)": {Cause: failure.NoHandshake, Detail: "hello", Exit: &failure.Exit{}},
		"the plugin did not answer in time":                                         {Cause: failure.TimedOut},
	} {
		if got := f.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// FuzzParsePanic: a plugin prints what it likes.
func FuzzParsePanic(f *testing.F) {
	f.Add(trace)
	f.Add("panic: \n\t:1\n\tx:99999999999999999999\n")
	f.Fuzz(func(_ *testing.T, text string) {
		if p := failure.ParsePanic(strings.Split(text, "\n")); p != nil {
			_ = p.String()
		}
	})
}
