// SPDX-License-Identifier: MPL-2.0

package mockserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/fault"
)

// adminBody is how many bytes a request to AdminHandler may have.
const adminBody = 1 << 16

// AdminHandler returns the handler by which a test moves a server's clock and sets its
// faults. It asks for no token: serve it on the loopback interface alone.
//
//	GET    /faults   the faults by name
//	PATCH  /faults   changes those that are named: {"storage-full": true}
//	DELETE /faults   ends all
//	GET    /clock    {"now": "2026-01-02T03:04:05Z"}
//	POST   /clock    {"advance": "1h"} moves it forward
func AdminHandler(faults *fault.Injector, c *clock.Clock) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeAdmin(w, faults.Now().Map()) })
	mux.HandleFunc("PATCH /faults", func(w http.ResponseWriter, r *http.Request) {
		named := map[string]any{}
		if !readAdmin(w, r, &named) {
			return
		}
		var changes []string
		for name, value := range named {
			changes = append(changes, fmt.Sprintf("%s=%v", name, value))
		}
		if err := faults.Set(changes...); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		writeAdmin(w, faults.Now().Map())
	})
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		faults.Replace(fault.Faults{})
		writeAdmin(w, faults.Now().Map())
	})
	now := func(w http.ResponseWriter) {
		writeAdmin(w, map[string]any{"now": c.Now().UTC().Format(time.RFC3339Nano)})
	}
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { now(w) })
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Advance string `json:"advance"`
		}
		if !readAdmin(w, r, &asked) {
			return
		}
		by, err := time.ParseDuration(asked.Advance)
		if err != nil || by < 0 {
			http.Error(w, fmt.Sprintf("advance %q: give a duration that is not negative, such as 1h", asked.Advance), http.StatusBadRequest)
			return
		}
		c.Advance(by)
		now(w)
	})
	return mux
}

// readAdmin reads a body in JSON, or answers what is wrong with it.
func readAdmin(w http.ResponseWriter, r *http.Request, into any) bool {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, adminBody))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		http.Error(w, "the body is not JSON of the right form: "+err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

func writeAdmin(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}
