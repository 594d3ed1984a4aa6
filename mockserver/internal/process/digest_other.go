// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package process

import "os"

// identify: without a change time digests are not kept.
func identify(*os.File) (identity, bool) { return identity{}, false }

// executable: there is no path of an open file.
func (b *binary) executable(string) string { return b.path }
