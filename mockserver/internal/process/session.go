// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// Bounds for the Cleanup of a plugin, which may hang: the usual one, and the
// one for a plugin that has not ended its requests in the time it was given.
const (
	cleanupTime     = 5 * time.Second
	lateCleanupTime = 500 * time.Millisecond
)

// session is one mount's use of one process. What a plugin says of itself is
// asked once: it can't change while the process runs.
type session struct {
	entry Entry
	// mount is the BackendUUID.
	mount string
	// old: the plugin is of the generation before AutoMTLS.
	old bool

	gate *gate
	// proc and backend are nil in the placeholder that stands for a plugin of
	// the old generation until its first request.
	proc    *process
	backend logical.Backend

	// said is what the plugin says of itself; nil until it is asked.
	said *description
}

// description is what a plugin says of itself. It is asked when its backend is
// set up, and waited for by who wants to know.
type description struct {
	asked sync.WaitGroup
	kind  logical.BackendType
	paths *logical.Paths
}

// describe asks a backend what it is: two calls, side by side.
func describe(backend logical.Backend) *description {
	d := &description{}
	d.asked.Go(func() { d.kind = backend.Type() })
	d.asked.Go(func() { d.paths = backend.SpecialPaths() })
	return d
}

// described is what the plugin said; it waits for the answers, which have the
// deadline of all calls.
func (s *session) described() *description {
	s.said.asked.Wait()
	return s.said
}

func newSession(entry Entry, conf *logical.BackendConfig) *session {
	return &session{entry: entry, mount: conf.BackendUUID, gate: newGate()}
}

// setupError is an error of the plugin's own Setup: the process was reached.
type setupError struct{ err error }

func (e *setupError) Error() string { return e.err.Error() }
func (e *setupError) Unwrap() error { return e.err }

// openCurrent gives a mount its session with a plugin of the present
// generation.
func (p *Pool) openCurrent(ctx context.Context, lookup Lookup, conf *logical.BackendConfig, deadline time.Time) (*session, error) {
	entry, err := lookup(ctx)
	if err != nil {
		return nil, err
	}
	s := newSession(entry, conf)
	if err := p.join(ctx, s, deadline); err != nil {
		return nil, err
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		p.close(s)
		return nil, fmt.Errorf("name the mount to its plugin: %w", err)
	}
	// Dispense replaces the connection of the SDK's client by the link's, which
	// is what tells the mounts of one process apart.
	s.backend, err = sdkplugin.Dispense(s.proc.rpc, &link{ClientProtocol: s.proc.rpc, conn: &mountConn{ClientConn: s.proc.conn, id: id}})
	if err != nil {
		p.close(s)
		return nil, err
	}
	if err := s.setup(ctx, conf); err != nil {
		p.close(s)
		return nil, err
	}
	return s, nil
}

// openOld gives a mount its session with a process of its own, of a plugin of
// the old generation.
func (p *Pool) openOld(ctx context.Context, lookup Lookup, conf *logical.BackendConfig, metadata bool, deadline time.Time) (*session, error) {
	entry, err := lookup(ctx)
	if err != nil {
		return nil, err
	}
	s := newSession(entry, conf)
	s.old = true
	s.proc, err = p.start(ctx, entry, old(metadata), deadline)
	if err != nil {
		return nil, err
	}
	if !s.proc.attach(s) {
		s.proc.end()
		return nil, sdkplugin.ErrPluginShutdown
	}
	raw, err := s.proc.rpc.Dispense(sdkplugin.BackendPluginName)
	if err != nil {
		p.close(s)
		return nil, err
	}
	backend, ok := raw.(logical.Backend)
	if !ok {
		p.close(s)
		return nil, errors.New("unsupported plugin client type")
	}
	s.backend = backend
	if err := s.setup(ctx, conf); err != nil {
		p.close(s)
		return nil, err
	}
	return s, nil
}

// describeOld asks a plugin of the old generation, in metadata mode, what it
// is, and returns the placeholder.
func (p *Pool) describeOld(ctx context.Context, lookup Lookup, conf *logical.BackendConfig, deadline time.Time) (*session, error) {
	s, err := p.openOld(ctx, lookup, conf, true, deadline)
	if err != nil {
		return nil, err
	}
	s.described() // before its process ends
	placeholder := *s
	placeholder.gate, placeholder.proc, placeholder.backend = newGate(), nil, nil
	s.cleanup(ctx, cleanupTime)
	p.close(s)
	return &placeholder, nil
}

// setup makes the plugin create its backend and asks what it is. Nobody waits
// for the answers before they are needed: a backend is initialized meanwhile.
func (s *session) setup(ctx context.Context, conf *logical.BackendConfig) error {
	if err := s.backend.Setup(ctx, conf); err != nil {
		return &setupError{err}
	}
	s.said = describe(s.backend)
	return nil
}

// cleanup lets the plugin clean up and doesn't wait for ever: the SDK's client
// waits for the plugin to hang up the connection to its storage.
func (s *session) cleanup(ctx context.Context, limit time.Duration) {
	if !s.proc.running() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	done := make(chan struct{})
	go func() {
		defer cancel()
		defer close(done)
		s.backend.Cleanup(ctx)
	}()
	select {
	case <-done:
	case <-s.proc.child.exited:
	case <-ctx.Done():
	}
}

func cleanupLimit(drained bool) time.Duration {
	if drained {
		return cleanupTime
	}
	return lateCleanupTime
}

// close ends the mount's use of its process, and the process with its last use.
func (p *Pool) close(s *session) {
	s.gate.shut()
	if s.proc.detach(s) {
		s.proc.end()
	}
}

// link is what the SDK's client needs of the connection to a plugin. The end of
// a process is the Pool's to decide, so Close and Reload do nothing.
type link struct {
	plugin.ClientProtocol
	conn grpc.ClientConnInterface
}

var _ pluginutil.PluginClient = (*link)(nil)

func (l *link) Conn() grpc.ClientConnInterface { return l.conn }
func (l *link) Reload() error                  { return nil }
func (l *link) Close() error                   { return nil }

// mountConn tells the plugin with every call which mount it is for.
type mountConn struct {
	*grpc.ClientConn
	id string
}

func (c *mountConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return c.ClientConn.Invoke(c.name(ctx), method, args, reply, opts...)
}

func (c *mountConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.ClientConn.NewStream(c.name(ctx), desc, method, opts...)
}

func (c *mountConn) name(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, c.id)
}
