// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"time"
)

// failure is how a service that stands in for another one fails.
type failure int

// The failures.
const (
	// works passes requests on.
	works failure = iota
	// refuses answers 403, as to whom a service does not know any more.
	refuses
	// breaks answers 501, which clients do not take for something to try again.
	breaks
	// hangs answers nothing.
	hangs
	// hangsUp closes the connection without an answer.
	hangsUp
)

// called is a service that stands in for one that the profile names by its URL, and
// counts who comes. What comes over HTTP is passed on to the real one.
type called struct {
	listener net.Listener
	server   *http.Server

	mu    sync.Mutex
	count int
	fails failure
	// requests counts what came over HTTP, failed what of it was not passed on.
	requests, failed int
}

func startCalled(origin *url.URL) (*called, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a service: %w", err)
	}
	c := &called{}
	c.listener = countingListener{Listener: listener, arrived: c.arrived}
	onward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(origin) },
		Transport: &http.Transport{DisableKeepAlives: true},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	c.server = &http.Server{Handler: c.failing(onward), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		// Serve ends with ErrServerClosed when close is called.
		_ = c.server.Serve(c.listener)
	}()
	return c, nil
}

// failing passes requests on, or fails.
func (c *called) failing(onward http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		fails := c.fails
		c.requests++
		if fails != works {
			c.failed++
		}
		c.mu.Unlock()
		switch fails {
		case refuses:
			http.Error(w, "refused", http.StatusForbidden)
		case breaks:
			http.Error(w, "broken", http.StatusNotImplemented)
		case hangs:
			<-r.Context().Done() // the client is gone, or the service closed
		case hangsUp:
			panic(http.ErrAbortHandler)
		default:
			onward.ServeHTTP(w, r)
		}
	})
}

func (c *called) arrived() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
}

func (c *called) arrivals() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// countingListener counts connections: what comes over TLS is not understood.
type countingListener struct {
	net.Listener
	arrived func()
}

// Accept implements net.Listener.
func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.arrived()
	}
	return conn, err
}

// services are those in place of the servers in the profile's URLs, by the servers.
type services map[string]*calledAt

// calledAt is a service and its address as plugins reach it.
type calledAt struct {
	*called
	address string
}

// startServices starts one for each server. The caller closes those that were started,
// also after an error.
func startServices(server Server, origins []*url.URL) (services, error) {
	all := make(services)
	for _, origin := range origins {
		service, err := startCalled(origin)
		if err != nil {
			return all, err
		}
		all[origin.String()] = &calledAt{called: service, address: ReachableAddress(server, service.listener.Addr().String())}
	}
	return all, nil
}

func (s services) close() {
	for _, service := range s {
		_ = service.server.Close() // nobody waits for its last answers
	}
}

// fail makes all of them fail from now on, and returns how many requests have been failed
// so far.
func (s services) fail(as failure) int {
	failed := 0
	for _, service := range s {
		service.mu.Lock()
		service.fails = as
		failed += service.failed
		service.mu.Unlock()
	}
	return failed
}

// asked returns how many requests came to all of them so far.
func (s services) asked() int {
	asked := 0
	for _, service := range s {
		service.mu.Lock()
		asked += service.requests
		service.mu.Unlock()
	}
	return asked
}

// address returns the host in place of a server.
func (s services) address(origin string) string { return s[origin].address }

// arrivedAt returns the servers in whose place somebody came.
func (s services) arrivedAt() []string {
	var found []string
	for origin, service := range s {
		if service.arrivals() > 0 {
			found = append(found, origin)
		}
	}
	slices.Sort(found)
	return found
}
