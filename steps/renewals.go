// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"time"
)

// renewal is a lease or a token that was said to be renewable, and how to renew it.
type renewal struct {
	// what names it for people; write is the request of the profile that gave it.
	what  string
	write Write
	// duration is what was answered with it.
	duration time.Duration
	// renew renews it. The answer has its new duration at field, and given reports whether
	// it has what was renewed.
	renew func(ctx context.Context) error
	field string
	given func() bool
	// again asks for another one by the same request.
	again func(ctx context.Context) (renewal, error)
}

// leaseRenewals returns the leases that can be renewed.
func (w *world) leaseRenewals() []renewal {
	var all []renewal
	for _, lease := range w.leases {
		if lease.renewable {
			all = append(all, w.leaseRenewal(lease))
		}
	}
	return all
}

func (w *world) leaseRenewal(lease issuedLease) renewal {
	const field = "lease_duration"
	return renewal{
		what: "the lease of " + lease.write.Path, write: lease.write, duration: lease.duration, field: field,
		renew: func(ctx context.Context) error { return w.askLease(ctx, "renew", lease) },
		given: func() bool { return secondsAt(w.answer, field) > 0 },
		again: func(ctx context.Context) (renewal, error) {
			another, err := w.issueLease(ctx, lease.mount, lease.write)
			return w.leaseRenewal(another), err
		},
	}
}

// tokenRenewals returns the tokens of logins that can be renewed.
func (w *world) tokenRenewals() []renewal {
	var all []renewal
	for _, login := range w.loggedIn {
		if login.renewable {
			all = append(all, w.tokenRenewal(login))
		}
	}
	return all
}

func (w *world) tokenRenewal(login loggedIn) renewal {
	const field = "auth.lease_duration"
	return renewal{
		what: "the token of " + login.login.Path, write: login.login.write(), duration: login.duration, field: field,
		renew: func(ctx context.Context) error { return w.renewToken(ctx, login) },
		given: func() bool { return tokenIn(w.answer) != "" },
		again: func(ctx context.Context) (renewal, error) {
			err := w.tryLogin(ctx, login.mount, login.login.Path, login.login.Data)
			if err != nil {
				return renewal{}, err
			}
			another := login
			another.token, another.duration = tokenIn(w.answer), secondsAt(w.answer, field)
			return w.tokenRenewal(another), nil
		},
	}
}

// renewalsUnread renews while one read of the plugin's storage after the other fails, and
// wants an error: what the renewal depends on is not known then.
func (w *world) renewalsUnread(ctx context.Context, mount string, all []renewal) error {
	tried := false
	for _, r := range all {
		failed, err := w.eachReadFails(ctx, mount, "the renewal of "+r.what, func() error { return r.renew(ctx) }, r.given)
		if err != nil {
			return err
		}
		tried = tried || failed
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin reads nothing from its storage for a renewal"}
	}
	return nil
}

// renewalsInOrder renews twice, without asking for a time, and wants nothing to become longer
// each time, nor longer than its role or user says.
func (w *world) renewalsInOrder(ctx context.Context, kind string, all []renewal) error {
	checked := false
	for _, r := range all {
		judged, err := w.renewedTwice(ctx, r)
		if err != nil {
			return err
		}
		checked = checked || judged
	}
	if !checked {
		return &NotCheckedError{Reason: "no " + kind + " is renewable, and has a ttl in what the setup writes for it"}
	}
	return nil
}

// renewedTwice reports whether something can be judged by its ttl. What is longer than that
// from the start another requirement is about.
func (w *world) renewedTwice(ctx context.Context, r renewal) (judged bool, err error) {
	installed, err := w.installed()
	if err != nil {
		return false, err
	}
	limit, named := installed.subject.Profile.limit(r.write, false)
	if limit <= 0 || r.duration > limit {
		return false, nil
	}
	for _, which := range []string{"a renewal", "a second renewal"} {
		if err := r.renew(ctx); err != nil {
			return false, err
		}
		got := secondsAt(w.answer, r.field)
		if !w.answer.ok() || got <= 0 {
			return false, nil
		}
		if got > limit {
			return true, mismatch(fmt.Sprintf("%s of %s for at most %s, its %s", which, r.what, limit, named), describeAnswer(w.answer))
		}
	}
	return true, nil
}

// endByLimit renews as long as the plugin does, and wants an end at the max_ttl of what the
// setup wrote.
func (w *world) endByLimit(ctx context.Context, all []renewal) error {
	checked := false
	for _, r := range all {
		limit, named := w.timed.subject.Profile.limit(r.write, true)
		if limit <= 0 || limit > longestMove {
			continue
		}
		if checked { // the one before has taken the time of this one
			var err error
			if r, err = r.again(ctx); err != nil {
				return err
			}
		}
		checked = true
		over, err := w.outlasts(ctx, limit, r.duration, func() (time.Duration, error) {
			if err := r.renew(ctx); err != nil || !w.answer.ok() {
				return 0, err
			}
			return secondsAt(w.answer, r.field), nil
		})
		if err != nil {
			return err
		}
		if over {
			return mismatch(fmt.Sprintf("an end of %s after %s, its %s", r.what, limit, named), describeAnswer(w.answer))
		}
	}
	if !checked {
		return &NotCheckedError{Reason: "nothing is renewable and has a max_ttl of at most 6h in the profile's setup"}
	}
	return nil
}
