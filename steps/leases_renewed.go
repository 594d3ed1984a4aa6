// SPDX-License-Identifier: MPL-2.0

package steps

import "context"

func (w *world) leaseRenewalsUnread(ctx context.Context, mount string) error {
	return w.renewalsUnread(ctx, mount, w.leaseRenewals())
}

func (w *world) leaseRenewalsInOrder(ctx context.Context) error {
	return w.renewalsInOrder(ctx, "lease", w.leaseRenewals())
}
