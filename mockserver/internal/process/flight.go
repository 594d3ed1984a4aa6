// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"time"
)

// flight is a process that mounts share, from the moment that the first of them
// asks for it. Guarded by Pool.mu but for done, and proc and err behind it.
type flight struct {
	// waiters counts the callers that wait for done or are about to attach. While there are
	// some, the process is not ended for want of use.
	waiters int
	// done is closed when proc or err is set.
	done chan struct{}
	proc *process
	err  error
}

// join attaches s to a process for its entry: the running one if it is shared,
// otherwise a new one. Mounts that need the same process start it once.
func (p *Pool) join(ctx context.Context, s *session, deadline time.Time) error {
	key := s.entry.key()
	for {
		f, first, err := p.joinOrStart(key)
		if err != nil {
			return err
		}
		if first {
			// The start belongs to all who wait, so it doesn't end with the
			// request of the first.
			go p.launch(context.WithoutCancel(ctx), f, s.entry, deadline)
		}
		err = f.wait(ctx)
		attached := err == nil && f.proc.attach(s)
		p.release(f)
		switch {
		case err != nil:
			return err
		case attached:
			s.proc = f.proc
			return nil
		case !f.proc.shared:
			// Somebody else has taken it, and more of its kind can be started
			// side by side.
			return p.startAlone(ctx, s, deadline)
		}
		// It was ended in between.
		p.unshare(f.proc)
	}
}

func (p *Pool) startAlone(ctx context.Context, s *session, deadline time.Time) error {
	proc, err := p.start(ctx, s.entry, currentProtocol(s.entry), deadline)
	if err != nil {
		return err
	}
	proc.attach(s)
	s.proc = proc
	return nil
}

// joinOrStart returns the flight for key and reports whether the caller must start it.
func (p *Pool) joinOrStart(key string) (f *flight, first bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, ErrClosed
	}
	f = p.flights[key]
	if f == nil {
		f, first = &flight{done: make(chan struct{})}, true
		p.flights[key] = f
	}
	f.waiters++
	return f, first, nil
}

// launch starts the process of f.
func (p *Pool) launch(ctx context.Context, f *flight, entry Entry, deadline time.Time) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	proc, err := p.start(ctx, entry, currentProtocol(entry), deadline)
	p.mu.Lock()
	f.proc, f.err = proc, err
	if key := entry.key(); p.flights[key] == f && (err != nil || !proc.shared) {
		delete(p.flights, key)
	}
	abandoned := err == nil && f.waiters == 0
	p.mu.Unlock()
	close(f.done)
	if abandoned {
		proc.endUnused()
	}
}

// wait returns when the process of f has been started, with the error if it
// failed.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release ends the wait of one caller, attached or not. The last one ends a process that no mount uses.
func (p *Pool) release(f *flight) {
	p.mu.Lock()
	f.waiters--
	proc := f.proc
	last := f.waiters == 0 && proc != nil
	p.mu.Unlock()
	if last {
		proc.endUnused()
	}
}

// endUnused ends the process if no mount uses it.
func (proc *process) endUnused() {
	proc.mu.Lock()
	unused := len(proc.sessions) == 0 && !proc.shut
	proc.shut = proc.shut || unused
	proc.mu.Unlock()
	if unused {
		proc.end()
	}
}
