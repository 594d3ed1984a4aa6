// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

// PanicError is returned for a call during which a backend of this process
// panicked. It reads: backend "mine" panicked: … at path_config.go:42.
type PanicError struct {
	Backend string
	// Value is what the backend panicked with.
	Value any
	// File and Line are the first place in the author's code; File is empty if
	// there is none on the stack.
	File string
	Line int
}

func (e *PanicError) Error() string {
	text := fmt.Sprintf("backend %q panicked: %v", e.Backend, e.Value)
	if e.File == "" {
		return text
	}
	return fmt.Sprintf("%s at %s:%d", text, filepath.Base(e.File), e.Line)
}

// inProcess runs a backend of this process as the server would run it in one of
// its own: a panic fails the request in which it happened, with the place of the
// panic, and takes the backend's state in memory with it. The next request gets
// a new backend, set up and initialized, as after the crash of a process.
//
// A panic on a goroutine that the backend started itself can't be recovered: it
// ends this process.
type inProcess struct {
	name    string
	factory logical.Factory
	conf    *logical.BackendConfig

	current atomic.Pointer[instance]
	// starting is held while a backend is created after a panic. It has one key.
	starting keylock.Locks
	// kind and paths are those of the first backend: the router knows them.
	kind  logical.BackendType
	paths *logical.Paths
}

// instance is a backend until it panics.
type instance struct {
	logical.Backend
	dead atomic.Bool
}

var errNilBackend = errors.New("nil backend")

// newInProcess creates the backend. A panic of the factory is a *PanicError.
func newInProcess(ctx context.Context, name string, factory logical.Factory, conf *logical.BackendConfig) (*inProcess, error) {
	b := &inProcess{name: name, factory: factory, conf: conf}
	i, err := b.create(ctx)
	if err != nil {
		return nil, err
	}
	b.current.Store(i)
	err = b.call(i, func() error {
		b.kind, b.paths = i.Type(), i.SpecialPaths()
		return nil
	})
	return b, err
}

func (b *inProcess) create(ctx context.Context) (*instance, error) {
	i := &instance{}
	err := b.call(i, func() (err error) {
		i.Backend, err = b.factory(ctx, b.conf)
		return err
	})
	if err == nil && i.Backend == nil { // kv's answer to a storage version that does not exist
		err = fmt.Errorf("%w of type %q returned from factory", errNilBackend, b.name)
	}
	return i, err
}

// call calls f and turns a panic into a *PanicError that ends the instance.
func (b *inProcess) call(i *instance, f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			i.dead.Store(true)
			failure := &PanicError{Backend: b.name, Value: value}
			failure.File, failure.Line = panicPlace()
			b.conf.Logger.Error("backend panicked; the next request gets a new one", "backend", b.name, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			err = failure
		}
	}()
	return f()
}

// panicPlace returns the first place on the stack of a panic that is the
// author's: neither the runtime nor the SDK.
func panicPlace() (file string, line int) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for panicked := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case !panicked, strings.HasPrefix(frame.Function, "runtime."), strings.Contains(frame.Function, "/sdk/"):
		case strings.Contains(frame.Function, "mockserver/internal/core.(*inProcess)"):
			return "", 0
		default:
			return frame.File, frame.Line
		}
		if !more {
			return "", 0
		}
	}
}

// living returns the backend, or creates another one if it panicked.
func (b *inProcess) living(ctx context.Context) (*instance, error) {
	if i := b.current.Load(); !i.dead.Load() {
		return i, nil
	}
	unlock, err := b.starting.Lock(ctx, b.name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if i := b.current.Load(); !i.dead.Load() {
		return i, nil
	}
	ctx = context.WithoutCancel(ctx)
	i, err := b.create(ctx)
	if err != nil {
		return nil, err
	}
	err = b.call(i, func() error {
		return i.Initialize(ctx, &logical.InitializationRequest{Storage: b.conf.StorageView})
	})
	if i.dead.Load() {
		return nil, err
	}
	// One that failed to initialize is used by later requests, as a process is.
	b.current.Store(i)
	return i, err
}

// HandleRequest implements logical.Backend.
func (b *inProcess) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	i, err := b.living(ctx)
	if err != nil {
		return nil, err
	}
	err = b.call(i, func() (err error) {
		resp, err = i.HandleRequest(ctx, req)
		return err
	})
	return resp, err
}

// HandleExistenceCheck implements logical.Backend.
func (b *inProcess) HandleExistenceCheck(ctx context.Context, req *logical.Request) (found, exists bool, err error) {
	i, err := b.living(ctx)
	if err != nil {
		return false, false, err
	}
	err = b.call(i, func() (err error) {
		found, exists, err = i.HandleExistenceCheck(ctx, req)
		return err
	})
	return found, exists, err
}

// Initialize implements logical.Backend.
func (b *inProcess) Initialize(ctx context.Context, req *logical.InitializationRequest) error {
	i := b.current.Load()
	return b.call(i, func() error { return i.Initialize(ctx, req) })
}

// Cleanup implements logical.Backend. A panic is only logged.
func (b *inProcess) Cleanup(ctx context.Context) {
	b.cleanUp(ctx, b.current.Load())
}

// Reopen makes a backend usable after Cleanup: its next request gets a new one.
func (b *inProcess) Reopen() { b.current.Load().dead.Store(true) }

// cleanUp cleans up a backend that did not panic. A panic is only logged.
func (b *inProcess) cleanUp(ctx context.Context, i *instance) {
	if i.dead.Load() {
		return
	}
	_ = b.call(i, func() error {
		i.Cleanup(ctx)
		return nil
	})
}

// InvalidateKey implements logical.Backend. A panic is only logged.
func (b *inProcess) InvalidateKey(ctx context.Context, key string) {
	i := b.current.Load()
	_ = b.call(i, func() error {
		i.InvalidateKey(ctx, key)
		return nil
	})
}

// Setup does nothing: the factory did it.
func (b *inProcess) Setup(context.Context, *logical.BackendConfig) error { return nil }

// Type returns the type of the first backend.
func (b *inProcess) Type() logical.BackendType { return b.kind }

// SpecialPaths returns those of the first backend.
func (b *inProcess) SpecialPaths() *logical.Paths { return b.paths }

// System returns the system view of the mount.
func (b *inProcess) System() logical.SystemView { return b.conf.System }

// Logger returns the logger of the mount.
func (b *inProcess) Logger() hclog.Logger { return b.conf.Logger }
