// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/plugproof/plugproof/mockserver"
)

// object is a JSON object.
type object = map[string]any

// server is a mock that is to be broken.
type server struct {
	*mockserver.Server
	plugins string // its plugin directory
}

// breaker makes of a server a handler that does one thing wrong. Its state is
// that of one server.
type breaker func(*server) http.Handler

// about selects the requests that a breaker concerns: the method, or several with |
// between, and the path below /v1/ as a regular expression for all of it.
type about struct {
	methods string
	path    *regexp.Regexp
}

func on(methods, path string) about {
	return about{methods, regexp.MustCompile("^(?:" + path + ")$")}
}

// match returns the parts of the path that the expression captures, and nil for
// requests of no concern.
func (a about) match(r *http.Request) []string {
	method := r.Method
	if method == http.MethodGet && r.URL.Query().Get("list") == "true" {
		method = "LIST"
	}
	for wanted := range strings.SplitSeq(a.methods, "|") {
		if wanted == method {
			return a.path.FindStringSubmatch(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1/"), "/"))
		}
	}
	return nil
}

// body reads a request's JSON body and leaves the request as it was.
func body(r *http.Request) object {
	text, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(text))
	var decoded object
	if err != nil || json.Unmarshal(text, &decoded) != nil {
		return nil
	}
	return decoded
}

// setBody replaces a request's body.
func setBody(r *http.Request, content object) {
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // it came from JSON
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", "")
	r.Header.Del("Content-Length")
}

// again sends a copy of the request, changed, and returns the answer without
// sending it on.
func again(next http.Handler, r *http.Request, change func(*http.Request)) *httptest.ResponseRecorder {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(text))
	change(copied)
	got := httptest.NewRecorder()
	next.ServeHTTP(got, copied)
	return got
}

// ask sends a request of the breaker's own with all rights.
func ask(s *server, method, path string, content object) (int, object) {
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // it is made of constants and of what came from JSON
	}
	r := httptest.NewRequest(method, "/v1/"+path, bytes.NewReader(text))
	r.Header.Set("X-Vault-Token", s.RootToken())
	got := httptest.NewRecorder()
	s.ServeHTTP(got, r)
	var answer object
	_ = json.Unmarshal(got.Body.Bytes(), &answer) // some have none
	return got.Code, answer
}

// send passes an answer on.
func send(w http.ResponseWriter, got *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), got.Header())
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes())
}

// answer sends an answer of the breaker's own.
func answer(w http.ResponseWriter, status int, content object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if content != nil {
		_ = json.NewEncoder(w).Encode(content)
	}
}

// instead answers requests itself where handle says so.
func instead(a about, handle func(s *server, w http.ResponseWriter, r *http.Request, parts []string) bool) breaker {
	return func(s *server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if parts := a.match(r); parts != nil && handle(s, w, r, parts) {
				return
			}
			s.ServeHTTP(w, r)
		})
	}
}

// swallow answers as a server does that did what it was told, and does nothing.
func swallow(a about, status int, content object) breaker {
	return instead(a, func(_ *server, w http.ResponseWriter, _ *http.Request, _ []string) bool {
		answer(w, status, content)
		return true
	})
}

// ignore is swallow for those with all rights; others are refused as ever.
func ignore(a about) breaker {
	return instead(a, func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
		if r.Header.Get("X-Vault-Token") != s.RootToken() {
			return false
		}
		answer(w, http.StatusNoContent, nil)
		return true
	})
}

// mishear changes the body of requests.
func mishear(a about, change func(content object)) breaker {
	return instead(a, func(_ *server, _ http.ResponseWriter, r *http.Request, _ []string) bool {
		if content := body(r); content != nil {
			change(content)
			setBody(r, content)
		}
		return false
	})
}

// misread changes the request as a whole.
func misread(a about, change func(*http.Request)) breaker {
	return instead(a, func(_ *server, _ http.ResponseWriter, r *http.Request, _ []string) bool {
		change(r)
		return false
	})
}

// misreport changes answers that are JSON. It returns the status to send.
func misreport(a about, change func(status int, content object) int) breaker {
	return instead(a, func(s *server, w http.ResponseWriter, r *http.Request, _ []string) bool {
		got := again(s, r, func(*http.Request) {})
		var content object
		if json.Unmarshal(got.Body.Bytes(), &content) != nil {
			send(w, got)
			return true
		}
		status := change(got.Code, content)
		answer(w, status, content)
		return true
	})
}

// data returns the data of an answer, empty for none.
func data(content object) object {
	inner, _ := content["data"].(object)
	return inner
}

// texts returns a list of strings out of JSON.
func texts(list any) []string {
	var out []string
	items, _ := list.([]any)
	for _, item := range items {
		if text, ok := item.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
