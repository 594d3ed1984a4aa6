// SPDX-License-Identifier: MPL-2.0

package lease

import (
	"context"
	"errors"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// begin finds what an earlier run has left and sets the timer.
func (m *Manager) begin(ctx context.Context) {
	hours, err := m.store.hours(ctx)
	if err != nil {
		m.logger.Error("can't list the leases that end; those of an earlier run end when they are used", "error", err)
	}
	m.queue.addHours(hours)
	m.mu.Lock()
	m.started = true
	m.mu.Unlock()
	m.arm()
}

// arm sets the timer to when something has to be done next. It is called after
// every change of the queue.
func (m *Manager) arm() {
	m.mu.Lock()
	defer m.mu.Unlock()
	next, ok := m.queue.next()
	if !ok || !m.started || m.closed {
		return
	}
	if m.timer == nil {
		m.timer = m.clock.AfterFunc(m.clock.Until(next), m.due)
		return
	}
	m.timer.Reset(m.clock.Until(next))
}

// due is what the timer runs. It returns when what has ended is revoked, or has
// failed to be.
func (m *Manager) due() {
	m.mu.Lock()
	closed := m.closed
	if !closed {
		m.running.Add(1)
	}
	m.mu.Unlock()
	if closed {
		return
	}
	defer m.running.Done()
	m.endDue(m.ctx)
}

// endDue hands everything that has ended to the workers, waiting while all of
// them are busy. Meanwhile the timer is set for what ends next.
func (m *Manager) endDue(ctx context.Context) {
	now := m.clock.Now()
	var revocations sync.WaitGroup
	defer revocations.Wait()
	defer m.arm()
	for _, hour := range m.queue.takeHours(now) {
		ends, err := m.store.due(ctx, hour)
		if err != nil {
			m.logger.Error("can't list the leases that end in an hour; they end when they are used", "hour", hour, "error", err)
			continue
		}
		m.queue.load(ends...)
	}
	for _, e := range m.queue.takeDue(now) {
		select {
		case m.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		revocations.Go(func() {
			defer func() { <-m.slots }()
			m.finish(ctx, e)
		})
	}
}

// finish revokes a lease if its time is over, and sees to another attempt if that
// fails.
func (m *Manager) finish(ctx context.Context, e end) {
	unlock, err := m.locks.Lock(ctx, e.id)
	if err != nil {
		return
	}
	defer unlock()
	l, err := m.store.get(ctx, e.id)
	switch {
	case errors.Is(err, ErrNotFound):
		err = m.store.forgetEnd(ctx, e)
	case err != nil, l.Ends.IsZero(), l.Failure != "", l.Ends.After(m.clock.Now()):
		// Another entry of the queue stands for it, or none has to.
	default:
		err = m.attempt(ctx, l, e)
	}
	if err != nil && ctx.Err() == nil {
		m.logger.Error("can't end a lease", "lease_id", e.id, "error", err)
	}
}

func (m *Manager) attempt(ctx context.Context, l *Lease, e end) error {
	bounded, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	err := m.revoke(bounded, l)
	if err == nil {
		return m.store.remove(ctx, l)
	}
	if ctx.Err() != nil {
		return nil
	}
	e.attempts++
	if e.attempts < maxAttempts && !hopeless(err) {
		m.logger.Error("failed to revoke lease", "lease_id", l.ID, "attempts", e.attempts, "error", err)
		e.at = m.clock.Now().Add(firstRetry << (e.attempts - 1))
		m.queue.load(e)
		m.arm()
		return nil
	}
	m.logger.Warn("lease has consumed all retry attempts", "lease_id", l.ID, "error", err)
	failed := *l
	failed.Failure = err.Error()
	return m.store.put(ctx, &failed, l)
}

// hopeless reports whether another attempt would fail as well.
func hopeless(err error) bool {
	return errors.Is(err, logical.ErrUnrecoverable) || errors.Is(err, logical.ErrUnsupportedOperation) ||
		errors.Is(err, logical.ErrUnsupportedPath)
}
