// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/plugproof/plugproof/steps"
)

// workingServer answers what it is asked; work goes on for some looks at it.
type workingServer struct {
	steps.Server
	address string
}

func (s workingServer) Address() string { return s.address }

// TestSettles asks on until what goes on behind an answer is over, and no longer.
func TestSettles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		http, answer, look string
		working, over      func(http.ResponseWriter)
	}{
		{
			"POST sys/remount", `{"data": {"migration_id": "1"}}`, "GET /v1/sys/remount/status/1",
			func(w http.ResponseWriter) { fmt.Fprint(w, `{"data": {"migration_info": {"status": "in-progress"}}}`) },
			func(w http.ResponseWriter) { fmt.Fprint(w, `{"data": {"migration_info": {"status": "failure"}}}`) },
		},
		{
			"DELETE sys/namespaces/team", `{"data": {"status": "in-progress"}}`, "GET /v1/sys/namespaces/team",
			func(w http.ResponseWriter) { fmt.Fprint(w, `{"data": {}}`) },
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		},
		{"GET sys/mounts", `{"data": {"status": "in-progress"}}`, "", nil, nil},
	} {
		looks := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Method + " " + r.URL.Path; got != test.look {
				t.Errorf("%s: asked for %s, want %s", test.http, got, test.look)
			}
			if looks++; looks < 3 {
				test.working(w)
				return
			}
			test.over(w)
		}))
		s := &session{server: workingServer{address: server.URL}, client: server.Client(), saved: map[string]string{}}
		body, err := decode([]byte(test.answer))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.awaitEnd(t.Context(), Step{HTTP: test.http}, Answer{Status: 200, Body: body}); err != nil {
			t.Errorf("%s: %v", test.http, err)
		}
		if want := 3; test.look != "" && looks != want {
			t.Errorf("%s: %d looks, want %d", test.http, looks, want)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.awaitEnd(ended, Step{HTTP: test.http}, Answer{Status: 200, Body: body}); (err != nil) != (test.look != "") {
			t.Errorf("%s: without time: %v", test.http, err)
		}
		server.Close()
	}
}
