// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"errors"
	"testing"
	"time"
)

// TestAMachineWithoutResourcesIsNoFailure: what a server can't start for want of
// descriptors is an error of the harness, and everything else stays a failure.
func TestAMachineWithoutResourcesIsNoFailure(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]Status{
		`400 Bad Request {"errors":["fork/exec /p/probe: too many open files"]}`:                    Errored,
		`400 Bad Request {"errors":["fork/exec /p/probe: resource temporarily unavailable"]}`:       Errored,
		`500 Internal Server Error {"errors":["the plugin says: open /x: too many open files"]}`:    Fail,
		`400 Bad Request {"errors":["fork/exec /p/probe: permission denied"]}`:                      Fail,
		`500 Internal Server Error {"errors":["plugproof: storage full: no space left on device"]}`: Fail,
		`400 Bad Request {"errors":["checksums did not match"]}`:                                    Fail,
		`500 Internal Server Error {"errors":["pipe2: too many open files"]}`:                       Errored,
	} {
		w := &world{suite: &Suite{}, started: time.Now()}
		if outcome := w.outcome(errors.Join(mismatch("204", got)), nil); outcome.Status != want {
			t.Errorf("%s: %s, want %s", got, outcome.Status, want)
		}
	}
}
