// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

const (
	// rollbackPeriod is how often the rollback operation is sent to every mount.
	rollbackPeriod = time.Minute
	// rollbackTimeout bounds one operation: the servers' request timeout.
	rollbackTimeout = 90 * time.Second
	// lastRollbackTimeout bounds the operation before a mount goes. Real servers
	// wait as long as for a periodic one; a plugin that hangs would keep its
	// mount that long.
	lastRollbackTimeout = 10 * time.Second
	// rollbackWorkers is how many operations run at the same time.
	rollbackWorkers = 16
)

// rollbacks sends logical.RollbackOperation to the mounts of plugins every
// minute, on which vault/sdk's framework calls the backend's PeriodicFunc and
// rolls back its write-ahead log. One timer serves all mounts; there is none
// before the first mount of a plugin. A mount whose operation still runs is left
// out of the next round.
//
// Source: vault/rollback.go of Vault and OpenBao.
type rollbacks struct {
	core    *Core
	clock   *clock.Clock
	workers chan struct{}

	mu      sync.Mutex
	timer   *clock.Timer
	closed  bool
	rounds  sync.WaitGroup
	running map[*mounts.Route]bool
}

func newRollbacks(c *Core, clk *clock.Clock) *rollbacks {
	return &rollbacks{
		core: c, clock: clk,
		workers: make(chan struct{}, rollbackWorkers), running: map[*mounts.Route]bool{},
	}
}

// mounted sets the timer when the first mount of a plugin is made.
func (m *rollbacks) mounted(e *mounts.Entry) {
	if !m.core.runsPlugin(e) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.timer == nil && !m.closed {
		m.timer = m.clock.AfterFunc(rollbackPeriod, m.round)
	}
}

// close stops the timer and returns when no operation runs. The server's context
// must have ended.
func (m *rollbacks) close() {
	m.mu.Lock()
	m.closed = true
	if m.timer != nil {
		m.timer.Stop()
	}
	m.mu.Unlock()
	m.rounds.Wait()
}

// round sends the operation to all mounts and returns when it is done. The next
// round does not wait for this one.
func (m *rollbacks) round() {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	m.rounds.Add(1)
	defer m.rounds.Done()
	m.timer.Reset(rollbackPeriod)
	m.mu.Unlock()

	var operations sync.WaitGroup
	for _, r := range m.core.table.All() {
		if !m.core.runsPlugin(r.Entry()) || !m.begin(r) {
			continue
		}
		operations.Go(func() {
			defer m.end(r)
			m.workers <- struct{}{}
			defer func() { <-m.workers }()
			_ = m.core.rollback(m.core.ctx, r, rollbackTimeout) // it is logged
		})
	}
	operations.Wait()
}

// runsPlugin reports whether a mount runs a registered plugin or a backend of the
// embedding program. The server's own backends have nothing to roll back.
func (c *Core) runsPlugin(e *mounts.Entry) bool {
	_, embedded := c.backends[catalog.Key{Type: e.PluginType(), Name: e.PluginName()}]
	return embedded || e.RunningSHA256 != ""
}

func (m *rollbacks) begin(r *mounts.Route) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.running[r] {
		return false
	}
	m.running[r] = true
	return true
}

func (m *rollbacks) end(r *mounts.Route) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.running, r)
}

// rollback sends the operation to one mount. Backends that don't support it, or
// whose storage is read-only, are not errors.
func (c *Core) rollback(ctx context.Context, r *mounts.Route, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	path := r.Entry().FullPath()
	_, err := c.Route(c.within(ctx, r.Entry()), &logical.Request{Operation: logical.RollbackOperation, Path: path})
	switch {
	case err == nil, errors.Is(err, logical.ErrUnsupportedOperation), errors.Is(err, logical.ErrReadOnly):
		return nil
	case c.ctx.Err() != nil:
		return err // the server ends
	}
	c.logger.Error("error rolling back", "path", path, "error", err)
	return err
}

// RollBackNow has the plugin at a mount roll back what it has not finished, whatever its
// age: vault/sdk's framework takes the word immediate for that. It leaves alone what is
// younger than ten minutes otherwise, by the clock of the plugin's process.
func (c *Core) RollBackNow(ctx context.Context, mount string) error {
	r, err := c.MountAt(ctx, mount)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rollbackTimeout)
	defer cancel()
	resp, err := c.Route(c.within(ctx, r.Entry()), &logical.Request{
		Operation: logical.RollbackOperation, Path: r.Entry().FullPath(), Data: map[string]any{"immediate": true},
	})
	if err == nil && resp.IsError() {
		err = resp.Error() // so the framework returns the errors of WALRollback
	}
	return err
}

// lastRollback sends the operation before a mount is removed or moved, if its
// backend runs. Errors are logged: various periodic functions can legitimately
// fail.
func (c *Core) lastRollback(ctx context.Context, r *mounts.Route) {
	if r.Running() == nil || !c.runsPlugin(r.Entry()) {
		return
	}
	if err := c.rollback(ctx, r, lastRollbackTimeout); err != nil {
		c.logger.Error("ignoring rollback error during unmount", "error", err, "path", r.Entry().FullPath())
	}
}
