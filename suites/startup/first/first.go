// SPDX-License-Identifier: MPL-2.0

// Package first lets `plugproof serve` become plugproof-serve (package handover) when
// hardly a package is initialised yet: importing it is enough, and only the program
// plugproof does.
package first

import (
	"os"

	"github.com/plugproof/plugproof/suites/internal/handover"
)

func init() { handover.Give(os.Args) } //nolint:gochecknoinits // before main there is no other way
