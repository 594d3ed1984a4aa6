// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The requirements about leases that others build on.
const (
	leased     = "PLG-400"
	revocable  = "PLG-401"
	registered = "PLG-402"
	modest     = "PLG-409"
	openPaths  = "PLG-104"
)

// issuedLease is a lease that the checked plugin gave.
type issuedLease struct {
	// id is the lease's with the scenario's names, sent with the server's.
	id, sent string
	// write is the request of the profile, mount the path that it went to.
	write Write
	mount string
	// duration is what was answered with it.
	duration  time.Duration
	renewable bool
	answer    *answer
}

// unregistered is what vault/sdk's framework says of a secret whose type the
// backend does not have.
const unregistered = "secret is unsupported by this backend"

// leasesIssued asks for every one of the profile's credentials, which has to give
// a lease.
func (w *world) leasesIssued(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	w.leases = nil
	for _, write := range installed.subject.Profile.Credentials {
		lease, err := w.issueLease(ctx, mount, write)
		if failure := new(Failure); errors.As(err, &failure) {
			if open, _ := w.opened(http.MethodGet, write.Path); open {
				return &NotCheckedError{Reason: "leases need a token, and " + write.Path + " is answered without one, see " + openPaths}
			}
			return w.seeOr(leased, "the plugin gives no lease at "+write.Path, err)
		}
		if err != nil {
			return err
		}
		w.leases = append(w.leases, lease)
	}
	return nil
}

func (w *world) issueLease(ctx context.Context, mount string, write Write) (issuedLease, error) {
	lease := issuedLease{write: write, mount: mount}
	method, body := http.MethodGet, []byte(nil)
	if write.Data != nil {
		var err error
		if body, err = json.Marshal(write.Data); err != nil {
			return lease, err
		}
		method = http.MethodPost
	}
	if err := w.asRoot(ctx, method, w.below(mount, write.Path), verbatim(string(body))); err != nil {
		return lease, err
	}
	lease.id = leaseID(w.answer.body)
	lease.sent = leaseID(w.answer.sent)
	if !w.answer.ok() || lease.id == "" {
		return lease, unleased(method, write, w.answer)
	}
	lease.answer = w.answer
	lease.duration = secondsAt(w.answer, "lease_duration")
	renewable, _ := w.answer.lookup("renewable")
	lease.renewable, _ = renewable.(bool)
	if lease.duration <= 0 {
		return lease, mismatch("a lease that ends: lease_duration above 0", describeAnswer(w.answer))
	}
	return lease, nil
}

// unleased is the failure for an answer without a lease. What is refused needs something else
// than what gives none.
func unleased(method string, write Write, got *answer) error {
	failure := &Failure{Wanted: fmt.Sprintf("a success with a lease from %s %s, as the profile says", method, write.Path), Got: describeAnswer(got)}
	switch {
	case got.failed():
		failure.Remedy = "Find out what the error is about. Mistakes of the user are blamed with logical.ErrorResponse, which is a 400."
	case !got.ok():
		failure.Remedy = "Give what the profile asks for. If the plugin is right to refuse it, as of a path that it does not have, a field that is missing or a role that is not there, correct the credentials of the profile and the setup that they build on."
	}
	return failure
}

// opened reports whether the plugin documents that an operation needs no token, and
// whether it documents the operation at all.
func (w *world) opened(method, path string) (open, documented bool) {
	document, err := w.document()
	if err != nil {
		return false, false
	}
	operation, documented := document.Find(method, path)
	return operation.Open, documented
}

// secondsAt returns the number of seconds at a path of an answer; 0 for none.
func secondsAt(a *answer, path string) time.Duration {
	value, _ := a.lookup(path)
	number, ok := value.(json.Number)
	if !ok {
		return 0
	}
	seconds, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// revocableLeasesIssued does the same, after one lease of each could be revoked:
// what else is asked of them then is about something else.
func (w *world) revocableLeasesIssued(ctx context.Context, mount string) error {
	if err := w.leasesIssued(ctx, mount); err != nil {
		return err
	}
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	return w.leasesIssued(ctx, mount)
}

// leaseID returns the lease's identifier in an answer; empty if there is none.
func leaseID(body []byte) string {
	var lease struct {
		ID string `json:"lease_id"`
	}
	_ = json.Unmarshal(body, &lease) // what is not an answer of the API has none
	return lease.ID
}

func (w *world) askLease(ctx context.Context, what string, lease issuedLease) error {
	body, err := leaseBody(lease.sent)
	if err != nil {
		return err
	}
	return w.asRoot(ctx, http.MethodPut, "sys/leases/"+what, verbatim(body))
}

// askNamedLease asks about a lease that the scenario names.
func (w *world) askNamedLease(ctx context.Context, what, id string) error {
	body, err := leaseBody(id)
	if err != nil {
		return err
	}
	return w.asRoot(ctx, http.MethodPut, "sys/leases/"+what, body)
}

func leaseBody(id string) (string, error) {
	body, err := json.Marshal(map[string]string{"lease_id": id})
	return string(body), err
}

// leasesKnown wants every lease to be found.
func (w *world) leasesKnown(ctx context.Context) error {
	for _, lease := range w.leases {
		if err := w.askLease(ctx, "lookup", lease); err != nil {
			return err
		}
		if !w.answer.ok() {
			return mismatch("the lease of "+lease.write.Path+" to be found", describeAnswer(w.answer))
		}
	}
	return nil
}

// leasesGone wants no lease to be found.
func (w *world) leasesGone(ctx context.Context) error {
	for _, lease := range w.leases {
		if err := w.askLease(ctx, "lookup", lease); err != nil {
			return err
		}
		if w.answer.ok() {
			return mismatch("no lease of "+lease.write.Path+" any more", describeAnswer(w.answer)+w.revocationLogged(ctx))
		}
	}
	return nil
}

// leasesRevoked revokes every lease, at once.
func (w *world) leasesRevoked(ctx context.Context) error {
	for _, lease := range w.leases {
		if err := w.askLease(ctx, "revoke", lease); err != nil {
			return err
		}
		if w.answer.ok() {
			continue
		}
		failure := mismatch("the plugin to revoke the lease of "+lease.write.Path, describeAnswer(w.answer))
		if w.revocationIsTheMatter {
			return failure
		}
		if strings.Contains(string(w.answer.body), unregistered) {
			return w.seeOr(registered, "the type of the plugin's secret is not registered", failure)
		}
		if installed, err := w.installed(); err == nil && installed.subject.Type == databaseType {
			return w.seeOr(deletesUsers, "the plugin fails to delete its users", failure)
		}
		return w.seeOr(revocable, "the plugin fails to revoke its leases", failure)
	}
	return nil
}

// secretsRegistered revokes every lease, and wants the plugin to know its type.
func (w *world) secretsRegistered(ctx context.Context) error {
	for _, lease := range w.leases {
		if err := w.askLease(ctx, "revoke", lease); err != nil {
			return err
		}
		if strings.Contains(string(w.answer.body), unregistered) {
			return mismatch("the plugin to know the type of the secret that it gave at "+lease.write.Path, describeAnswer(w.answer))
		}
	}
	return nil
}

// leasesRenewed renews every lease that was said to be renewable.
func (w *world) leasesRenewed(ctx context.Context) error {
	checked := false
	for _, lease := range w.leases {
		if !lease.renewable {
			continue
		}
		checked = true
		if err := w.askLease(ctx, "renew", lease); err != nil {
			return err
		}
		if strings.Contains(string(w.answer.body), unregistered) {
			return &NotCheckedError{Reason: "the type of the plugin's secret is not registered, see " + registered}
		}
		if !w.answer.ok() || secondsAt(w.answer, "lease_duration") <= 0 {
			return mismatch(fmt.Sprintf("the lease of %s, which is said to be renewable, to be renewed", lease.write.Path), describeAnswer(w.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "no credentials of the profile have a renewable lease"}
	}
	return nil
}

// leasesModest wants no lease to be longer than servers allow.
func (w *world) leasesModest() error {
	for _, lease := range w.leases {
		if overlong(lease.answer) {
			return mismatch("a lease of "+lease.write.Path+" that the server need not shorten", describeAnswer(lease.answer))
		}
	}
	return nil
}

// overlong reports whether the server had to shorten a lease.
func overlong(a *answer) bool {
	warnings, _ := a.lookup("warnings")
	for _, warning := range asTexts(warnings) {
		if strings.Contains(warning, "exceeded the effective max_ttl") {
			return true
		}
	}
	return false
}

// leasesInLimits wants every lease to be within the limits of its role.
func (w *world) leasesInLimits() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	checked := false
	for _, lease := range w.leases {
		limit, field := installed.subject.Profile.limit(lease.write, false)
		if limit <= 0 {
			continue
		}
		if overlong(lease.answer) {
			return &NotCheckedError{Reason: "the lease is longer than servers allow, see " + modest}
		}
		checked = true
		if lease.duration > limit {
			return mismatch(fmt.Sprintf("a lease of %s of at most %s, its %s", lease.write.Path, limit, field), describeAnswer(lease.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "no write of the profile's setup has the field ttl for the name that ends the path of the credentials"}
	}
	return nil
}

// originsRemoved deletes what the setup wrote for the credentials.
func (w *world) originsRemoved(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	removed := false
	for _, origin := range installed.subject.Profile.origins() {
		if _, ok := document.Find(http.MethodDelete, origin.Path); !ok {
			continue
		}
		if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, origin.Path), ""); err != nil {
			return err
		}
		removed = removed || w.answer.ok()
	}
	if !removed {
		return &NotCheckedError{Reason: "the setup writes nothing for the names in the profile's credentials and logins that can be deleted"}
	}
	w.revocationIsTheMatter = true
	return nil
}

// revocationLogged returns the last line of the server's log about a failed
// revocation; empty for none.
func (w *world) revocationLogged(ctx context.Context) string {
	log, err := w.log(ctx)
	if err != nil {
		return "" // the target does not show it
	}
	last := ""
	for line := range strings.Lines(log) {
		if strings.Contains(line, "failed to revoke lease") && (len(w.leases) == 0 || strings.Contains(line, w.leases[0].id)) {
			last = "\n" + strings.TrimSpace(line)
		}
	}
	return last
}
