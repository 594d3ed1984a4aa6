// SPDX-License-Identifier: MPL-2.0

// Package mockserver is the reference implementation of plugin management in
// Vault and the servers compatible with it: it speaks Vault's HTTP API, starts
// real plugin processes over go-plugin, and behaves like a named server version
// (a dialect).
//
// New makes an http.Handler; Start serves one on the loopback interface. A
// plugin author's backend can run within the test process:
//
//	s, err := mockserver.Start(ctx, mockserver.WithBackend("mine", "secret", mine.Factory))
//
// The way of a request is httpapi → core → mounts → process → plugin.
package mockserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/httpapi"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/internal/sys"
)

// Server is a running mock server. Its methods may be called concurrently. It
// must be closed, or its plugin processes live on until this process ends.
type Server struct {
	core    *core.Core
	handler http.Handler
	dialect *dialect.Dialect
	apiAddr atomic.Pointer[string]

	// What follows is only set by Start.
	http     *http.Server
	listener net.Listener
	scheme   string
	closing  sync.Once
	closed   error
}

// Process is a plugin process of a server.
type Process struct {
	PID int
	// Type, Name and Version are those of its catalog entry.
	Type, Name, Version string
}

// New makes a server that the caller serves. An option that asks for what can't
// be is an *OptionError.
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
	s := &Server{dialect: o.dialect}
	s.apiAddr.Store(&o.apiAddr)
	var physical storage.Physical = storage.NewMemory()
	if o.dataDir != "" {
		bolt, err := storage.OpenBolt(o.dataDir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.dataDir, err)
		}
		physical = bolt
	}
	c, err := core.New(ctx, core.Options{
		Dialect: o.dialect, Physical: physical, PluginDir: o.pluginDir,
		APIAddr: func() string { return *s.apiAddr.Load() }, RootToken: o.rootToken,
		Environ: o.environ, Backends: o.backends, StartTimeout: o.startTimeout, Logger: o.logger,
	}, sys.Factory)
	if err != nil {
		_ = physical.Close() // the first error is the one that matters
		return nil, err
	}
	s.core, s.handler = c, httpapi.New(c)
	if o.registerAll {
		if err := registerAll(ctx, c, o); err != nil {
			return nil, closeAfter(s, err)
		}
	}
	return s, nil
}

// closeAfter closes a server that could not be completed.
func closeAfter(s *Server, err error) error {
	if closeErr := s.Close(); closeErr != nil {
		return fmt.Errorf("%w (and closing: %w)", err, closeErr)
	}
	return err
}

// Start makes a server and serves it until Close. When it returns, requests are
// answered. api_addr is the server's own address unless an option says
// otherwise. An option that asks for what can't be is an *OptionError.
func Start(ctx context.Context, opts ...Option) (*Server, error) {
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
	s.http = &http.Server{Handler: s, TLSConfig: o.tls, ReadHeaderTimeout: 10 * time.Second, ErrorLog: o.logger.StandardLogger(nil)}
	if o.tls != nil {
		s.scheme = "https"
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

// Address is the server's URL without a slash at the end, as it is reached from
// this machine; empty if Start didn't make it.
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

// APIAddr is the server's api_addr; empty for none.
func (s *Server) APIAddr() string { return *s.apiAddr.Load() }

// RootToken may do everything.
func (s *Server) RootToken() string { return s.core.Access().RootToken() }

// Dialect is what the server behaves like.
func (s *Server) Dialect() *dialect.Dialect { return s.dialect }

// Processes lists the plugin processes that are running now.
func (s *Server) Processes() []Process {
	infos := s.core.Processes()
	processes := make([]Process, len(infos))
	for i, p := range infos {
		processes[i] = Process{PID: p.PID, Type: p.Type.String(), Name: p.Name, Version: p.Version}
	}
	return processes
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
