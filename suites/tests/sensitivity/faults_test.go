// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// acknowledging answers with another status what fails for the storage.
func acknowledging(a about, status int) breaker {
	return instead(a, func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
		got := again(s, r, func(*http.Request) {})
		if got.Code < http.StatusInternalServerError && !strings.Contains(got.Body.String(), "made to fail") {
			send(w, got)
			return true
		}
		answer(w, status, nil)
		return true
	})
}

// wrongFaults do something wrong when something goes wrong.
func wrongFaults() []wrong {
	return []wrong{
		{
			name:   "rate limits limit nothing",
			change: swallow(on("POST|PUT", `sys/quotas/rate-limit/few`), http.StatusNoContent, nil),
			fails:  []string{"FLT-031"}, also: []string{"FLT-032", "FLT-033"},
		},
		{
			name:   "a rate limit of a role is for all of its mount",
			change: mishear(on("POST|PUT", `sys/quotas/rate-limit/few`), func(content object) { delete(content, "role") }),
			fails:  []string{"FLT-033"},
		},
		{
			name:   "a rate limit outlives its mount",
			change: misreport(on("GET", `sys/quotas/rate-limit/few`), func(int, object) int { return http.StatusOK }),
			fails:  []string{"FLT-032"},
		},
		{
			name:   "a write that can't be stored is acknowledged",
			change: acknowledging(on("POST|PUT", `a/x`), http.StatusNoContent),
			fails:  []string{"FLT-001"},
		},
		{
			name:   "a mount that can't be stored is acknowledged",
			change: acknowledging(on("POST|PUT", `sys/mounts/full`), http.StatusNoContent),
			fails:  []string{"FLT-002"},
		},
		{
			name:   "a mount that can't be removed is said to be",
			change: acknowledging(on("DELETE", `sys/mounts/a`), http.StatusNoContent),
			fails:  []string{"FLT-003"},
		},
		{
			name:   "a registration that can't be stored is acknowledged",
			change: acknowledging(on("POST|PUT", `sys/plugins/catalog/secret/full`), http.StatusNoContent),
			fails:  []string{"FLT-004"},
		},
		{
			name:   "what can't be read is missing",
			change: acknowledging(on("GET", `a/x`), http.StatusNotFound),
			fails:  []string{"FLT-005"},
		},
		{
			name: "a request during which the plugin is killed gets no answer",
			change: instead(on("POST", `p[^/]*/sleep`), func(s *server, _ http.ResponseWriter, r *http.Request, _ []string) bool {
				again(s, r, func(*http.Request) {})
				panic(http.ErrAbortHandler)
			}),
			fails: []string{"FLT-010"},
		},
		{
			name: "a reload ignores that the binary is another one",
			change: instead(on("POST|PUT", `sys/plugins/reload/backend`), func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
				if kept, err := filepath.Glob(filepath.Join(s.plugins, "changing*")); err != nil || len(kept) == 0 {
					return false
				}
				again(s, r, func(*http.Request) {})
				answer(w, http.StatusOK, object{"data": object{"reload_id": "1"}})
				return true
			}),
			fails: []string{"FLT-011"},
		},
		{
			name:   "requests during a reload are refused",
			change: refusesDuringReload,
			fails:  []string{"FLT-012"},
		},
		{
			name:   "a write counts although its connection was reset before its end",
			change: writesWhatWasCutOff,
			fails:  []string{"FLT-013"},
		},
		{
			name:   "a plugin ends with the connection of its client",
			change: endsWithClients,
			fails:  []string{"FLT-014"},
		},
		{
			name: "a sealed server says that it is not",
			change: misreport(on("GET", `sys/seal-status`), func(status int, content object) int {
				content["sealed"] = false
				return status
			}),
			fails: []string{"FLT-020"},
		},
		{
			name: "what was written before a seal is gone when the plugin starts",
			change: instead(on("GET", `p[^/]*/kv/x`), func(s *server, w http.ResponseWriter, _ *http.Request, _ []string) bool {
				if len(s.Processes()) > 0 || len(s.PluginFailures()) > 0 {
					return false
				}
				answer(w, http.StatusNotFound, object{"errors": []string{}})
				return true
			}),
			fails: []string{"FLT-021"}, also: []string{"LIF-040", "LIF-042"},
		},
		{
			name: "requests over the limit are answered with 503",
			change: misreport(on("POST|PUT", `a/x`), func(status int, _ object) int {
				if status == http.StatusTooManyRequests {
					return http.StatusServiceUnavailable
				}
				return status
			}),
			fails: []string{"FLT-030"},
		},
	}
}

// refusesDuringReload has no requests wait for a plugin that is reloaded.
func refusesDuringReload(s *server) http.Handler {
	var reloading atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on("GET", `p[^/]*/kv/x`).match(r) != nil && reloading.Load() {
			answer(w, http.StatusServiceUnavailable, object{"errors": []string{"the plugin is reloaded"}})
			return
		}
		if on("POST|PUT", `sys/plugins/reload/backend`).match(r) != nil {
			reloading.Store(true)
			defer reloading.Store(false)
		}
		s.ServeHTTP(w, r)
	})
}

// endsWithClients ends a plugin when the client of a request that lasts is gone; for
// certain before the next request.
func endsWithClients(s *server) http.Handler {
	var lasting atomic.Pointer[http.Request]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on("POST", `p[^/]*/sleep`).match(r) != nil {
			lasting.Store(r)
		}
		if on("GET", `p[^/]*/kv/x`).match(r) != nil {
			if last := lasting.Swap(nil); last != nil {
				<-last.Context().Done()
				for _, running := range s.Processes() {
					if process, err := os.FindProcess(running.PID); err == nil {
						_ = process.Kill()
					}
				}
			}
		}
		s.ServeHTTP(w, r)
	})
}

// writesWhatWasCutOff carries a write out whose body has no end. Other requests wait for
// it, which its connection does not show.
func writesWhatWasCutOff(s *server) http.Handler {
	var mu sync.RWMutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength <= 0 || on("POST|PUT", `a/x`).match(r) == nil {
			mu.RLock()
			defer mu.RUnlock()
			s.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		text, err := io.ReadAll(r.Body)
		if err != nil {
			text = []byte(`{"value": "lost"}`) // a part may have gone with the connection
		}
		r = r.WithContext(context.WithoutCancel(r.Context()))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		s.ServeHTTP(w, r)
	})
}
