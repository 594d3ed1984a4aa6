// SPDX-License-Identifier: MPL-2.0

// Package httpapi is the server's HTTP side: it makes a logical.Request of an
// HTTP request, gives it to the core and writes the answer. One function writes
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
)

// maxDuration is how long a request may take, as in real servers.
const maxDuration = 90 * time.Second

// prefix is before every path of the API.
const prefix = "/v1/"

// injected are the paths whose data stands a second time beside the envelope,
// as clients from before the envelope expect it. Those that end in a slash mean
// everything below.
var injected = []string{
	"sys/audit", "sys/audit/", "sys/auth", "sys/auth/", "sys/capabilities", "sys/capabilities-accessor",
	"sys/capabilities-self", "sys/mounts", "sys/mounts/", "sys/policy", "sys/policy/", "sys/remount",
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
	// The servers have a handler of its own there, to which /v1/sys is redirected.
	mux.HandleFunc("/v1/sys/", h.logical(false))
	for _, p := range injected {
		mux.HandleFunc(prefix+p, h.logical(true))
	}
	mux.HandleFunc("/v1/sys/health", h.health)
	mux.HandleFunc("/v1/sys/seal-status", h.sealStatus)
	mux.HandleFunc("/v1/sys/leader", h.leader)
	mux.HandleFunc("/v1/sys/init", h.initialized)
	mux.HandleFunc("/ui/", noInterface)
	mux.Handle("/{$}", http.RedirectHandler("/ui/", http.StatusTemporaryRedirect))
	for _, p := range []string{"/", "/v1"} {
		mux.HandleFunc(p, func(w http.ResponseWriter, _ *http.Request) { writeError(w, http.StatusNotFound, nil) })
	}
	return cleanhttp.PrintablePathCheckHandler(h.guard(mux), nil)
}

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
		named := d.Namespaces && ns != ""
		switch ns = strings.Trim(ns, "/"); {
		case named && (r.URL.Path == "/v1/sys/health" || r.URL.Path == "/v1/sys/init"):
			writeError(w, http.StatusBadRequest, errors.New("operation unavailable in namespaces"))
		case named && ns != "" && ns != "root" && r.URL.Path != "/v1/sys/seal-status" && r.URL.Path != "/v1/sys/leader":
			writeError(w, http.StatusNotFound, fmt.Errorf("namespace not found"))
		case asksHelp(r):
			h.logical(false)(w, r)
		case d.RelativePaths && hasParent(r.URL.Path):
			// Go's own redirect leaves escaped dots alone since 1.22.
			http.Redirect(w, r, (&url.URL{Path: path.Clean(r.URL.Path), RawQuery: r.URL.RawQuery}).String(), http.StatusMovedPermanently)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// asksHelp tells whether a request asks what its path is for, whatever its
// method.
func asksHelp(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, prefix) && (r.Method == "HELP" || r.URL.Query().Get("help") != "")
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
			if emptyBut(resp) {
				resp = nil
			}
		}
		if wroteError(w, req, resp, err) {
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

// emptyBut tells whether an answer has nothing but headers.
func emptyBut(resp *logical.Response) bool {
	return resp.Secret == nil && resp.Auth == nil && len(resp.Data) == 0 && resp.Redirect == "" && len(resp.Warnings) == 0 && resp.WrapInfo == nil
}

// noInterface is what a browser gets: the mock has no user interface.
func noInterface(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!DOCTYPE html>\n<html lang=\"en\"><title>plugproof</title>\n<h1>The user interface is not available in this server.</h1>\n<p>This is plugproof's mock server. Its API is at <code>/v1/</code>; use the command <code>plugproof vault</code>.</p>\n</html>\n")
}
