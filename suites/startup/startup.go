// SPDX-License-Identifier: MPL-2.0

// Package startup makes plugproof begin quickly and quietly. It acts while the
// program's packages are initialised, before those of the libraries for features and
// containers: Go initialises packages in the order of their import paths as far as
// their own imports allow (https://go.dev/doc/go1.21#language), and this one imports
// so little that it is among the first. A test holds it to that.
//
// Until End,
//   - `plugproof serve` becomes plugproof-serve, if that is beside it (package first);
//   - there is no PATH, in which godog's internal/builder would find the go command and
//     run it, a process that outlives a plugproof that is killed then;
//   - there is no /proc for testcontainers-go's internal/core/bootstrap, which would read
//     every process of the machine for the name of a session that `go test` processes
//     share: each plugproof has a session of its own;
//   - garbage, of which this phase makes little, is not collected.
package startup

import (
	"os"
	"runtime/debug"

	_ "github.com/plugproof/plugproof/suites/startup/first" // it acts earlier still
)

// hidden are the variables of the process that libraries look at before main, and what
// they see.
func hidden() map[string]string { return map[string]string{"PATH": "", "HOST_PROC": os.DevNull} }

// begun is what End undoes.
var begun = begin() //nolint:gochecknoglobals // before main there is nowhere else

// beginning is the process as it was.
type beginning struct {
	environment map[string]string
	gcPercent   int
}

func begin() beginning {
	was := beginning{environment: map[string]string{}, gcPercent: debug.SetGCPercent(-1)}
	for name, value := range hidden() {
		if old, ok := os.LookupEnv(name); ok {
			was.environment[name] = old
		}
		set(name, value)
	}
	return was
}

// End has the process as it was started. main calls it first.
func End() {
	for name := range hidden() {
		if old, ok := begun.environment[name]; ok {
			set(name, old)
		} else {
			// Names without "=" and NUL can be unset.
			_ = os.Unsetenv(name)
		}
	}
	debug.SetGCPercent(begun.gcPercent)
}

// set changes a variable. It fails for names and values that no environment can have.
func set(name, value string) { _ = os.Setenv(name, value) }
