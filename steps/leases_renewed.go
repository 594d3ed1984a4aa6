// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"time"
)

// renewalsInOrder renews each lease twice, without asking for a time, and wants none to
// become longer each time, nor longer than its role says.
func (w *world) renewalsInOrder(ctx context.Context) error {
	checked := false
	for _, lease := range w.leases {
		if !lease.renewable {
			continue
		}
		done, err := w.renewedTwice(lease.write, lease.duration, "the lease of "+lease.write.Path, "lease_duration",
			func() error { return w.askLease(ctx, "renew", lease) })
		if err != nil {
			return err
		}
		checked = checked || done
	}
	if !checked {
		return &NotCheckedError{Reason: "no lease is renewable, and has a ttl in what the setup writes for it"}
	}
	return nil
}

// renewedTwice reports whether something can be judged by its ttl. What is longer than that
// from the start another requirement is about.
func (w *world) renewedTwice(write Write, duration time.Duration, what, field string, renew func() error) (judged bool, err error) {
	installed, err := w.installed()
	if err != nil {
		return false, err
	}
	limit, named := installed.subject.Profile.limit(write, false)
	if limit <= 0 || duration > limit {
		return false, nil
	}
	for _, renewal := range []string{"a renewal", "a second renewal"} {
		if err := renew(); err != nil {
			return false, err
		}
		got := secondsAt(w.answer, field)
		if !w.answer.ok() || got <= 0 {
			return false, nil
		}
		if got > limit {
			return true, mismatch(fmt.Sprintf("%s of %s for at most %s, its %s", renewal, what, limit, named), describeAnswer(w.answer))
		}
	}
	return true, nil
}
