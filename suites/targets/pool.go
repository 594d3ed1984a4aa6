// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/plugproof/plugproof/steps"
)

// running is a server that a pool has started.
type running interface {
	steps.PluginPlacer
	steps.LogReader
	steps.Restarter
	steps.AddressMapper
	// exited reports whether the server ended by itself.
	exited() bool
}

// pool leases servers to scenarios: one to all that ask for the zero Spec, one of
// their own to the others. It may be used by several goroutines.
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
	return &lease{Server: server, release: func(ctx context.Context) error {
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

// shared leases the common server, which it starts when there is none or when a
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
	return &sharedLease{current.server}, nil
}

func (p *pool) begin(ctx context.Context, s, before *startup) {
	defer close(s.done)
	if before != nil {
		// It has ended; this removes its files and returns why.
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
		return s.err == nil && s.server.exited()
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
