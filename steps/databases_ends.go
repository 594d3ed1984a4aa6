// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"net/http"
	"strings"
	"time"
)

const (
	// shortLease is the time of a lease that is waited for.
	shortLease = 2 * time.Second
	// userMargin is how much longer than its lease servers let a user live.
	userMargin = 5 * time.Second
	// lateExpiration is how long after its expiration a user may be let in.
	lateExpiration = time.Second
)

// shortUser creates a user whose lease ends soon, and who has to end by itself.
func (w *world) shortUser(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	if !strings.Contains(strings.Join(profile.CreationStatements, " "), "{{expiration}}") {
		return &NotCheckedError{Reason: "the creation_statements of the profile have no {{expiration}}"}
	}
	if err := w.role(ctx, mount, "app", map[string]any{"default_ttl": shortLease.String()}); err != nil {
		return err
	}
	if err := w.issueUser(ctx, mount, "app"); err != nil {
		return err
	}
	if err := w.usersConnect(ctx, mount); err != nil {
		return w.seeOr(usersLogIn, "a new user can't connect", err)
	}
	return nil
}

// endsByItself takes the connection away by which the server could delete the user, and
// wants the user not to be let in when its expiration is over.
func (w *world) endsByItself(ctx context.Context, mount string) error {
	ended := time.Now().Add(shortLease + userMargin + lateExpiration)
	if err := w.must(ctx, http.MethodDelete, w.below(mount, "config/"+mainConnection), ""); err != nil {
		return err
	}
	if err := waitUntil(ctx, ended); err != nil {
		return err
	}
	connected, err := w.connectAs(ctx, mount, w.users[len(w.users)-1])
	if err == nil && connected {
		err = w.unverified(ctx, mount, mismatch("a user not to be able to connect when the expiration of its creation is over", describeAnswer(w.answer)))
	}
	// So that the server can revoke the lease.
	if again := w.databaseConfigured(ctx, mainConnection, mount); err == nil {
		err = again
	}
	return err
}

// livesOn renews the lease and wants the user to be let in when it had ended without that.
func (w *world) livesOn(ctx context.Context, mount string) error {
	ended := time.Now().Add(shortLease + userMargin + lateExpiration)
	body, err := leaseBody(w.leases[len(w.leases)-1].sent)
	if err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPut, "sys/leases/renew", verbatim(strings.TrimSuffix(body, "}")+`, "increment": 600}`)); err != nil {
		return err
	}
	if err := waitUntil(ctx, ended); err != nil {
		return err
	}
	connected, err := w.connectAs(ctx, mount, w.users[len(w.users)-1])
	if err == nil && !connected {
		err = mismatch("a user whose lease was renewed to be able to connect when its first expiration is over", describeAnswer(w.answer))
	}
	return err
}

// waitUntil waits for a time.
func waitUntil(ctx context.Context, end time.Time) error {
	timer := time.NewTimer(time.Until(end))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
