// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

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
	cleanupTimeout     = 5 * time.Second
	lateCleanupTimeout = 500 * time.Millisecond
)

// session is one mount's use of one process. A plugin's metadata is
// queried once: it cannot change while the process runs.
type session struct {
	entry Entry
	// mount is the BackendUUID.
	mount string
	// legacy: the plugin speaks protocol 4, without AutoMTLS.
	legacy bool

	gate *gate
	// proc and backend are nil in the placeholder that stands for a plugin of
	// protocol 4 until its first request.
	proc    *process
	backend *client

	// meta is what the plugin reports about its backend; nil until Setup.
	meta *backendMetadata
}

// backendMetadata is what a plugin reports about its backend. It is queried when
// the backend is set up; readers wait for ready.
type backendMetadata struct {
	ready sync.WaitGroup
	kind  logical.BackendType
	paths *logical.Paths
}

// queryMetadata asks a backend for its type and special paths concurrently.
func queryMetadata(backend logical.Backend) *backendMetadata {
	d := &backendMetadata{}
	d.ready.Go(func() { d.kind = backend.Type() })
	d.ready.Go(func() { d.paths = backend.SpecialPaths() })
	return d
}

// metadata returns what the plugin reports about its backend. It waits for the
// answers, which have the deadline of all calls.
func (s *session) metadata() *backendMetadata {
	s.meta.ready.Wait()
	return s.meta
}

func newSession(entry Entry, conf *logical.BackendConfig) *session {
	return &session{entry: entry, mount: conf.BackendUUID, gate: newGate()}
}

// setupError is an error of the plugin's own Setup: the process was reached.
type setupError struct{ err error }

func (e *setupError) Error() string { return e.err.Error() }
func (e *setupError) Unwrap() error { return e.err }

// openCurrent opens a session with a plugin of protocol 5.
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
	s.backend, err = p.dispense(ctx, s.proc)
	if err == nil {
		// The connection distinguishes the mounts of one process.
		err = s.backend.bind(s.proc.rpc, &mountConn{ClientConn: s.proc.conn, id: id})
	}
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

// openLegacy opens a session with a plugin of protocol 4, which gets a process of
// its own.
func (p *Pool) openLegacy(ctx context.Context, lookup Lookup, conf *logical.BackendConfig, metadata bool, deadline time.Time) (*session, error) {
	entry, err := lookup(ctx)
	if err != nil {
		return nil, err
	}
	s := newSession(entry, conf)
	s.legacy = true
	s.proc, err = p.start(ctx, entry, protocol4(metadata), deadline)
	if err != nil {
		return nil, err
	}
	if !s.proc.attach(s) {
		s.proc.end()
		return nil, sdkplugin.ErrPluginShutdown
	}
	backend, err := p.dispense(ctx, s.proc)
	if err != nil {
		p.close(s)
		return nil, err
	}
	s.backend = backend
	if err := s.setup(ctx, conf); err != nil {
		p.close(s)
		return nil, err
	}
	return s, nil
}

// probeLegacy starts a plugin of protocol 4 in metadata mode, queries its metadata
// and returns the placeholder for it.
func (p *Pool) probeLegacy(ctx context.Context, lookup Lookup, conf *logical.BackendConfig, deadline time.Time) (*session, error) {
	s, err := p.openLegacy(ctx, lookup, conf, true, deadline)
	if err != nil {
		return nil, err
	}
	s.metadata() // before its process ends
	placeholder := *s
	placeholder.gate, placeholder.proc, placeholder.backend = newGate(), nil, nil
	s.cleanup(ctx, cleanupTimeout)
	p.close(s)
	return &placeholder, nil
}

// setup makes the plugin create its backend and queries its metadata, without
// waiting for the answers: the backend is initialized meanwhile.
func (s *session) setup(ctx context.Context, conf *logical.BackendConfig) error {
	if err := s.backend.Setup(ctx, conf); err != nil {
		return &setupError{err}
	}
	s.meta = queryMetadata(s.backend)
	return nil
}

// cleanup calls the plugin's Cleanup and waits at most for limit: the SDK's client
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
		return cleanupTimeout
	}
	return lateCleanupTimeout
}

// close detaches the mount from its process and ends the process with its last mount.
func (p *Pool) close(s *session) {
	s.gate.shut()
	if s.backend != nil {
		s.backend.stop()
	}
	if s.proc.detach(s) {
		s.proc.end()
	}
}

// dispense returns the client of the plugin's backend.
func (p *Pool) dispense(ctx context.Context, proc *process) (*client, error) {
	raw, err := proc.rpc.Dispense(sdkplugin.BackendPluginName)
	if err != nil {
		return nil, err
	}
	backend, ok := raw.(*client)
	if !ok {
		return nil, errors.New("unsupported plugin client type")
	}
	backend.inContainer = proc.entry.Container != nil
	backend.tls, backend.callbacks, backend.traced = proc.tls, p.host.Callbacks, newTracedCalls(ctx, proc)
	proc.mu.Lock()
	defer proc.mu.Unlock()
	proc.clients[backend] = struct{}{}
	return backend, nil
}

// mountConn sends the identifier of the mount with every call.
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
