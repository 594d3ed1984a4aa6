// SPDX-License-Identifier: MPL-2.0

// Package mocktest starts a mock server for a Go test. It stands beside
// mockserver, as net/http/httptest beside net/http, so that programs which serve
// the mock need not contain a client.
package mocktest

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// requestTimeout is more than a plugin may take to start.
const requestTimeout = 2 * time.Minute

// Server is a running server of one test.
type Server struct {
	*mockserver.Server
	// Client has the root token. It never retries, and takes neither address nor
	// proxy from the environment.
	Client *api.Client
}

// Start starts a server that ends with the test. The server and its plugins log
// to the test, unless WithLogger is among the options; 'go test' shows that with
// -v, or if the test fails. Invalid options fail the test.
func Start(t testing.TB, options ...mockserver.Option) *Server {
	if t == nil {
		panic("mocktest.Start: the test is nil")
	}
	t.Helper()
	log := &testLog{test: t}
	logger := mockserver.WithLogger(hclog.New(&hclog.LoggerOptions{Name: "mock", Level: hclog.Debug, Output: log}))
	s, err := mockserver.Start(t.Context(), append([]mockserver.Option{logger}, options...)...)
	if err != nil {
		t.Fatalf("mocktest.Start: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the mock server: %v", err)
		}
		log.close()
	})
	client, err := newClient(s)
	if err != nil {
		t.Fatalf("mocktest.Start: %v", err)
	}
	return &Server{Server: s, Client: client}
}

func newClient(s *mockserver.Server) (*api.Client, error) {
	transport := cleanhttp.DefaultPooledTransport()
	transport.Proxy = nil
	transport.TLSClientConfig = &tls.Config{RootCAs: s.Certificates(), MinVersion: tls.VersionTLS12}
	client, err := api.NewClient(&api.Config{
		Address: s.Address(), HttpClient: &http.Client{Transport: transport}, Timeout: requestTimeout,
	})
	if err != nil {
		return nil, err
	}
	client.ClearNamespace() // of VAULT_NAMESPACE
	client.SetToken(s.RootToken())
	return client, nil
}

// testLog writes lines to the log of a test until it is closed: a test that has
// ended takes no more of them.
type testLog struct {
	mu   sync.Mutex
	test testing.TB
}

// Write implements io.Writer.
func (l *testLog) Write(lines []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.test != nil {
		l.test.Log(string(bytes.TrimRight(lines, "\n")))
	}
	return len(lines), nil
}

func (l *testLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.test = nil
}
