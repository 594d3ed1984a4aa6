// SPDX-License-Identifier: MPL-2.0

package lease

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// run sleeps until the next lease ends, or until a nearer one is added.
func (m *Manager) run(ctx context.Context) {
	hours, err := m.store.hours(ctx)
	if err != nil {
		m.logger.Error("can't list the leases that end; those of an earlier run end when they are used", "error", err)
	}
	m.queue.addHours(hours)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var wake <-chan time.Time
		if next, ok := m.queue.next(); ok {
			timer.Reset(time.Until(next))
			wake = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-m.queue.changed:
		case <-wake:
			m.endDue(ctx)
		}
	}
}

// endDue hands everything that has ended to the workers, waiting while all of
// them are busy.
func (m *Manager) endDue(ctx context.Context) {
	now := time.Now()
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
		m.running.Go(func() {
			defer func() { <-m.slots }()
			m.finish(ctx, e)
		})
	}
}

// finish revokes a lease if its time is over, and sees to another attempt if that
// fails.
func (m *Manager) finish(ctx context.Context, e end) {
	done, err := m.turns.Take(ctx, e.id)
	if err != nil {
		return
	}
	defer done()
	l, err := m.store.get(ctx, e.id)
	switch {
	case errors.Is(err, ErrNotFound):
		err = m.store.settle(ctx, e)
	case err != nil, l.Ends.IsZero(), l.Failure != "", l.Ends.After(time.Now()):
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
		e.at = time.Now().Add(firstRetry << (e.attempts - 1))
		m.queue.load(e)
		return nil
	}
	m.logger.Warn("lease has consumed all retry attempts", "lease_id", l.ID, "error", err)
	failed := *l
	failed.Failure = err.Error()
	return m.store.put(ctx, &failed, l)
}

// hopeless tells whether another attempt would fail as well.
func hopeless(err error) bool {
	return errors.Is(err, logical.ErrUnrecoverable) || errors.Is(err, logical.ErrUnsupportedOperation) ||
		errors.Is(err, logical.ErrUnsupportedPath)
}
