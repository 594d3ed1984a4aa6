// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// addressIn matches an address in a setting: 127.0.0.1:5432, and the same in a URL or in
// brackets, as drivers of MySQL have it.
var addressIn = regexp.MustCompile(`(^|//|@|\()([^/@():?#\s,]+):(\d{1,5})($|[/?#)])`)

// databaseAddress returns the one address in the settings of a connection; empty if there
// is none or several.
func databaseAddress(settings map[string]any) string {
	var found []string
	for name, value := range settings {
		text, ok := value.(string)
		if !ok || slices.Contains(secretSettings(), name) {
			continue
		}
		if all := addressIn.FindAllStringSubmatch(text, -1); len(all) == 1 && all[0][2] != "" {
			found = append(found, net.JoinHostPort(all[0][2], all[0][3]))
		} else if len(all) > 1 {
			return ""
		}
	}
	if host, ok := settings["host"].(string); ok && settings["port"] != nil {
		found = append(found, net.JoinHostPort(host, fmt.Sprint(settings["port"])))
	}
	if slices.Sort(found); len(slices.Compact(found)) != 1 {
		return ""
	}
	return found[0]
}

// settingsAt returns the settings of a connection with another address.
func settingsAt(settings map[string]any, address string) map[string]any {
	changed := map[string]any{}
	host, port, _ := net.SplitHostPort(address)
	for name, value := range settings {
		text, ok := value.(string)
		switch {
		case slices.Contains(secretSettings(), name):
		case ok && addressIn.MatchString(text):
			changed[name] = addressIn.ReplaceAllString(text, "${1}"+address+"${4}")
		case name == "host" && settings["port"] != nil:
			changed[name] = host
		case name == "port" && settings["host"] != nil:
			if changed[name] = any(port); !ok {
				changed[name], _ = strconv.Atoi(port)
			}
		}
	}
	return changed
}

// standBetween configures the connection main with something in between, through which a
// user has to be created.
func (w *world) standBetween(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	address := databaseAddress(profile.Connection)
	if address == "" {
		return &NotCheckedError{Reason: "the connection settings of the profile have no single address (host:port)"}
	}
	started, err := startRelay(address)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, func() error { started.close(); return nil })
	w.between = started
	if err := w.configure(ctx, mainConnection, mount, settingsAt(profile.Connection, ReachableAddress(w.server, started.listener.Addr().String()))); err != nil {
		return err
	}
	elsewhere := &NotCheckedError{Reason: "the plugin does not work with something in place of the address in its profile"}
	if !w.answer.ok() {
		return elsewhere
	}
	if err := w.usersIssued(ctx, mount); err != nil {
		return err
	}
	if started.passed() == 0 {
		return elsewhere
	}
	return nil
}

// awayIsReported wants errors for what the plugin can't do as its database is away, and
// successes when it is back.
func (w *world) awayIsReported(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	last := len(w.users) - 1
	rotation := map[string]any{"db_name": mainConnection, "username": w.users[last].name, "rotation_period": "24h"}
	if profile.RotationStatements != nil {
		rotation["rotation_statements"] = profile.RotationStatements
	}
	requests := []struct {
		what string
		send func() error
	}{
		{"a new user", func() error { return w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/app"), "") }},
		{"the change of a password", func() error { return w.write(ctx, w.below(mount, "static-roles/away"), rotation) }},
		{"a revocation", func() error { return w.askLease(ctx, "revoke", w.leases[last]) }},
	}
	w.between.set(relayRefuses)
	defer w.between.set(relayPasses)
	for _, request := range requests {
		if err := request.send(); err != nil {
			return err
		}
		if w.answer.ok() {
			return mismatch("an error for "+request.what+" while the database is away", describeAnswer(w.answer))
		}
	}
	return nil
}

// brokenIsMadeAgain breaks the connections to the database, and wants users to be created
// afterwards: at once, or when it is tried again.
func (w *world) brokenIsMadeAgain(ctx context.Context, mount string) error {
	w.between.set(relayRefuses)
	w.between.set(relayPasses)
	return poll(ctx, soon, func(ctx context.Context) error {
		err := w.asRoot(ctx, http.MethodGet, w.below(mount, "creds/app"), "")
		if err == nil && !w.answer.ok() {
			err = mismatch("a user to be created some requests after the connections to the database broke", describeAnswer(w.answer))
		}
		return err
	})
}

// How long a request is waited for that the database does not answer, and how many may
// find a connection that is held: as many as a pool has.
const (
	heldRequest  = 2 * time.Second
	heldRequests = 12
)

// hangingHoldsNothing asks for a user while the database does not answer, goes away, and
// wants a user to be created when the database answers new connections. What was held is
// never answered, as behind a firewall that has forgotten it.
func (w *world) hangingHoldsNothing(ctx context.Context, mount string) error {
	path, err := w.outgoing(w.below(mount, "creds/app"))
	if err != nil {
		return err
	}
	ask := func() (ended bool) {
		gone, cancel := context.WithTimeout(ctx, heldRequest)
		defer cancel()
		_, err := w.client.do(gone, request{method: http.MethodGet, path: path, token: w.server.Token()})
		return err == nil
	}
	w.between.set(relayHolds)
	defer w.between.set(relayPasses)
	if ask() {
		return nil
	}
	w.between.letIn()
	for range heldRequests {
		if ctx.Err() != nil || ask() {
			return ctx.Err()
		}
	}
	return mismatch("requests to be answered when the database answers new connections, though those from before are held",
		fmt.Sprintf("%d requests for a user, one after the other, were not answered within %s each", heldRequests, heldRequest))
}
