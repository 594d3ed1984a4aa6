// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Errors of a plugin of the old generation whose real process isn't what the
// one in metadata mode reported. The texts are those of Vault's builtin/plugin.
var (
	ErrMismatchType  = errors.New("mismatch on mounted backend and plugin backend type")
	ErrMismatchPaths = errors.New("mismatch on mounted backend and plugin backend special paths")
)

// exitNoticeTimeout is how long a request whose connection broke waits for the news
// that the process has ended, so that the next request finds a new one.
const exitNoticeTimeout = 250 * time.Millisecond

// Lookup returns the catalog entry that a mount runs; it is called at every
// start of a process.
type Lookup func(context.Context) (Entry, error)

// Backend is a mount's plugin. A process that has ended is started again by the
// next request. Its methods may be called concurrently.
type Backend struct {
	pool   *Pool
	lookup Lookup
	conf   *logical.BackendConfig

	// session is read by requests without a lock and only ever replaced.
	session atomic.Pointer[session]

	mu sync.Mutex
	// replacing is the replacement of the session under way, if any.
	replacing *replacement
	closed    bool
	// released is the session that a Cleanup other than for a reload ended.
	released *session
}

// replacement is a replacement of a backend's session; others wait for it.
type replacement struct {
	done chan struct{}
	err  error
}

var _ logical.Backend = (*Backend)(nil)

// Backend starts the plugin that lookup names, or shares its process, and sets
// a backend up for a mount. It tries protocol 5 with AutoMTLS first, then
// protocol 4, whose process is only started in metadata mode: the real one is
// started by the first request.
//
// When neither can be started, the error is the servers' "invalid backend
// version: 2 errors occurred: …" and wraps both; an error of the plugin's own
// Setup comes back alone. Host.StartTimeout bounds all of it, half of it for
// the first try.
func (p *Pool) Backend(ctx context.Context, lookup Lookup, conf *logical.BackendConfig) (*Backend, error) {
	if conf.Logger == nil {
		withLogger := *conf
		withLogger.Logger = p.host.Logger
		conf = &withLogger
	}
	s, err := p.open(ctx, lookup, conf)
	if err != nil {
		return nil, err
	}
	b := &Backend{pool: p, lookup: lookup, conf: conf}
	b.session.Store(s)
	return b, nil
}

// open tries protocol 5, then protocol 4.
func (p *Pool) open(ctx context.Context, lookup Lookup, conf *logical.BackendConfig) (*session, error) {
	now := time.Now()
	ctx, cancel := context.WithDeadline(ctx, now.Add(p.host.StartTimeout))
	defer cancel()
	s, err := p.openCurrent(ctx, lookup, conf, now.Add(p.host.StartTimeout/2))
	if err == nil {
		return s, nil
	}
	var ofSetup *setupError
	if errors.As(err, &ofSetup) {
		p.reportSetup(ctx, lookup, ofSetup)
		return nil, ofSetup.err
	}
	s, legacyErr := p.probeLegacy(ctx, lookup, conf, now.Add(p.host.StartTimeout))
	if legacyErr == nil {
		return s, nil
	}
	p.reportStart(err, legacyErr)
	return nil, fmt.Errorf("invalid backend version: %w", multierror.Append(nil, err, legacyErr))
}

// HandleRequest passes a request to the plugin. The request that the plugin
// crashes with gets the error of the broken connection.
func (b *Backend) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	s, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.backend.HandleRequest(ctx, req)
	s.gate.leave()
	if err != nil {
		s.notice(ctx, err)
	}
	return resp, err
}

// HandleExistenceCheck passes the existence check to the plugin.
func (b *Backend) HandleExistenceCheck(ctx context.Context, req *logical.Request) (checkFound, exists bool, err error) {
	s, err := b.enter(ctx)
	if err != nil {
		return false, false, err
	}
	checkFound, exists, err = s.backend.HandleExistenceCheck(ctx, req)
	s.gate.leave()
	if err != nil {
		s.notice(ctx, err)
	}
	return checkFound, exists, err
}

// enter returns a session with a living process and its gate entered.
func (b *Backend) enter(ctx context.Context) (*session, error) {
	for {
		s := b.session.Load()
		if s.proc != nil && s.gate.enter() {
			if s.proc.running() {
				return s, nil
			}
			s.gate.leave()
		}
		if err := b.renew(ctx, s); err != nil {
			return nil, err
		}
	}
}

// notice waits a moment for the end of the process, and for the news of it, if err
// says that the connection broke.
func (s *session) notice(ctx context.Context, err error) {
	if status.Code(err) != codes.Unavailable {
		return
	}
	timer := time.NewTimer(exitNoticeTimeout)
	defer timer.Stop()
	select {
	case <-s.proc.reported:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// awaitReport waits until the server knows of the crash of a process that has ended:
// what the next one answers comes after it.
func (s *session) awaitReport() {
	if !s.proc.running() {
		<-s.proc.reported // the rest of its output is waited for no longer than pipeGrace
	}
}

// renew replaces the session stale, once for all who hold it, and returns when
// the backend has another one or that has failed.
func (b *Backend) renew(ctx context.Context, stale *session) error {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return sdkplugin.ErrPluginShutdown
	case b.session.Load() != stale:
		b.mu.Unlock()
		return nil
	}
	c := b.replacing
	if c == nil {
		c = &replacement{done: make(chan struct{})}
		b.replacing = c
		// All who wait need it, so it doesn't end with the first one's request.
		go b.replaceSession(context.WithoutCancel(ctx), c, stale)
	}
	b.mu.Unlock()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// replaceSession makes the new session and puts it in place.
func (b *Backend) replaceSession(ctx context.Context, c *replacement, stale *session) {
	ctx, cancel := context.WithTimeout(ctx, b.pool.host.StartTimeout)
	defer cancel()
	s, err := b.restart(ctx, stale)
	b.mu.Lock()
	b.replacing = nil
	late := b.closed && s != nil
	if late {
		err = sdkplugin.ErrPluginShutdown
	}
	if s != nil && !late {
		b.session.Store(s)
	}
	c.err = err
	b.mu.Unlock()
	if late {
		s.cleanup(ctx, cleanupTimeout)
		b.pool.close(s)
	}
	close(c.done)
}

// restart opens a new session for the mount and initializes it. One that fails to
// initialize is returned with the error: as in the servers, later requests use it
// (reloadBackend in builtin/plugin/v5/backend.go).
func (b *Backend) restart(ctx context.Context, stale *session) (*session, error) {
	if b.lost(stale) {
		return nil, errNoInstance
	}
	b.conf.Logger.Debug("starting plugin process", "plugin", stale.entry.Name)
	if stale.proc != nil {
		b.pool.close(stale)
		stale.awaitReport()
	}
	s, err := b.reopenSession(ctx, stale)
	if err != nil {
		b.pool.report(err)
		return nil, err
	}
	// A backend that starts again must be initialized again; nobody else knows
	// that it did.
	err = s.backend.Initialize(ctx, &logical.InitializationRequest{Storage: b.conf.StorageView})
	if err != nil && stale.proc == nil { // a placeholder stays one
		b.pool.close(s)
		return nil, err
	}
	return s, err
}

// errNoInstance is what a plugin answers for a mount that it has released: its process
// goes on for other mounts, and servers ask it as before.
var errNoInstance = status.Error(codes.Unknown, "no backend instance found")

// lost reports whether a session was ended while its process goes on for other mounts.
func (b *Backend) lost(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return s == b.released && s.proc != nil && s.proc.running()
}

// reopenSession opens a new session of the same protocol as stale.
func (b *Backend) reopenSession(ctx context.Context, stale *session) (*session, error) {
	deadline := time.Now().Add(b.pool.host.StartTimeout)
	if !stale.legacy {
		return b.pool.openCurrent(ctx, b.lookup, b.conf, deadline)
	}
	s, err := b.pool.openLegacy(ctx, b.lookup, b.conf, false, deadline)
	if err != nil || stale.proc != nil {
		return s, err
	}
	// The placeholder's answers have gone into the router.
	now, before := s.metadata(), stale.metadata()
	switch {
	case now.kind != before.kind:
		err = ErrMismatchType
	case !reflect.DeepEqual(now.paths, before.paths):
		err = ErrMismatchPaths
	default:
		return s, nil
	}
	b.conf.Logger.Warn("failed to start plugin process", "plugin", stale.entry.Name, "error", err)
	b.pool.close(s)
	return nil, err
}

// Cleanup releases the plugin. With sdkplugin's
// ContextKeyPluginReload in ctx a shared process is ended for all its mounts,
// as in the servers: the others get a new one with their next request.
// Otherwise it ends with its last mount. When Cleanup returns, the process that
// had to end is gone; requests in flight got a few seconds before that. The
// backend can't be used afterwards, but for Reopen.
func (b *Backend) Cleanup(ctx context.Context) {
	b.mu.Lock()
	already := b.closed
	b.closed = true
	c := b.replacing
	b.mu.Unlock()
	if already {
		return
	}
	if c != nil {
		<-c.done // a process that is being started is ended by who starts it
	}
	s := b.session.Load()
	if s.proc == nil {
		return
	}
	if _, reload := ctx.Value(sdkplugin.ContextKeyPluginReload).(string); !reload {
		s.cleanup(ctx, cleanupLimit(await([]<-chan struct{}{s.gate.shut()}, drainTimeout)))
		b.pool.close(s)
		b.mu.Lock()
		b.released = s
		b.mu.Unlock()
		return
	}
	b.pool.unshare(s.proc)
	s.cleanup(ctx, cleanupLimit(await(s.proc.retire(), drainTimeout)))
	s.proc.detach(s)
	s.proc.end()
}

// Kill kills the process that the mount uses, as if somebody else had. With wait it
// returns when the process has ended.
func (b *Backend) Kill(wait bool) {
	s := b.session.Load()
	if s.proc == nil || !s.proc.running() {
		return
	}
	_ = s.proc.child.crash() // it may have ended by now
	if wait {
		<-s.proc.child.exited
	}
}

// Reopen makes a backend that Cleanup has ended usable again: its next request
// starts the plugin. Servers keep the old backend where a reload has failed.
func (b *Backend) Reopen() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = false
}

// Initialize initializes the plugin's backend. A plugin of protocol 4 is
// initialized when its process starts.
func (b *Backend) Initialize(ctx context.Context, req *logical.InitializationRequest) error {
	if b.session.Load().proc == nil {
		return nil
	}
	s, err := b.enter(ctx)
	if err != nil {
		return err
	}
	defer s.gate.leave()
	return s.backend.Initialize(ctx, req)
}

// InvalidateKey notifies a running plugin that another server changed a key.
func (b *Backend) InvalidateKey(ctx context.Context, key string) {
	s := b.session.Load()
	if s.proc == nil || !s.gate.enter() {
		return
	}
	defer s.gate.leave()
	s.backend.InvalidateKey(ctx, key)
}

// Setup does nothing: Pool.Backend did it.
func (b *Backend) Setup(context.Context, *logical.BackendConfig) error { return nil }

// Type returns what the plugin reported when its process was set up.
func (b *Backend) Type() logical.BackendType { return b.session.Load().metadata().kind }

// SpecialPaths returns what the plugin reported; it may be nil.
func (b *Backend) SpecialPaths() *logical.Paths { return b.session.Load().metadata().paths }

// IsExternal is always true.
func (b *Backend) IsExternal() bool { return true }

// System returns the system view of the mount.
func (b *Backend) System() logical.SystemView { return b.conf.System }

// Logger returns the logger of the mount.
func (b *Backend) Logger() hclog.Logger { return b.conf.Logger }
