// SPDX-License-Identifier: MPL-2.0

package lease

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

const (
	// workers is how many ended leases are revoked at the same time.
	workers = 16
	// attemptTimeout bounds one revocation of an ended lease, like a request.
	attemptTimeout = 90 * time.Second
	// maxAttempts is after how many failures revocation is given up, and
	// firstRetry the pause before the second attempt, which doubles each time.
	// The servers have the same figures.
	maxAttempts = 6
	firstRetry  = 10 * time.Second
)

// Revoker ends what is leased. It must not delete the lease, but may delete
// those of a token's children.
type Revoker func(ctx context.Context, l *Lease) error

// Manager keeps leases and has them revoked when they end. It is safe for
// concurrent use; work on one lease is done one after the other.
type Manager struct {
	store  store
	queue  *queue
	revoke Revoker
	logger hclog.Logger
	locks  keylock.Locks
	clock  *clock.Clock

	mu      sync.Mutex // guards what follows
	timer   *clock.Timer
	started bool
	closed  bool

	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	running sync.WaitGroup
	slots   chan struct{}
}

// New opens the leases in storage, which end by the clock. None ends before Start.
func New(storage logical.Storage, revoke Revoker, clk *clock.Clock, logger hclog.Logger) *Manager {
	ctx, stop := context.WithCancel(context.Background())
	m := &Manager{
		store: newStore(storage), queue: newQueue(clk.Now()), revoke: revoke, logger: logger, clock: clk,
		ctx: ctx, stop: stop, slots: make(chan struct{}, workers),
	}
	return m
}

// Start begins to have leases revoked that end, also those that ended before.
// Call it once, when the plugins can be reached; Close ends it.
func (m *Manager) Start() { m.Go(m.begin) }

// Go does work on leases in the background. Its context ends with Close, which
// waits for it.
func (m *Manager) Go(work func(context.Context)) {
	m.running.Go(func() { work(m.ctx) })
}

// Close stops revoking and waits for what is under way to give up. What has
// ended meanwhile is revoked after the next start.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	if m.timer != nil {
		m.timer.Stop()
	}
	m.mu.Unlock()
	m.stop()
	m.running.Wait()
}

// Add stores a new lease.
func (m *Manager) Add(ctx context.Context, l *Lease) error {
	if err := m.store.put(ctx, l, nil); err != nil {
		return err
	}
	m.schedule(l)
	return nil
}

func (m *Manager) schedule(l *Lease) {
	if !l.Ends.IsZero() && l.Failure == "" {
		m.queue.add(end{at: l.Ends, id: l.ID})
		m.arm()
	}
}

// Get returns a lease, also one whose time is over, or ErrNotFound. It is
// shared and must not be changed.
func (m *Manager) Get(ctx context.Context, id string) (*Lease, error) {
	return m.store.get(ctx, id)
}

// List names what is directly below a prefix of lease IDs of the namespace of ctx,
// folders with a slash.
func (m *Manager) List(ctx context.Context, prefix string) ([]string, error) {
	return m.store.storage.List(ctx, prefixOf(ctx)+prefix)
}

// Change lets apply change a copy of a lease and stores it. No other work on
// the lease is done meanwhile; apply may call a plugin.
func (m *Manager) Change(ctx context.Context, id string, apply func(*Lease) error) error {
	unlock, err := m.locks.Lock(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := m.store.get(ctx, id)
	if err != nil {
		return err
	}
	changed := *old
	if err := apply(&changed); err != nil {
		return err
	}
	if err := m.store.put(ctx, &changed, old); err != nil {
		return err
	}
	m.schedule(&changed)
	return nil
}

// Drop deletes a lease without revoking it; one that doesn't exist is fine.
func (m *Manager) Drop(ctx context.Context, id string) error {
	l, err := m.store.get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.store.remove(ctx, l)
}

// Hasten ends a lease now: it is revoked soon, and by the next start at the
// latest, and revocation is tried again if it was given up.
func (m *Manager) Hasten(ctx context.Context, id string) error {
	err := m.Change(ctx, id, func(l *Lease) error {
		l.Ends, l.Failure = m.clock.Now(), ""
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// HastenHeldBy ends everything that a token holds.
func (m *Manager) HastenHeldBy(ctx context.Context, holder string) error {
	ids, err := m.store.heldBy(ctx, holder)
	for _, id := range ids {
		err = errors.Join(err, m.Hasten(ctx, id))
	}
	return err
}

// Revoke revokes a lease at once; one that doesn't exist is fine. With force
// the lease is gone even if revocation fails.
func (m *Manager) Revoke(ctx context.Context, id string, force bool) error {
	unlock, err := m.locks.Lock(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	l, err := m.store.get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.revoke(ctx, l); err != nil {
		if !force {
			return err
		}
		m.logger.Warn("revocation from the backend failed, but in force mode so ignoring", "lease_id", id, "error", err)
	}
	return m.store.remove(ctx, l)
}

// RevokePrefix revokes the lease with that ID, or else all of the namespace of ctx below
// the prefix: at once, or soon if lazy.
func (m *Manager) RevokePrefix(ctx context.Context, prefix string, force, lazy bool) error {
	one := func(id string) error {
		if lazy {
			return m.Hasten(ctx, id)
		}
		return m.Revoke(ctx, id, force)
	}
	if !strings.HasSuffix(prefix, "/") {
		_, err := m.store.get(ctx, prefix)
		if err == nil {
			err = one(prefix)
		}
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ErrNotFound):
			return fmt.Errorf("failed to revoke %q: %w", prefix, err)
		}
		prefix += "/"
	}
	ids, err := m.store.below(ctx, prefix)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := one(id); err != nil {
			return fmt.Errorf("failed to revoke %q (%d / %d): %w", id, i+1, len(ids), err)
		}
	}
	return nil
}

// Each calls visit for every lease of the namespace of ctx, one after the other.
func (m *Manager) Each(ctx context.Context, visit func(*Lease) error) error {
	ids, err := m.store.below(ctx, "")
	if err != nil {
		return err
	}
	for _, id := range ids {
		l, err := m.store.get(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err == nil {
			err = visit(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
