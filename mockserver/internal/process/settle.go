// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// ErrUnknownLog is returned where it can't be known whether a plugin has more to log.
var ErrUnknownLog = errors.New("it is not known here whether the plugin has more to log")

const (
	// settleInterval is how often a process is looked at that is not idle yet.
	settleInterval = 5 * time.Millisecond
	// stdioMethod streams what a plugin prints once it serves.
	stdioMethod = "/plugin.GRPCStdio/StreamStdio"
)

// AwaitLog returns when all that the processes of a registration have logged or printed
// until now was given to Host.Logger. What a plugin writes to stderr after its handshake
// goes through a pipe, a goroutine of the plugin and a stream: it may arrive long after the
// answer to the request that it is about. So the processes have to be idle first, then an
// answer comes behind what they streamed before, and at last nothing is read any more. It
// is ErrUnknownLog where that can't be seen.
func (p *Pool) AwaitLog(ctx context.Context, name string) error {
	p.mu.Lock()
	processes := slices.Collect(maps.Keys(p.all))
	p.mu.Unlock()
	for _, proc := range processes {
		if proc.entry.Name != name {
			continue
		}
		if _, running := proc.info(); !running {
			continue
		}
		if err := proc.awaitLog(ctx); err != nil {
			return fmt.Errorf("wait for the log of %s: %w", name, err)
		}
	}
	return nil
}

func (proc *process) awaitLog(ctx context.Context) error {
	proc.mu.Lock()
	c := proc.child
	proc.mu.Unlock()
	if c.container != nil {
		return ErrUnknownLog
	}
	ticker := time.NewTicker(settleInterval)
	defer ticker.Stop()
	wait := func() error {
		select {
		case <-ticker.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for proc.running() {
		idle, err := idleGroup(int(c.pid.Load()))
		if err != nil {
			return err
		}
		if idle {
			break
		}
		if err := wait(); err != nil {
			return err
		}
	}
	// The answer is on the connection that the stream is on, behind it. A process that
	// ends meanwhile has logged all that it will.
	if err := proc.rpc.Ping(); err != nil && proc.running() {
		return errors.Join(ErrUnknownLog, err)
	}
	for proc.running() {
		before := proc.reads(c)
		if err := wait(); err != nil {
			return err
		}
		if after := proc.reads(c); before == after && !after.busy {
			return nil
		}
	}
	return nil
}

// reads are those of a process's stderr and of the stream of what it prints.
type reads struct {
	// busy: something that was read is not logged yet.
	busy bool
	// stderr and stream count them.
	stderr, stream int
}

func (proc *process) reads(c *child) reads {
	var now reads
	var stderr, stream bool
	now.stderr, stderr = c.stderr.reading.state()
	now.stream, stream = proc.stdio.state()
	now.busy = stderr || stream
	return now
}

// reading knows whether a reader waits for more, or works on what it has read.
type reading struct {
	mu      sync.Mutex
	count   int
	waiting bool
}

func (r *reading) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = true
	r.count++
}

// done is called with the error of the read: after one there are no more.
func (r *reading) done(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = err != nil
}

// state returns how many reads were begun, and whether the last one's result is worked on.
func (r *reading) state() (count int, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count, r.count > 0 && !r.waiting
}

// watchStdio notes the reads of the stream of what the plugin prints.
func (proc *process) watchStdio(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn,
	method string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, desc, conn, method, options...)
	if err != nil || method != stdioMethod {
		return stream, err
	}
	return &stdioStream{ClientStream: stream, reading: &proc.stdio}, nil
}

type stdioStream struct {
	grpc.ClientStream
	reading *reading
}

// RecvMsg implements grpc.ClientStream.
func (s *stdioStream) RecvMsg(message any) error {
	s.reading.begin()
	err := s.ClientStream.RecvMsg(message)
	s.reading.done(err)
	return err
}
