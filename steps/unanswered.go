// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// answerTimeout bounds the answer to what was sent before an interruption. A
// server starts a plugin within it.
const answerTimeout = 15 * time.Second

// untilAnswered returns the context of a request or command that may make something. On
// a server that others use it outlives an interruption for a while: cut off, the
// server would make it all the same, after the scenario looked for what it has
// to remove.
func (w *world) untilAnswered(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.names.suffix == "" || ctx.Err() != nil {
		return context.WithCancel(ctx)
	}
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		answer, end := context.WithTimeout(longer, answerTimeout)
		defer end()
		<-answer.Done()
		cancel()
	})
	return longer, func() { stop(); cancel() }
}

// unansweredRequest is a request or command that was not answered, so that what it makes may
// come to be at any time.
type unansweredRequest struct {
	// what was sent, for people.
	what string
	// path is where it creates something; empty if that is unknown.
	path string
	// suffix is in the name of everything that it makes.
	suffix string
}

// leftover returns what may be left of it, as an error, after the paths were found and removed.
func (u unansweredRequest) leftover(found []string) error {
	known := func(path string) bool {
		at, _, _ := strings.Cut(path, "?")
		return at == u.path
	}
	switch {
	case slices.ContainsFunc(found, known):
		return nil
	case u.path == "":
		return fmt.Errorf("%s was not answered; what it may still create has %s in its name", u.what, u.suffix)
	}
	return fmt.Errorf("%s was not answered; if it takes effect later, remove it with: %s", u.what, removalCommand(u.path))
}

// creatingPath matches the paths at which requests make something on the server that is not
// removed with something else.
var creatingPath = regexp.MustCompile(`^sys/(mounts|auth|policies/acl|plugins/catalog|plugins/pins|plugins/runtimes/catalog)/`)

// noteUnanswered remembers a request that got no answer, if it may make something.
func (w *world) noteUnanswered(r request, err error) {
	if dial := new(net.OpError); errors.As(err, &dial) && dial.Op == "dial" {
		return // It never reached the server.
	}
	path, _, _ := strings.Cut(r.path, "?")
	creates := creatingPath.MatchString(path) && !strings.HasSuffix(path, "/tune") && r.method != http.MethodDelete
	if path == "sys/remount" {
		creates, path = true, ""
	}
	if creates && w.names.suffix != "" {
		w.unanswered = append(w.unanswered, unansweredRequest{what: r.method + " " + r.path, path: path, suffix: w.names.suffix})
	}
}

// changes reports whether a request may change something on the server.
func (r request) changes() bool {
	return !slices.Contains([]string{http.MethodGet, "LIST", http.MethodHead, http.MethodOptions}, r.method)
}
