// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/suites/vaultcli"
)

// answer is what the server says to one request.
type answer struct {
	Status int `json:"status"`
	// First is the body of the first answer only, if there is one.
	First json.RawMessage `json:"first"`
	Body  json.RawMessage `json:"body"`
}

// request is what the server was asked.
type request struct {
	Line   string // METHOD path?query
	Header http.Header
	Body   string
}

// server answers from a table and remembers what it was asked.
type server struct {
	*httptest.Server
	answers map[string]answer

	mu       sync.Mutex
	requests []request
}

// serve starts a server; the keys of answers are "METHOD path", without query.
func serve(t *testing.T, answers map[string]answer) *server {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	line := r.Method + " " + r.URL.RequestURI()
	first := true
	for _, former := range s.requests {
		first = first && former.Line != line
	}
	s.requests = append(s.requests, request{Line: line, Header: r.Header.Clone(), Body: string(body)})
	s.mu.Unlock()

	a, ok := s.answers[r.Method+" "+r.URL.Path]
	if !ok {
		a = answer{Status: http.StatusTeapot, Body: json.RawMessage(`{"errors":["the test has no answer to this"]}`)}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.Status)
	if first && a.First != nil {
		a.Body = a.First
	}
	_, _ = w.Write(a.Body)
}

// asked returns the requests so far.
func (s *server) asked() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

// result is how a command line ended.
type result struct {
	Exit           int
	Stdout, Stderr string
}

// vault runs a command line against address with the root token; more variables
// are given as NAME=value.
func vault(t *testing.T, address string, variables []string, args ...string) result {
	t.Helper()
	env := map[string]string{"VAULT_ADDR": address, "VAULT_TOKEN": "root"}
	for _, variable := range variables {
		name, val, _ := strings.Cut(variable, "=")
		env[name] = val
	}
	var stdout, stderr bytes.Buffer
	exit, err := vaultcli.CommandLine{}.Run(t.Context(), args, env, &stdout, &stderr)
	if err != nil {
		t.Error(err)
	}
	return result{Exit: exit, Stdout: stdout.String(), Stderr: stderr.String()}
}

func ok(body string) answer {
	return answer{Status: http.StatusOK, Body: json.RawMessage(body)}
}

func noContent() answer { return answer{Status: http.StatusNoContent} }

func failed(status int, messages ...string) answer {
	body, err := json.Marshal(map[string]any{"errors": append([]string{}, messages...)})
	if err != nil {
		panic(err)
	}
	return answer{Status: status, Body: body}
}
