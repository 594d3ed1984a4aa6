// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

const renewable = "PLG-408"

// leasesApart asks for every one of the credentials again and wants others.
func (w *world) leasesApart(ctx context.Context, mount string) error {
	for _, lease := range w.leases {
		again, err := w.issueLease(ctx, mount, lease.write)
		if failure := new(Failure); errors.As(err, &failure) {
			return &NotCheckedError{Reason: "the credentials of " + lease.write.Path + " can't be had twice"}
		}
		if err != nil {
			return err
		}
		first, _ := lease.answer.lookup("data")
		second, _ := again.answer.lookup("data")
		if data, _ := first.(map[string]any); len(data) > 0 && reflect.DeepEqual(first, second) {
			return mismatch(fmt.Sprintf("other credentials with the second lease of %s: the end of one lease would end those of the other", lease.write.Path), describeAnswer(again.answer))
		}
	}
	return nil
}

// leasesRenewedFirst renews what can be renewed. What fails then another requirement is
// about.
func (w *world) leasesRenewedFirst(ctx context.Context) error {
	renewed := false
	for _, lease := range w.leases {
		renewed = renewed || lease.renewable
	}
	if !renewed {
		return &NotCheckedError{Reason: "no lease of the credentials is renewable"}
	}
	err := w.leasesRenewed(ctx)
	if failure := new(Failure); errors.As(err, &failure) {
		return w.seeOr(renewable, "the plugin fails to renew its leases", err)
	}
	w.revocationIsTheMatter = true
	return err
}

// leasesIssuedStill wants the credentials after their leases were revoked.
func (w *world) leasesIssuedStill(ctx context.Context, mount string) error {
	for _, lease := range w.leases {
		if _, err := w.issueLease(ctx, mount, lease.write); err != nil {
			return err
		}
	}
	return nil
}
