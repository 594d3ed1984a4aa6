// SPDX-License-Identifier: MPL-2.0

package mounts

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// drainTime is how long an exchange of the backend waits for requests that are
// still in it; then they lose their process. It keeps a plugin that hangs from
// being beyond reload.
const drainTime = 10 * time.Second

// Starter makes the backend of a mount when it is first needed. A backend that it returns
// together with an error is the mount's all the same: the error is for who started it.
type Starter func(ctx context.Context, r *Route) (*Backend, error)

// Backend is a running backend and what the router must know of it.
type Backend struct {
	logical.Backend
	root, login *pathSet
}

// NewBackend asks b for its special paths once, so that no request has to.
func NewBackend(b logical.Backend) *Backend {
	paths := b.SpecialPaths()
	if paths == nil {
		paths = &logical.Paths{}
	}
	return &Backend{Backend: b, root: newPathSet(paths.Root), login: newPathSet(paths.Unauthenticated)}
}

// Route is one mount: its configuration, its storage and its backend, each of
// which can be exchanged while requests go on.
type Route struct {
	// Storage is the mount's own.
	Storage *storage.View

	entry   atomic.Pointer[Entry]
	backend atomic.Pointer[Backend]
	ready   atomic.Bool
	tainted atomic.Bool
	op      atomic.Int32
	// skipped: see Skip; missing: it has not been reloaded since.
	skipped, missing atomic.Bool
	// started: a backend was started in this server's life.
	started atomic.Bool
	// stopped: see Stop.
	stopped atomic.Bool
	gate    gate
	start   Starter
	// changes makes changes of the entry happen one after the other, so that
	// what is stored last is what the table says. Requests don't take it.
	changes sync.Mutex
}

// NewRoute returns a route without a backend: start makes it when the first
// request comes or Exchange is called.
func NewRoute(entry *Entry, view *storage.View, start Starter) *Route {
	r := &Route{Storage: view, start: start}
	r.entry.Store(entry)
	return r
}

// Entry is the mount's configuration; it must not be changed.
func (r *Route) Entry() *Entry { return r.entry.Load() }

// Modify calls change with a copy of the configuration, which becomes the mount's
// if change returns no error. Changes of one route happen one after the other; its
// requests go on meanwhile.
func (r *Route) Modify(change func(*Entry) error) error {
	r.changes.Lock()
	defer r.changes.Unlock()
	e := *r.entry.Load()
	if err := change(&e); err != nil {
		return err
	}
	r.entry.Store(&e)
	return nil
}

// Tainted reports whether only revocations go through: the mount is being removed.
func (r *Route) Tainted() bool { return r.tainted.Load() }

// Taint keeps requests other than revocations away from now on, or lets them
// through again.
func (r *Route) Taint(on bool) { r.tainted.Store(on) }

// Operations on a mount as a whole, of which one happens at a time.
const (
	opNone int32 = iota
	opMove
	opRemove
)

// TryRemove begins a removal and reports whether the caller may go on: nobody else
// is removing or moving the mount.
func (r *Route) TryRemove() bool { return r.op.CompareAndSwap(opNone, opRemove) }

// TryMove begins a move and reports whether the caller may go on: nobody else is
// moving or removing the mount.
func (r *Route) TryMove() bool { return r.op.CompareAndSwap(opNone, opMove) }

// EndOp ends a move, or a removal that failed, so that another may begin.
func (r *Route) EndOp() { r.op.Store(opNone) }

// Removing reports whether the mount is being removed.
func (r *Route) Removing() bool { return r.op.Load() == opRemove }

// ErrNoBackend is returned for requests to a mount that was skipped.
var ErrNoBackend = errors.New("the mount has no backend")

// ErrStopped is returned for requests to a route after Stop, also for those that
// waited in front of it, and for reloads of it.
var ErrStopped = errors.New("the mount was removed")

// Skip leaves the mount without a backend until a reload starts one: it could not
// be started when the server was.
func (r *Route) Skip() {
	r.skipped.Store(true)
	r.missing.Store(true)
}

// Missing reports whether the mount was skipped and not reloaded since.
func (r *Route) Missing() bool { return r.missing.Load() }

// Started reports whether the backend was started since the server was.
func (r *Route) Started() bool { return r.started.Load() }

// Skipped reports whether the mount was ever skipped.
func (r *Route) Skipped() bool { return r.skipped.Load() }

// Enter returns the mount's backend for one request, starting it if it was
// never started, and a function that must be called when the request is done.
// While an exchange is under way it waits.
func (r *Route) Enter(ctx context.Context) (*Backend, func(), error) {
	for {
		if err := r.gate.enter(ctx); err != nil {
			return nil, nil, err
		}
		if b := r.backend.Load(); b != nil {
			return b, r.gate.leave, nil
		}
		r.gate.leave()
		if err := r.unstartable(); err != nil {
			return nil, nil, err
		}
		if err := r.startOnce(ctx); err != nil {
			return nil, nil, err
		}
	}
}

// unstartable returns why no request may start the backend, or nil.
func (r *Route) unstartable() error {
	switch {
	case r.stopped.Load():
		return ErrStopped
	case r.missing.Load():
		return ErrNoBackend
	}
	return nil
}

// startOnce makes the backend unless somebody else has meanwhile.
func (r *Route) startOnce(ctx context.Context) error {
	if _, err := r.gate.close(ctx); err != nil {
		return err
	}
	defer r.gate.open()
	if r.backend.Load() != nil {
		return nil
	}
	if err := r.unstartable(); err != nil {
		return err
	}
	b, err := r.start(ctx, r)
	if err != nil && r.missing.Load() { // the starter skipped it
		return ErrNoBackend
	}
	r.keep(b)
	return err
}

// keep makes a backend the mount's, if it is one.
func (r *Route) keep(b *Backend) {
	if b == nil {
		return
	}
	r.missing.Store(false)
	r.started.Store(true)
	r.backend.Store(b)
}

// Running returns the backend if it was started, else nil.
func (r *Route) Running() *Backend { return r.backend.Load() }

// reopener is a backend that can be used again after its end.
type reopener interface{ Reopen() }

// Exchange ends the running backend with end, if there is one, and starts a new
// one. Requests wait meanwhile; those inside have drainTime to finish. If
// the start fails, the next request tries again: with the old backend if that
// can be reopened, so that the mount's special paths stay what they were. The error
// of a route that was stopped is ErrStopped.
func (r *Route) Exchange(ctx context.Context, end func(*Backend)) error {
	var old *Backend
	return r.alone(ctx, func(b *Backend) { end(b); old = b }, func() error {
		if r.stopped.Load() {
			return ErrStopped
		}
		b, err := r.start(ctx, r)
		r.keep(b)
		if b == nil {
			r.reopen(old)
		}
		return err
	})
}

// reopen makes a backend that has ended the mount's again, if it can be.
func (r *Route) reopen(old *Backend) {
	if old == nil {
		return
	}
	if again, ok := old.Backend.(reopener); ok {
		again.Reopen()
		r.backend.Store(old)
	}
}

// Suspend ends the backend with end until a request needs it.
func (r *Route) Suspend(ctx context.Context, end func(*Backend)) error {
	var old *Backend
	return r.alone(ctx, func(b *Backend) { end(b); old = b }, func() error {
		r.reopen(old)
		return nil
	})
}

// Stop ends the backend with end, if it is running, as the last thing that
// happens on this route before it is removed: nothing starts a backend afterwards,
// neither requests that waited nor a reload that found the route before.
func (r *Route) Stop(ctx context.Context, end func(*Backend)) error {
	return r.alone(ctx, end, func() error {
		r.stopped.Store(true)
		return nil
	})
}

// Rest ends the backend with end, if it is running, until a request starts one again.
func (r *Route) Rest(ctx context.Context, end func(*Backend)) error {
	return r.alone(ctx, end, func() error { return nil })
}

// Unstop takes a Stop back, of a mount that could not be removed after all.
func (r *Route) Unstop() { r.stopped.Store(false) }

// alone ends the backend and runs then while no request is inside.
func (r *Route) alone(ctx context.Context, end func(*Backend), then func() error) error {
	empty, err := r.gate.close(ctx)
	if err != nil {
		return err
	}
	defer r.gate.open()
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-empty:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if old := r.backend.Swap(nil); old != nil {
		end(old)
	}
	return then()
}
