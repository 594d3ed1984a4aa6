// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/steps/host"
)

// running is a server that a pool has started.
type running interface {
	steps.PluginPlacer
	steps.LogReader
	steps.Restarter
	steps.AddressMapper
	// gone tells that the server ended by itself.
	gone() bool
}

// pool gives scenarios their servers: one for all that ask for the zero Spec,
// one of their own to the others. It may be used by several goroutines.
type pool struct {
	start func(context.Context, steps.Spec) (running, error)

	mu     sync.Mutex
	common *startup
	own    map[running]struct{}
	closed bool
	// crashes are what common servers ended of that were replaced.
	crashes []error
}

// startup is the common server, or its start under way. The other fields are
// valid once done is closed.
type startup struct {
	done   chan struct{}
	server running
	err    error
}

func newPool(start func(context.Context, steps.Spec) (running, error)) *pool {
	return &pool{start: start, own: map[running]struct{}{}}
}

var errClosed = errors.New("the target is closed")

func (p *pool) server(ctx context.Context, spec steps.Spec) (steps.Server, error) {
	if reflect.ValueOf(spec).IsZero() {
		return p.shared(ctx)
	}
	server, err := p.start(ctx, spec)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.own[server] = struct{}{}
	}
	p.mu.Unlock()
	if closed {
		return nil, errors.Join(errClosed, server.Close(ctx))
	}
	return &lent{running: server, giveBack: func(ctx context.Context) error {
		p.mu.Lock()
		_, there := p.own[server]
		delete(p.own, server)
		p.mu.Unlock()
		if !there {
			return nil
		}
		return server.Close(ctx)
	}}, nil
}

// shared gives the common server and starts it when there is none or when a
// scenario has brought it down. A failed start is not tried again: every
// scenario would wait as long for the same answer.
func (p *pool) shared(ctx context.Context) (steps.Server, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	var before *startup
	if p.common == nil || p.common.broken() {
		before, p.common = p.common, &startup{done: make(chan struct{})}
		// The start belongs to all who wait for it, not to the first of them.
		go p.begin(context.WithoutCancel(ctx), p.common, before)
	}
	current := p.common
	p.mu.Unlock()
	select {
	case <-current.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if current.err != nil {
		return nil, current.err
	}
	return &lent{running: current.server, common: true, giveBack: func(context.Context) error { return nil }}, nil
}

func (p *pool) begin(ctx context.Context, s, before *startup) {
	defer close(s.done)
	if before != nil {
		// It has ended; this removes its files and tells why.
		err := before.server.Close(ctx)
		p.mu.Lock()
		p.crashes = append(p.crashes, err)
		p.mu.Unlock()
	}
	s.server, s.err = p.start(ctx, steps.Spec{})
}

func (s *startup) broken() bool {
	select {
	case <-s.done:
		return s.err == nil && s.server.gone()
	default:
		return false
	}
}

// close ends every server, side by side.
func (p *pool) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	common, own := p.common, p.own
	p.common, p.own = nil, map[running]struct{}{}
	p.mu.Unlock()
	var late error
	if common != nil {
		select {
		case <-common.done:
			if common.err == nil {
				own[common.server] = struct{}{}
			}
		case <-ctx.Done():
			late = fmt.Errorf("the start of the common server does not end: %w", context.Cause(ctx))
		}
	}
	errs := make(chan error, len(own))
	for server := range own {
		go func() { errs <- server.Close(ctx) }()
	}
	p.mu.Lock()
	all := append(p.crashes, late)
	p.mu.Unlock()
	for range own {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// lent is a server in the hands of one scenario.
type lent struct {
	running
	common   bool
	giveBack func(context.Context) error
}

func (l *lent) Close(ctx context.Context) error { return l.giveBack(ctx) }

// Crashes implements steps.CrashReporter.
func (l *lent) Crashes(ctx context.Context) ([]steps.Crash, error) {
	return steps.PluginCrashes(ctx, l.running)
}

// Host implements steps.ElsewhereServer.
func (l *lent) Host(ctx context.Context) (host.Host, error) { return steps.HostOf(ctx, l.running) }

// Advance implements steps.ClockMover.
func (l *lent) Advance(ctx context.Context, d time.Duration) error {
	if l.common {
		return errors.New("this server is shared with other scenarios: ask for State or Fresh to move its time")
	}
	return steps.AdvanceClock(ctx, l.running, d)
}

// FailWrites implements steps.Faulty.
func (l *lent) FailWrites(ctx context.Context, mount string, fail bool) (refused int64, err error) {
	return steps.FailWrites(ctx, l.running, mount, fail)
}

// FailReads implements steps.Faulty.
func (l *lent) FailReads(ctx context.Context, mount string, fail bool) (refused int64, err error) {
	return steps.FailReads(ctx, l.running, mount, fail)
}

// SetReadOnly implements steps.Faulty.
func (l *lent) SetReadOnly(ctx context.Context, mount string, readOnly bool) (refused int64, err error) {
	return steps.SetReadOnly(ctx, l.running, mount, readOnly)
}

// StorageKeys implements steps.Faulty.
func (l *lent) StorageKeys(ctx context.Context, mount, folder string) ([]string, error) {
	return steps.StorageKeys(ctx, l.running, mount, folder)
}

// StorageEntries implements steps.Faulty.
func (l *lent) StorageEntries(ctx context.Context, mount string) (map[string][]byte, error) {
	return steps.StorageEntries(ctx, l.running, mount)
}

// ReplaceStorage implements steps.Faulty.
func (l *lent) ReplaceStorage(ctx context.Context, mount string, entries map[string][]byte) error {
	return steps.ReplaceStorage(ctx, l.running, mount, entries)
}

// RollBackNow implements steps.Faulty.
func (l *lent) RollBackNow(ctx context.Context, mount string) error {
	return steps.RollBackNow(ctx, l.running, mount)
}

// HoldStorage implements steps.Faulty.
func (l *lent) HoldStorage(ctx context.Context, mount string, pass int) error {
	return steps.HoldStorage(ctx, l.running, mount, pass)
}

// ReleaseStorage implements steps.Faulty.
func (l *lent) ReleaseStorage(ctx context.Context, mount string) error {
	return steps.ReleaseStorage(ctx, l.running, mount)
}

// HeldAccesses implements steps.Faulty.
func (l *lent) HeldAccesses(ctx context.Context, mount string) (int64, error) {
	return steps.HeldAccesses(ctx, l.running, mount)
}

// errShared: a scenario is about to change a server that others use.
var errShared = errors.New("this server is shared with other scenarios: ask for State or Fresh")

// SetFault implements steps.Faulty.
func (l *lent) SetFault(ctx context.Context, fault steps.Fault) error {
	if l.common {
		return errShared
	}
	return steps.SetFault(ctx, l.running, fault)
}

// Seal implements steps.Sealer.
func (l *lent) Seal(ctx context.Context, sealed bool) error {
	if l.common {
		return errShared
	}
	return steps.SealServer(ctx, l.running, sealed)
}

// RevokeUnnoted implements steps.Faulty.
func (l *lent) RevokeUnnoted(ctx context.Context, leaseID string) error {
	return steps.RevokeUnnoted(ctx, l.running, leaseID)
}

// PluginLog implements steps.PluginLogReader.
func (l *lent) PluginLog(ctx context.Context, registration string) ([]string, error) {
	return steps.PluginLog(ctx, l.running, registration)
}

// PluginToken implements steps.TokenReporter.
func (l *lent) PluginToken(ctx context.Context, mount, token string) (string, error) {
	return steps.PluginToken(ctx, l.running, mount, token)
}

// SpecialPaths implements steps.SpecialPathReporter.
func (l *lent) SpecialPaths(ctx context.Context, mount string) (steps.SpecialPathSet, error) {
	return steps.MountSpecialPaths(ctx, l.running, mount)
}

func (l *lent) Restart(ctx context.Context, kill bool) error {
	if l.common {
		return errors.New("this server is shared with other scenarios: ask for State or Fresh to restart it")
	}
	return l.running.Restart(ctx, kill)
}
