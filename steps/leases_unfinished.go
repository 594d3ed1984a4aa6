// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// writeAheadLog is where vault/sdk's framework keeps what a plugin has begun and not
// finished, and rolls back some minutes later.
//
// Source: https://pkg.go.dev/github.com/hashicorp/vault/sdk/framework#PutWAL
const writeAheadLog = "wal/"

// unfinished returns the entries of the write-ahead log of a mount.
func (w *world) unfinished(ctx context.Context, mount string) ([]string, error) {
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return nil, err
	}
	return StorageKeys(ctx, w.server, path, writeAheadLog)
}

// nothingUnfinished wants nothing in the write-ahead log of a mount where all succeeded.
func (w *world) nothingUnfinished(ctx context.Context, mount string) error {
	left, err := w.unfinished(ctx, mount)
	if err != nil || len(left) == 0 {
		return err
	}
	return mismatch("nothing in the write-ahead log after credentials were issued: it is rolled back some minutes later, and with it what was given",
		"in the storage of the mount: "+strings.Join(left, ", "))
}

// rolledBack asks for credentials while the services refuse them, and wants what is left of
// that to be rolled back when they work again.
func (w *world) rolledBack(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	w.services.fail(refuses)
	for _, write := range installed.subject.Profile.Credentials {
		_, err := w.issueLease(ctx, mount, write)
		if failure := new(Failure); err != nil && !errors.As(err, &failure) {
			return err
		}
	}
	w.services.fail(works)
	left, err := w.unfinished(ctx, mount)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return &NotCheckedError{Reason: "the plugin leaves nothing in its write-ahead log when the service refuses credentials"}
	}
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return err
	}
	stored, err := w.finished(ctx, path)
	if err != nil {
		return err
	}
	calls := w.services.asked()
	failed := RollBackNow(ctx, w.server, path)
	calls = w.services.asked() - calls
	if left, err = w.unfinished(ctx, mount); err != nil {
		return err
	}
	if len(left) == 0 {
		after, err := w.finished(ctx, path)
		if err == nil && calls == 0 && slices.Equal(stored, after) {
			err = mismatch("the rollback to take back what was begun: to call the service, or to change what is stored beside the write-ahead log",
				"it did neither, and returned nil, so that the framework forgot the entry")
		}
		return err
	}
	got := "in the storage of the mount: " + strings.Join(left, ", ")
	if failed != nil {
		got += "\nafter the plugin's error: " + w.mask(w.names.in(failed.Error()))
	}
	return mismatch("nothing in the write-ahead log after the service refused credentials, works again, and the plugin was asked to roll back", got)
}

// finished returns the keys of a mount's storage that are not of the write-ahead log.
func (w *world) finished(ctx context.Context, path string) ([]string, error) {
	keys, err := StorageKeys(ctx, w.server, path, "")
	return slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(key, writeAheadLog) }), err
}

// credentialsWorkLong wants credentials to work as long as their leases are renewed, or
// until they are about to end.
func (w *world) credentialsWorkLong(ctx context.Context, mount string) error {
	err := w.credentialsWork(ctx, mount)
	if failure := new(Failure); errors.As(err, &failure) {
		return w.seeOr(endsCredentials, "the credentials do not work", err)
	}
	if err != nil {
		return err
	}
	for i, lease := range w.provable() {
		if i > 0 { // the one before has taken its time
			if lease, err = w.issueLease(ctx, mount, lease.write); err != nil {
				return err
			}
		}
		left, passed := lease.duration, time.Duration(0)
		for range maxRenewals {
			step := left * 3 / 4
			if step < time.Second || passed > longestMove {
				break
			}
			if err := w.pass(ctx, step); err != nil {
				return err
			}
			passed += step
			works, seen, err := w.works(ctx, mount, lease)
			if err != nil {
				return err
			}
			if !works {
				return mismatch(fmt.Sprintf("the credentials of %s to work until their lease ends, as works in the profile tells it", lease.write.Path),
					fmt.Sprintf("%s after %s, %s before the end of the lease", seen, passed, left-step))
			}
			left -= step
			if !lease.renewable {
				continue
			}
			if err := w.askLease(ctx, "renew", lease); err != nil {
				return err
			}
			if renewed := secondsAt(w.answer, "lease_duration"); w.answer.ok() && renewed > 0 {
				left = renewed
			}
		}
	}
	return nil
}

// revocationsEnd wants the credentials of a lease not to work any more when it is revoked,
// as another requirement is about, and issues others.
func (w *world) revocationsEnd(ctx context.Context, mount string) error {
	if err := w.revocableLeasesIssued(ctx, mount); err != nil {
		return err
	}
	if err := w.leasesRevoked(ctx); err != nil {
		return err
	}
	err := w.credentialsDead(ctx, mount)
	if failure := new(Failure); errors.As(err, &failure) {
		return w.seeOr(endsCredentials, "credentials still work after their lease was revoked", err)
	}
	if err != nil {
		return err
	}
	return w.leasesIssued(ctx, mount)
}

const endsCredentials = "PLG-415"
