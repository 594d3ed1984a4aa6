// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"context"
	"sync/atomic"
)

// hold makes accesses wait until it is released.
type hold struct {
	// pass is how many accesses may still go on.
	pass     atomic.Int64
	waiting  atomic.Int64
	released chan struct{}
}

// Hold makes accesses wait, but for the next ones, of which pass is the number, until
// Release is called or their context ends. The state is not shared with parts of the
// view.
func (v *View) Hold(pass int) {
	h := &hold{released: make(chan struct{})}
	h.pass.Store(int64(pass))
	if before := v.held.Swap(h); before != nil {
		close(before.released)
	}
}

// Release lets accesses go on.
func (v *View) Release() {
	if h := v.held.Swap(nil); h != nil {
		close(h.released)
	}
}

// Waiting returns how many accesses wait.
func (v *View) Waiting() int64 {
	if h := v.held.Load(); h != nil {
		return h.waiting.Load()
	}
	return 0
}

// wait waits while accesses are held; it returns the error of a context that ends
// meanwhile.
func (v *View) wait(ctx context.Context) error {
	h := v.held.Load()
	if h == nil || h.pass.Add(-1) >= 0 {
		return nil
	}
	h.waiting.Add(1)
	defer h.waiting.Add(-1)
	select {
	case <-h.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
