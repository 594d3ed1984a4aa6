// SPDX-License-Identifier: MPL-2.0

package steps

import "context"

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
