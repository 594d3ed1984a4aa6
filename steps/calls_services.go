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

// called is a service that stands in for one that the profile names by its URL, and
// counts who comes. What comes over HTTP is passed on to the real one.
type called struct {
	listener net.Listener
	server   *http.Server

	mu    sync.Mutex
	count int
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
	c.server = &http.Server{Handler: onward, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		// Serve ends with ErrServerClosed when close is called.
		_ = c.server.Serve(c.listener)
	}()
	return c, nil
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
