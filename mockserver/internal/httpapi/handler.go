// SPDX-License-Identifier: MPL-2.0

// Package httpapi is the server's HTTP side: it makes a logical.Request of an
// HTTP request, passes it to the core and writes the answer. One function writes
// all errors.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/sys"
)

// maxDuration is how long a request may take, as in real servers.
const maxDuration = 90 * time.Second

// prefix is before every path of the API.
const prefix = "/v1/"

// injected returns the paths whose data is repeated beside the envelope, for
// clients that predate the envelope. A path that ends in a slash stands for
// everything below it.
func injected() []string {
	return []string{
		"sys/audit", "sys/audit/", "sys/auth", "sys/auth/", "sys/capabilities", "sys/capabilities-accessor",
		"sys/capabilities-self", "sys/config/cors", "sys/key-status", "sys/mounts", "sys/mounts/", "sys/policy", "sys/policy/", "sys/remount",
	}
}

// handler answers HTTP requests for a core.
type handler struct {
	core *core.Core
}

// New returns the handler of a core's API.
func New(c *core.Core) http.Handler {
	h := &handler{core: c}
	mux := http.NewServeMux()
	mux.HandleFunc(prefix, h.logical(false))
	// The servers have handlers of their own there, to which the paths without the slash
	// are redirected.
	mux.HandleFunc("/v1/sys/", h.logical(false))
	mux.HandleFunc("/v1/sys/pprof/", h.logical(false))
	for _, p := range injected() {
		mux.HandleFunc(prefix+p, h.logical(true))
	}
	for p, answer := range sys.DirectEndpoints(c) {
		mux.HandleFunc("/v1/sys/"+p, h.direct(answer, p == "init" || p == "unseal"))
	}
	mux.HandleFunc("/v1/sys/seal", h.writeOnly())
	mux.HandleFunc("/ui/", noInterface)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/ui/", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { writeError(w, http.StatusNotFound, nil) })
	return cleanhttp.PrintablePathCheckHandler(h.guard(h.redirecting(mux)), nil)
}

// redirecting gives the redirects of a mux to canonical paths the status of the
// dialect.
func (h *handler) redirecting(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, _ := mux.Handler(r)
		if _, ours := handler.(http.HandlerFunc); ours { // all of our handlers are functions
			// None of them asks for the pattern or its parts, so that the mux need not
			// find the handler a second time.
			handler.ServeHTTP(w, r)
			return
		}
		answer := headerOnly{}
		handler.ServeHTTP(answer, r)
		http.Redirect(w, r, answer.Header().Get("Location"), h.core.Dialect().Requests.RedirectStatus)
	})
}

// longestToken returns the length of the longest token in a request's headers.
//
// Source: the tests of wrapTokenHeaderSizeHandler in http of Vault.
func longestToken(header http.Header) int {
	longest := 0
	for _, value := range header[consts.AuthHeaderName] {
		longest = max(longest, len(value))
	}
	for _, value := range header["Authorization"] {
		if token, bearer := strings.CutPrefix(value, "Bearer "); bearer {
			longest = max(longest, len(token))
		}
	}
	return longest
}

// headerOnly keeps the header of an answer and nothing else.
type headerOnly http.Header

// Header implements http.ResponseWriter.
func (h headerOnly) Header() http.Header { return http.Header(h) }

// Write implements http.ResponseWriter.
func (h headerOnly) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (h headerOnly) WriteHeader(int) {}

// guard refuses what no path may answer, and sets what every answer has.
func (h *handler) guard(next http.Handler) http.Handler {
	d := h.core.Dialect()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		ns := r.Header.Get(consts.NamespaceHeaderName)
		if ns != "" {
			w.Header().Set(consts.NamespaceHeaderName, ns)
		}
		if limit := d.Requests.TokenHeaderLimit; limit > 0 && longestToken(r.Header) > limit {
			writeError(w, http.StatusBadRequest, fmt.Errorf("authentication token is larger than the maximum of %d bytes", limit))
			return
		}
		if p := r.URL.Path; !strings.HasPrefix(p, prefix) && !strings.HasPrefix(p, "/ui") && p != "/robots.txt" && p != "/" {
			writeError(w, http.StatusNotFound, nil) // wrapGenericHandler in http/handler.go
			return
		}
		if !h.withinQuota(w, r) {
			return
		}
		r, err := limitJSON(w, r, d.Requests.JSONLimits)
		if err != nil {
			writeError(w, http.StatusInternalServerError, err)
			return
		}
		switch {
		case h.core.Sealed() && !answersSealed(r.URL.Path):
			writeError(w, http.StatusServiceUnavailable, consts.ErrSealed)
		case ns != "" && namespace.Covers(d.Namespaces.HeaderRefused, strings.TrimPrefix(r.URL.Path, "/v1/sys/")):
			writeError(w, http.StatusBadRequest, errors.New("operation unavailable in namespaces"))
		case h.asksServerStatus(r):
			next.ServeHTTP(w, withoutNamespace(r))
		case asksHelp(r):
			h.logical(false)(w, r)
		case d.Requests.RelativePaths && hasParent(r.URL.Path):
			// Go's own redirect leaves escaped dots alone since 1.22.
			http.Redirect(w, r, (&url.URL{Path: path.Clean(r.URL.Path), RawQuery: r.URL.RawQuery}).String(), http.StatusMovedPermanently)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// answersSealed reports whether a path is answered by a sealed server too.
func answersSealed(path string) bool {
	switch strings.TrimPrefix(path, prefix) {
	case "sys/health", "sys/seal-status", "sys/init":
		return true
	}
	return !strings.HasPrefix(path, prefix)
}

// asksServerStatus reports whether a request asks about the server itself through a namespace
// in its path. The answer is that of the root.
func (h *handler) asksServerStatus(r *http.Request) bool {
	if !h.core.Dialect().Namespaces.Enabled || r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, prefix) {
		return false
	}
	ns, rest := h.core.Namespaces().Longest(r.URL.Path[len(prefix):])
	return !ns.IsRoot() && (rest == "sys/seal-status" || rest == "sys/leader")
}

// withoutNamespace returns such a request as one to the root namespace.
func withoutNamespace(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	out.URL.Path = prefix + "sys/" + path.Base(r.URL.Path)
	return out
}

// asksHelp reports whether a request asks what its path is for, whatever its
// method.
func asksHelp(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, prefix) && (r.Method == "HELP" || r.URL.RawQuery != "" && r.URL.Query().Get("help") != "")
}

func hasParent(p string) bool {
	return strings.Contains(p, "/../") || strings.HasSuffix(p, "/..")
}

// logical answers requests that go through the core. With inject, the answer's
// data stands beside the envelope too.
func (h *handler) logical(inject bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, status, err := h.request(w, r)
		if err != nil || status != 0 {
			writeError(w, status, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), maxDuration)
		defer cancel()
		resp, err := h.core.Handle(ctx, req)
		if resp != nil && len(resp.Headers) > 0 {
			for name, values := range resp.Headers {
				for _, v := range values {
					w.Header().Add(name, v)
				}
			}
			if hasOnlyHeaders(resp) {
				resp = nil
			}
		}
		if writeErrorIfAny(w, req, resp, err) {
			return
		}
		if req.Operation == logical.HelpOperation {
			if resp == nil { // a backend without a word of help
				writeError(w, http.StatusNotFound, nil)
				return
			}
			writeJSON(w, http.StatusOK, resp.Data)
			return
		}
		h.writeAnswer(w, r, req, resp, inject)
	}
}

// writeOnly refuses other methods than POST and PUT before the core sees the request:
// servers have handlers of their own for what ends their work (http/sys_seal.go).
func (h *handler) writeOnly() http.HandlerFunc {
	next := h.logical(false)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost && r.Method != http.MethodPut {
			writeError(w, http.StatusMethodNotAllowed, nil)
			return
		}
		next(w, r)
	}
}

// direct answers requests that do not go through the core. With checked, what is written is
// held to what servers want of JSON.
func (h *handler) direct(answer sys.Direct, checked bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if checked && (r.Method == http.MethodPost || r.Method == http.MethodPut) {
			if err := checkJSON(readAhead(r), h.core.Dialect()); err != nil {
				writeError(w, http.StatusBadRequest, err)
				return
			}
		}
		status, body, err := answer(r)
		if body == nil {
			writeError(w, status, err)
			return
		}
		writeJSON(w, status, body)
	}
}

// hasOnlyHeaders reports whether an answer has headers and nothing else.
func hasOnlyHeaders(resp *logical.Response) bool {
	return resp.Secret == nil && resp.Auth == nil && len(resp.Data) == 0 && resp.Redirect == "" && len(resp.Warnings) == 0 && resp.WrapInfo == nil
}

// noInterface is what a browser gets: the mock has no user interface.
func noInterface(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!DOCTYPE html>\n<html lang=\"en\"><title>plugproof</title>\n<h1>The user interface is not available in this server.</h1>\n<p>This is plugproof's mock server. Its API is at <code>/v1/</code>; use the command <code>plugproof vault</code>.</p>\n</html>\n")
}
