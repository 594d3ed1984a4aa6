// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// forwardProxy is a small HTTP forward proxy. It records the requests, and only it can
// resolve the scenario's hosts: a plugin that reached idp.example.com used a proxy.
type forwardProxy struct {
	listener net.Listener
	server   *http.Server
	hosts    *hosts
	onward   *http.Transport

	mu   sync.Mutex
	seen []string // method and URL of each request, in order
}

// hosts maps the names of a scenario's own servers to their real addresses.
type hosts struct {
	mu    sync.Mutex
	known map[string]string
}

func (h *hosts) add(name, address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.known = make(map[string]string)
	}
	h.known[name] = address
}

func (h *hosts) find(name string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	address, ok := h.known[name]
	return address, ok
}

func startProxy(h *hosts) (*forwardProxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a forward proxy: %w", err)
	}
	// The proxy settings of this process do not apply.
	proxy := &forwardProxy{listener: listener, hosts: h, onward: &http.Transport{DisableKeepAlives: true}}
	proxy.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		// Serve ends with ErrServerClosed when close is called.
		_ = proxy.server.Serve(listener)
	}()
	return proxy, nil
}

func (p *forwardProxy) close() error { return p.server.Close() }

// ServeHTTP forwards a request in absolute form to a host of the scenario.
// Nothing else is reachable through it.
func (p *forwardProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.URL.String())
	p.mu.Unlock()
	address, ok := p.hosts.find(r.URL.Hostname())
	if !ok || r.Method == http.MethodConnect {
		http.Error(w, "this proxy does not know the host", http.StatusBadGateway)
		return
	}
	forwarded := r.Clone(r.Context())
	forwarded.RequestURI = ""
	forwarded.URL.Host = address
	answer, err := p.onward.RoundTrip(forwarded)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	// An error here is the asker's, who sees a short body.
	_, _ = io.Copy(w, answer.Body)
}

// requests returns the requests so far.
func (p *forwardProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// proxyRuns starts a forward proxy and keeps its address as the server's
// plugins reach it, under the proxy's name in the feature.
func (w *world) proxyRuns(ctx context.Context, name string) error {
	proxy, err := startProxy(&w.hosts)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, proxy.close)
	w.proxies[name] = proxy
	w.saved[name], err = w.reach(ctx, proxy.listener.Addr().String())
	return err
}

// reach returns the address at which plugins can dial a listener of this machine.
// A proxy for the server's environment is needed before the server is started, so
// another server of the target is asked then.
func (w *world) reach(ctx context.Context, address string) (string, error) {
	if w.server != nil {
		return ReachableAddress(w.server, address), nil
	}
	server, err := w.suite.config.Target.Server(ctx, Spec{})
	if err != nil {
		return "", fmt.Errorf("start a server to ask how it reaches this machine: %w", err)
	}
	return ReachableAddress(server, address), server.Close(ctx)
}

// proxyUsed checks that a request for the host went through the proxy.
func (w *world) proxyUsed(host, name string) error {
	proxy, ok := w.proxies[name]
	if !ok {
		return fmt.Errorf("no proxy %q was started", name)
	}
	for _, asked := range proxy.requests() {
		if strings.Contains(asked, "//"+host) {
			return nil
		}
	}
	return mismatch(fmt.Sprintf("a request for %s through the proxy %s", host, name), w.describeProxyRequests())
}

// proxyUnused checks that no request went through the proxy.
func (w *world) proxyUnused(name string) error {
	proxy, ok := w.proxies[name]
	if !ok {
		return fmt.Errorf("no proxy %q was started", name)
	}
	if len(proxy.requests()) > 0 {
		return mismatch("no request through the proxy "+name, w.describeProxyRequests())
	}
	return nil
}

func (w *world) describeProxyRequests() string {
	var lines []string
	for name, proxy := range w.proxies {
		asked := proxy.requests()
		if len(asked) == 0 {
			asked = []string{"nothing"}
		}
		lines = append(lines, fmt.Sprintf("through %s: %s", name, strings.Join(asked, ", ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
