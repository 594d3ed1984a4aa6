// SPDX-License-Identifier: MPL-2.0

package fileperm

import "io/fs"

// checkOwner checks nothing: neither do servers on Windows.
func checkOwner(fs.FileInfo, string, int) error { return nil }
