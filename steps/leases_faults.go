// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"strings"
)

// writesFail makes the writes of the plugin at a mount fail.
func (w *world) writesFail(ctx context.Context, mount string) error {
	w.revocationIsTheMatter = true
	return w.failWrites(ctx, mount, true)
}

// writesSucceed lets them succeed again.
func (w *world) writesSucceed(ctx context.Context, mount string) error {
	return w.failWrites(ctx, mount, false)
}

func (w *world) failWrites(ctx context.Context, mount string, fail bool) error {
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return err
	}
	w.refused, err = FailWrites(ctx, w.server, path, fail)
	return err
}

// failuresReported revokes every lease while writes fail, and wants the plugin to
// report it where it tried to write.
func (w *world) failuresReported(ctx context.Context, mount string) error {
	tried := false
	for _, lease := range w.leases {
		before := w.refused
		if err := w.askLease(ctx, "revoke", lease); err != nil {
			return err
		}
		got := w.answer
		if err := w.writesFail(ctx, mount); err != nil { // it returns the number
			return err
		}
		if w.refused == before {
			continue
		}
		tried = true
		if got.ok() {
			return mismatch("an error for the revocation of the lease of "+lease.write.Path+", whose write to the storage failed", describeAnswer(got))
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin's revocation writes nothing to its storage"}
	}
	return nil
}

// leasesRevokedUnnoted has the plugin revoke every lease, of which the server then
// knows nothing.
func (w *world) leasesRevokedUnnoted(ctx context.Context) error {
	for _, lease := range w.leases {
		if err := RevokeUnnoted(ctx, w.server, lease.sent); err != nil {
			return mismatch("the plugin to revoke the lease of "+lease.write.Path, err.Error())
		}
	}
	w.revocationIsTheMatter = true
	return nil
}

// writesReported sends the profile's samples while writes fail, and wants errors
// where the plugin tried to write.
func (w *world) writesReported(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	trials, err := installed.samples()
	if err != nil {
		return err
	}
	tried := false
	for _, trial := range trials {
		if trial.unfit() != "" {
			continue
		}
		before := w.refused
		path, err := w.outgoing(w.below(mount, trial.sample.Path))
		if err != nil {
			return err
		}
		sent := installed.write(ctx, path, Write{Path: trial.sample.Path, Data: trial.sample.Data})
		if err := w.writesFail(ctx, mount); err != nil { // it returns the number
			return err
		}
		if sent.err != nil || w.refused == before {
			continue
		}
		tried = true
		if !sent.refused() {
			return mismatch(fmt.Sprintf("an error for a write to %s that the storage refused", trial.sample.Path), strings.TrimSpace(sent.got()))
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin writes nothing to its storage for the profile's samples"}
	}
	return nil
}
