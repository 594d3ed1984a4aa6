// SPDX-License-Identifier: MPL-2.0

//go:build !darwin && !linux

package build

import "context"

// lock does nothing on systems without flock. Concurrent builds may then do the
// same work twice; Go's own caches are safe.
func lock(context.Context, string) (unlock func(), err error) {
	return func() {}, nil
}
