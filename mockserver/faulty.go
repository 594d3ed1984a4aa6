// SPDX-License-Identifier: MPL-2.0

package mockserver

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/plugproof/plugproof/mockserver/fault"
)

// faultyHandler breaks connections and refuses requests as its faults say.
type faultyHandler struct {
	next   http.Handler
	faults *fault.Injector
	inside atomic.Int64
}

// ServeHTTP implements http.Handler.
func (h *faultyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := h.faults.Now()
	inside := h.inside.Add(1)
	defer h.inside.Add(-1)
	switch {
	case h.faults.Happens(now.ResetRequests):
		reset(w)
	case now.MaxRequests > 0 && inside > int64(now.MaxRequests),
		!unlimited(r.URL.Path) && h.faults.Happens(now.OverLimit):
		// The answer of the servers' rate limit quotas.
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprintf(w, "{\"errors\":[%q]}\n", fmt.Sprintf("request path %q: rate limit quota exceeded", strings.TrimPrefix(r.URL.Path, "/v1/")))
	case h.faults.Happens(now.ResetAnswers):
		h.next.ServeHTTP(nowhere{}, r)
		reset(w)
	default:
		h.next.ServeHTTP(w, r)
	}
}

// unlimited reports whether a path is exempt from rate limits, as in the servers'
// defaults (vault/quotas, defaultExemptPaths).
func unlimited(path string) bool {
	switch strings.TrimPrefix(path, "/v1/") {
	case "sys/health", "sys/seal-status", "sys/unseal":
		return true
	}
	return false
}

// reset ends a request's connection without an answer, as the end of a server's
// machine or a proxy between would.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or no connection at all
		panic(http.ErrAbortHandler)
	}
	under := conn
	if encrypted, ok := conn.(*tls.Conn); ok {
		under = encrypted.NetConn()
	}
	if tcp, ok := under.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end
	}
	_ = under.Close()
}

// nowhere is where an answer goes that nobody gets.
type nowhere struct{}

// Header implements http.ResponseWriter.
func (nowhere) Header() http.Header { return http.Header{} }

// Write implements http.ResponseWriter.
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (nowhere) WriteHeader(int) {}
