// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// leasesOfNobody asks for credentials under a name that the setup wrote nothing for.
func (w *world) leasesOfNobody(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	asked := false
	for _, write := range installed.subject.Profile.Credentials {
		folder, name, ok := cutLast(write.Path)
		if !ok || len(installed.subject.Profile.originsOf([]string{name})) == 0 {
			continue
		}
		asked = true
		_, err := w.issueLease(ctx, mount, Write{Path: folder + "/" + nobody, Data: write.Data})
		failure := new(Failure)
		if err == nil || errors.As(err, &failure) && leaseID(w.answer.body) != "" {
			return mismatch(fmt.Sprintf("no lease at %s/%s, which nothing was written for", folder, nobody), describeAnswer(w.answer))
		}
		if !errors.As(err, &failure) {
			return err
		}
	}
	if !asked {
		return &NotCheckedError{Reason: "no path of the credentials ends with a name that the setup wrote something for"}
	}
	return nil
}

// shortened returns what the setup writes for credentials or a login with half its time to
// live; ok is false where it has none.
func (p *Profile) shortened(of Write) (origin Write, ttl time.Duration, ok bool) {
	for _, write := range p.originsOf(of.names()) {
		for _, field := range []string{"ttl", "token_ttl", "default_ttl"} {
			whole, err := parseutil.ParseDurationSecond(write.Data[field])
			if err != nil || whole < 4*time.Second || periodic(write) {
				continue
			}
			ttl := (whole / 2).Truncate(time.Second)
			data := maps.Clone(write.Data)
			data[field] = int64(ttl / time.Second)
			return Write{Path: write.Path, Data: data}, ttl, true
		}
	}
	return Write{}, 0, false
}

// leasesFollowRole halves the time to live of what credentials are made from, and wants the
// next ones to have it.
func (w *world) leasesFollowRole(ctx context.Context, mount string) error {
	return w.eachShortened(ctx, mount, func(lease issuedLease, origin Write, ttl time.Duration) error {
		next, err := w.issueLease(ctx, mount, lease.write)
		if failure := new(Failure); errors.As(err, &failure) {
			return &NotCheckedError{Reason: "the credentials of " + lease.write.Path + " can't be had twice"}
		}
		if err != nil {
			return err
		}
		if next.duration > ttl && lease.duration > ttl {
			return mismatch(fmt.Sprintf("a lease of %s of at most %s, as %s has it since", lease.write.Path, ttl, origin.Path), describeAnswer(next.answer))
		}
		return nil
	})
}

// eachShortened halves, at a mount, the time to live of what each credential was made from,
// and compares where that is accepted.
func (w *world) eachShortened(ctx context.Context, mount string, compare func(lease issuedLease, origin Write, ttl time.Duration) error) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	compared := false
	for _, lease := range w.leases {
		origin, ttl, ok := installed.subject.Profile.shortened(lease.write)
		if !ok {
			continue
		}
		if err := w.write(ctx, w.below(mount, origin.Path), origin.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		if err := compare(lease, origin, ttl); err != nil {
			return err
		}
		compared = true
	}
	if !compared {
		return &NotCheckedError{Reason: "no write of the profile's setup has the field ttl for the name that ends the path of the credentials, and may be changed"}
	}
	return nil
}

// leasesSurvived renews and revokes every lease, whatever comes of it but a crash.
func (w *world) leasesSurvived(ctx context.Context) error {
	for _, what := range []string{"renew", "revoke"} {
		for _, lease := range w.leases {
			if err := w.askLease(ctx, what, lease); err != nil {
				return err
			}
			if crash := w.crash(ctx); crash != nil {
				return mismatch(fmt.Sprintf("the plugin to live when it is asked to %s a lease of %s after its setup was deleted", what, lease.write.Path), crash.String())
			}
		}
	}
	return nil
}

// revokedAreDead revokes every lease, and wants the credentials of those that the plugin
// says are revoked not to work any more.
func (w *world) revokedAreDead(ctx context.Context, mount string) error {
	var revoked []issuedLease
	for _, lease := range w.provable() {
		if err := w.askLease(ctx, "revoke", lease); err != nil {
			return err
		}
		if w.answer.ok() {
			revoked = append(revoked, lease)
		}
	}
	w.leases = revoked
	return w.credentialsDead(ctx, mount)
}
