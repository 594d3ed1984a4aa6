// SPDX-License-Identifier: MPL-2.0

package inspect

import "io/fs"

// inspectMode: Windows executes what is named .exe, whatever its mode.
func inspectMode(string, fs.FileInfo) []Finding { return nil }
