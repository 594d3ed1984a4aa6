// SPDX-License-Identifier: MPL-2.0

package process

import (
	"math"
	"sync"
	"sync/atomic"
)

// shutBias is added to a gate's count when it is shut: a negative count says
// shut, and the count without it how many are still inside.
const shutBias = math.MinInt64 / 2

// gate counts the requests in flight and can be shut to new ones. Entering is one atomic addition: requests neither wait for each other
// nor for who shuts the gate, which a sync.RWMutex held during the plugin's
// call would make them do.
type gate struct {
	count   atomic.Int64
	drained chan struct{}
	shutter sync.Once
	drainer sync.Once
}

func newGate() *gate { return &gate{drained: make(chan struct{})} }

// enter reports whether the gate is open; if it is, leave must follow.
func (g *gate) enter() bool {
	if g.count.Add(1) > 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.count.Add(-1) == shutBias {
		g.drainer.Do(func() { close(g.drained) })
	}
}

// shut closes the gate and returns a channel that is closed when the last
// request has left.
func (g *gate) shut() <-chan struct{} {
	g.shutter.Do(func() {
		if g.count.Add(shutBias) == shutBias {
			g.drainer.Do(func() { close(g.drained) })
		}
	})
	return g.drained
}
