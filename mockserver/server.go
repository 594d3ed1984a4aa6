// SPDX-License-Identifier: MPL-2.0

// Package mockserver is the reference implementation of plugin management in
// Vault and the servers compatible with it: it speaks Vault's HTTP API, starts
// real plugin processes over go-plugin, and behaves like a named server version
// (a dialect).
//
// New returns an http.Handler, Start serves it on the loopback interface. The
// backend of a plugin author can run within the test process:
//
//	s := mocktest.Start(t, mockserver.WithBackend("mine", "secret", mine.Factory))
//
// ARCHITECTURE.md follows a request from here to the plugin.
package mockserver

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/failure"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/httpapi"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/internal/sys"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// The limits of connections are the defaults of Vault's and OpenBao's listeners
// (http_read_header_timeout and http_idle_timeout).
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 5 * time.Minute
)

// Server is a running mock server. Its methods may be called concurrently. It
// must be closed, or its plugin processes live on until this process ends.
type Server struct {
	core    *core.Core
	handler http.Handler
	dialect *dialect.Dialect
	apiAddr atomic.Pointer[string]
	// registered is what WithRegisterAll registered.
	registered []string

	// What follows is only set by Start.
	http     *http.Server
	listener net.Listener
	scheme   string
	// certificates are those of scheme https; http changes its own copy when it serves.
	certificates *x509.CertPool
	closing      sync.Once
	closed       error
}

// Process is a plugin process of a server.
type Process struct {
	PID int
	// Type, Name and Version are those of its catalog entry.
	Type, Name, Version string
}

// New returns a server that the caller serves. Invalid options are reported as
// *OptionError.
func New(opts ...Option) (*Server, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	return newServer(context.Background(), o)
}

func newServer(ctx context.Context, o options) (*Server, error) {
	if o.dialect == nil {
		o.dialect = dialect.Newest()
	}
	if o.declared != nil {
		if err := checkDeclares(o.dialect); err != nil {
			return nil, err
		}
	}
	s := &Server{dialect: o.dialect}
	s.apiAddr.Store(&o.apiAddr)
	var physical storage.Physical = storage.NewMemory()
	if o.dataDir != "" {
		bolt, err := openState(o.dataDir)
		if err != nil {
			return nil, err
		}
		physical = bolt
	}
	physical = storage.NewTransactor(physical)
	if o.faults != nil {
		physical = storage.NewFaulty(physical, o.faults)
	}
	c, err := core.New(ctx, core.Options{
		Dialect: o.dialect, Physical: physical, PluginDir: o.pluginDir, PluginFiles: o.pluginFiles, PluginTmpdir: o.pluginTmpdir, ArtifactKey: o.artifactKey,
		APIAddr: func() string { return *s.apiAddr.Load() }, RootToken: o.rootToken,
		Environ: o.environ, Backends: o.backends, Declared: o.declared, StartTimeout: o.startTimeout, Digests: o.digests, Versions: o.versions, Clock: o.clock, Faults: o.faults,
		Trace: trace.NewTracer(o.trace, o.secretFields...), Logger: o.logger,
	}, sys.Factory)
	if err != nil {
		_ = physical.Close() // the first error is the one that matters
		if errors.As(err, new(*core.DeclarationError)) {
			return nil, &OptionError{err}
		}
		if o.dataDir != "" {
			err = fmt.Errorf("the state in %s: %w", o.dataDir, err)
		}
		return nil, err
	}
	s.core, s.handler = c, httpapi.New(c)
	if o.trace != nil {
		s.handler = tracedHandler{s.handler}
	}
	if o.faults != nil {
		s.handler = &faultyHandler{next: s.handler, faults: o.faults}
		defer o.faults.Begin(c.ApplyFaults)
	}
	if o.registerAll {
		if s.registered, err = registerAll(ctx, c, o); err != nil {
			return nil, closeAfter(s, err)
		}
	}
	return s, nil
}

// tracedHandler lets the spans of a request belong to the trace that it names.
type tracedHandler struct{ next http.Handler }

// ServeHTTP implements http.Handler.
func (h tracedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.next.ServeHTTP(w, r.WithContext(trace.WithParent(r.Context(), r.Header.Get(trace.ParentHeader))))
}

// openState opens the state in a data directory. What its user has to change is an
// *OptionError.
func openState(dir string) (*storage.Bolt, error) {
	bolt, err := storage.OpenBolt(dir)
	switch {
	case errors.As(err, new(*storage.FileError)), errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, &OptionError{err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return nil, &OptionError{fmt.Errorf("%w: make the directory and its files writable for this user, or choose another one", err)}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return bolt, nil
}

// closeAfter closes a server that could not be completed.
func closeAfter(s *Server, err error) error {
	if closeErr := s.Close(); closeErr != nil {
		return fmt.Errorf("%w (and closing: %w)", err, closeErr)
	}
	return err
}

// Start serves a new server until Close. When it returns, requests are answered.
// api_addr is the server's own address unless an option says otherwise. Invalid
// options are reported as *OptionError. In a test, mocktest.Start does the rest.
func Start(ctx context.Context, opts ...Option) (*Server, error) {
	if ctx == nil {
		return nil, &OptionError{errors.New("the context is nil")}
	}
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", o.listen, err)
	}
	s, err := newServer(ctx, o)
	if err != nil {
		_ = listener.Close() // the first error is the one that matters
		return nil, err
	}
	s.listener, s.scheme = listener, "http"
	s.http = &http.Server{
		Handler: s, TLSConfig: o.tls, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: s.dialect.Requests.TokenHeaderLimit, ErrorLog: o.logger.StandardLogger(nil),
	}
	if o.tls != nil {
		s.scheme = "https"
		s.certificates = x509.NewCertPool()
		for _, c := range o.tls.Certificates {
			s.certificates.AddCert(c.Leaf)
		}
	}
	if o.apiAddr == "" && !o.noAPIAddr {
		own := s.Address()
		s.apiAddr.Store(&own)
	}
	go s.serve()
	return s, nil
}

// serve answers requests until the server is closed.
func (s *Server) serve() {
	if s.scheme == "https" {
		_ = s.http.ServeTLS(s.listener, "", "")
		return
	}
	_ = s.http.Serve(s.listener)
}

// ServeHTTP answers one request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Address returns the server's URL without a slash at the end, as it is reached
// from this machine; empty for a server of New.
func (s *Server) Address() string {
	if s.listener == nil {
		return ""
	}
	address, ok := s.listener.Addr().(*net.TCPAddr)
	if ok && address.IP.IsUnspecified() { // it listens on every address, of which this is one
		return fmt.Sprintf("%s://127.0.0.1:%d", s.scheme, address.Port)
	}
	return s.scheme + "://" + s.listener.Addr().String()
}

// Certificates returns the certificate of WithTLS, for clients to trust; nil
// without it.
func (s *Server) Certificates() *x509.CertPool { return s.certificates }

// APIAddr returns the server's api_addr; empty for none.
func (s *Server) APIAddr() string { return *s.apiAddr.Load() }

// RootToken returns the token that may do everything.
func (s *Server) RootToken() string { return s.core.Access().RootToken() }

// Registered returns what WithRegisterAll registered, each plugin as secret/mine.
func (s *Server) Registered() []string { return slices.Clone(s.registered) }

// EarlierRootTokens returns the accessors of the root tokens of earlier starts with
// the same data directory that were still valid at this one.
func (s *Server) EarlierRootTokens() []string { return s.core.Access().EarlierRoots() }

// Dialect returns the version that the server behaves like.
func (s *Server) Dialect() *dialect.Dialect { return s.dialect }

// Processes returns the plugin processes that are running now.
func (s *Server) Processes() []Process {
	infos := s.core.Processes()
	processes := make([]Process, len(infos))
	for i, p := range infos {
		processes[i] = Process{PID: p.PID, Type: p.Type.String(), Name: p.Name, Version: p.Version}
	}
	return processes
}

// PluginFailures returns why plugins could not be started and how they died, the
// latest 64, oldest first. The failure of a start is there when the request that
// started the plugin is answered; a death is soon after the process has ended.
func (s *Server) PluginFailures() []failure.Failure { return s.core.Failures() }

// AwaitPluginLog returns when all that the plugin of a registered name has logged or
// printed until now was written to the logger of WithLogger. It fails where that can't be
// known: on other systems than Linux, and of plugins in containers.
func (s *Server) AwaitPluginLog(ctx context.Context, name string) error {
	return s.core.AwaitPluginLog(ctx, name)
}

// PluginToken returns what the plugin at a mount sees in place of a caller's token. The
// mount's path is as in requests, with a slash at its end.
func (s *Server) PluginToken(mount, token string) (string, error) {
	return s.core.PluginToken(mount, token)
}

// SpecialPaths returns the special paths that the plugin at a mount declares. The
// mount's path ends with a slash and is as in requests: auth/jwt/.
func (s *Server) SpecialPaths(ctx context.Context, mount string) (logical.Paths, error) {
	return s.core.SpecialPaths(ctx, mount)
}

// Shutdown takes no new requests, waits for those under way, and closes the
// server. Those that are not done when ctx ends fail, as with Close.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.http != nil {
		_ = s.http.Shutdown(ctx) // what is left over ends with Close
	}
	return s.Close()
}

// Close ends the server, its requests and its plugin processes, and returns
// when they are gone. Further calls return the same error.
func (s *Server) Close() error {
	s.closing.Do(func() {
		if s.http != nil {
			_ = s.http.Close() // the listener's end is the aim
		}
		s.closed = s.core.Close()
	})
	return s.closed
}
