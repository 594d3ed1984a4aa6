// SPDX-License-Identifier: MPL-2.0

package targets

import "github.com/plugproof/plugproof/steps"

// UseAddress makes a binary target try every server at one address, which
// otherwise only chance can do.
func UseAddress(target steps.Target, listen string) {
	target.(*binaryTarget).freePort = func() (string, error) { return listen, nil }
}

// OnPort is onPort, for a test.
var OnPort = onPort
