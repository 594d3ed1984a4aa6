// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/steps"
)

// versions are what the plugins of all targets with StartOnce reported: scenarios
// register the same few hundreds of times.
//
//nolint:gochecknoglobals // a cache; what belongs to a key never changes
var versions = mockserver.NewVersions()

// mockTarget is a target that serves the mock within this process.
type mockTarget struct {
	name    string
	dialect *dialect.Dialect
	faults  Faults
	pool    *pool
	dirs    pluginDirs
	// versions are nil to start a plugin at each registration.
	versions *mockserver.Versions
	// trace and secretFields are those of Options.
	trace        trace.Sink
	secretFields []string
	pluginImages
}

func newMock(name, wanted string, opts Options) (steps.Target, error) {
	if wanted == "" {
		wanted = dialect.Newest().Name
	}
	if err := knownDialect(name, wanted); err != nil {
		return nil, err
	}
	d, err := dialect.Lookup(wanted)
	if err != nil {
		return nil, err
	}
	m := newMockTarget(name, d, Faults{})
	if opts.StartOnce {
		m.versions = versions
	}
	m.trace, m.secretFields = opts.Trace, opts.SecretFields
	return m, nil
}

// knownDialect refuses names of no dialect as wrong use.
func knownDialect(target, name string) error {
	if _, err := dialect.Lookup(name); err != nil {
		return &Error{Target: target, Kind: ErrUsage, Problem: err.Error()}
	}
	return nil
}

// Faults break a mock from outside, to test that requirements notice.
type Faults struct {
	// Handler makes of a server and its plugin directory the handler that
	// scenarios' requests pass; what plugins ask of the server does not. Nil
	// changes nothing.
	Handler func(server *mockserver.Server, pluginDir string) http.Handler
	// Environ changes what plugins see as the server's environment. Nil changes
	// nothing.
	Environ func([]string) []string
}

// Mock returns the mock of this process as a target that behaves as d and the
// faults say, and starts plugins as with Options.StartOnce.
func Mock(name string, d *dialect.Dialect, changes Faults) steps.Target {
	m := newMockTarget(name, d, changes)
	m.versions = versions
	return m
}

// digests are shared by the targets of this process. Each hashes the plugin once, and a
// link that one makes of it would make another's digest of it useless.
//
//nolint:gochecknoglobals // a cache; what belongs to a key never changes
var digests = sync.OnceValue(mockserver.NewDigests)

func newMockTarget(name string, d *dialect.Dialect, changes Faults) *mockTarget {
	m := &mockTarget{name: name, dialect: d, faults: changes}
	m.pool = newPool(m.start)
	return m
}

// Name implements steps.Target.
func (m *mockTarget) Name() string { return m.name }

// Unsupported implements steps.Target: the environment of the server process is an
// option of the mock, and its plugins are processes of this machine. Asking for
// ContainerPlugins contacts the container engine.
func (m *mockTarget) Unsupported(c steps.Capability) string {
	if c == steps.ContainerPlugins {
		return m.unsupported()
	}
	return ""
}

// Server implements steps.Target.
func (m *mockTarget) Server(ctx context.Context, spec steps.Spec) (steps.Server, error) {
	return m.pool.server(ctx, spec)
}

// Close implements steps.Target.
func (m *mockTarget) Close(ctx context.Context) error {
	return errors.Join(m.pool.close(ctx), m.dirs.close(), m.removeImages(ctx))
}

func (m *mockTarget) start(ctx context.Context, spec steps.Spec) (running, error) {
	s := &mockServer{target: m, spec: spec, token: newToken(), log: &logBuffer{}, clock: clock.New(), faults: fault.New(1)}
	err := s.makeDirs()
	if err != nil {
		err = fmt.Errorf("%s: directory for the server: %w", m.name, err)
	} else {
		err = s.begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.removeDirs())
	}
	return s, nil
}

// mockServer is a mock server of this process.
type mockServer struct {
	target  *mockTarget
	spec    steps.Spec
	dir     string     // of all but the plugins
	plugins *pluginDir // nil without a plugin directory
	token   string
	log     *logBuffer
	clock   *clock.Clock
	faults  *fault.Injector

	mu      sync.Mutex // guards what follows
	server  *mockserver.Server
	front   *http.Server // serves the changed handler, if there is one
	address string
}

// makeDirs makes the directories that the server needs.
func (s *mockServer) makeDirs() (err error) {
	if !s.spec.NoPluginDir {
		if s.plugins, err = s.target.dirs.lease(); err != nil {
			return err
		}
	}
	s.dir, err = os.MkdirTemp("", "plugproof-mock-")
	return err
}

// removeDirs removes them, or releases them.
func (s *mockServer) removeDirs() (err error) {
	if s.plugins != nil {
		err = s.target.dirs.release(s.plugins)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// begin starts the server, at the address it had if there was one and it is
// free.
func (s *mockServer) begin(ctx context.Context) error {
	before := strings.TrimPrefix(s.Address(), "http://")
	return onPort(s.target.name, before, freePort, func(listen string) error {
		if err := s.try(ctx, listen); err != nil {
			return &Error{Target: s.target.name, Kind: ErrNotReady, Problem: "the mock can't be started", Err: err}
		}
		return nil
	})
}

// try starts the server at an address.
func (s *mockServer) try(ctx context.Context, listen string) error {
	opts := []mockserver.Option{
		mockserver.WithDialectData(s.target.dialect), mockserver.WithRootToken(s.token),
		mockserver.WithEnviron(s.hostEnv), mockserver.WithClock(s.clock), mockserver.WithDigests(digests()), mockserver.WithVersions(s.target.versions),
		mockserver.WithTrace(s.target.trace, s.target.secretFields...),
		mockserver.WithLogger(hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: s.log})),
	}
	if s.spec.Fresh || s.spec.State { // no other scenario uses it
		opts = append(opts, mockserver.WithFaults(s.faults))
	}
	if s.plugins != nil {
		opts = append(opts, mockserver.WithPluginDir(s.PluginDir()))
	}
	switch {
	case s.spec.NoAPIAddr:
		opts = append(opts, mockserver.WithoutAPIAddr())
	case s.spec.APIAddr != "":
		opts = append(opts, mockserver.WithAPIAddr(s.spec.APIAddr))
	}
	if s.spec.State {
		opts = append(opts, mockserver.WithDataDir(filepath.Join(s.dir, "state")))
	}
	if s.target.faults.Handler == nil {
		opts = append(opts, mockserver.WithListen(listen))
	}
	server, err := mockserver.Start(context.WithoutCancel(ctx), opts...)
	if err != nil {
		return err
	}
	address := server.Address()
	var front *http.Server
	if s.target.faults.Handler != nil {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			return errors.Join(err, server.Close())
		}
		front = &http.Server{Handler: s.target.faults.Handler(server, s.PluginDir()), ReadHeaderTimeout: requestTimeout}
		go func() { _ = front.Serve(l) }()
		address = "http://" + l.Addr().String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server, s.front, s.address = server, front, address
	return nil
}

func (s *mockServer) exited() bool { return false }

// Address implements steps.Server.
func (s *mockServer) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Token implements steps.Server.
func (s *mockServer) Token() string { return s.token }

// PluginDir implements steps.Server.
func (s *mockServer) PluginDir() string {
	if s.plugins == nil {
		return ""
	}
	return s.plugins.path
}

// Place implements steps.PluginPlacer.
func (s *mockServer) Place(_ context.Context, name, path string) (string, error) {
	if s.plugins == nil {
		return "", errNoPluginDir
	}
	from, err := s.target.dirs.source(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.target.name, err)
	}
	// Its digest is known before it is linked, and is not made again for each server.
	digest := func() (string, error) {
		sum, err := digests().Of(from)
		return hex.EncodeToString(sum[:]), err
	}
	sum, err := unreplaced(digest, func() error {
		return digests().Link(func() error { return s.plugins.place(name, from) }, from)
	})
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.target.name, err)
	}
	return sum, nil
}

// Reach implements steps.AddressMapper: plugins run on this machine.
func (s *mockServer) Reach(address string) string { return address }

// Logs implements steps.LogReader.
func (s *mockServer) Logs(context.Context) (string, error) { return mask(s.log.String(), s.token), nil }

// Restart implements steps.Restarter. A server of this process can't be killed, so
// that kill makes no difference here; mock-process has the real thing.
func (s *mockServer) Restart(ctx context.Context, _ bool) error {
	if err := s.end(); err != nil {
		return fmt.Errorf("%s: %w", s.target.name, err)
	}
	return s.begin(ctx)
}

// Close implements steps.Server.
func (s *mockServer) Close(context.Context) error { return errors.Join(s.end(), s.removeDirs()) }

func (s *mockServer) end() error {
	s.mu.Lock()
	server, front := s.server, s.front
	s.mu.Unlock()
	var err error
	if front != nil {
		err = front.Close()
	}
	return errors.Join(err, server.Close())
}

// logBuffer keeps what a server of this process logs.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
