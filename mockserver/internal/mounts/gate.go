// SPDX-License-Identifier: MPL-2.0

package mounts

import (
	"context"
	"sync"
)

// gate lets requests through to a backend and can be shut while the backend is
// exchanged: new requests wait in front of it, those inside are waited for. No
// lock is held while a request is inside. The zero value is an open gate.
type gate struct {
	mu     sync.Mutex
	inside int
	// shut is closed when the gate opens again; nil while it is open.
	shut chan struct{}
	// empty is closed when the last request left a shut gate.
	empty chan struct{}
}

// enter waits until the gate is open and goes in. The error is the context's.
func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		shut := g.shut
		if shut == nil {
			g.inside++
			g.mu.Unlock()
			return nil
		}
		g.mu.Unlock()
		select {
		case <-shut:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leave ends what enter began.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.inside == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// close shuts the gate, after another closing has ended, and returns a channel
// that is closed when nobody is inside any more. The error is the context's.
func (g *gate) close(ctx context.Context) (<-chan struct{}, error) {
	for {
		g.mu.Lock()
		shut := g.shut
		if shut == nil {
			break
		}
		g.mu.Unlock()
		select {
		case <-shut:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
	empty := make(chan struct{})
	if g.inside == 0 {
		close(empty)
	} else {
		g.empty = empty
	}
	return empty, nil
}

// open lets requests through again.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut, g.empty = nil, nil
}
