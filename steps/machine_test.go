// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"errors"
	"strings"
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
		`500 Internal Server Error {"errors":["write /srv/state/x: no space left on device"]}`:      Errored,
		`400 Bad Request {"errors":["listen unix /tmp/p: bind: disk quota exceeded"]}`:              Errored,
	} {
		w := &world{suite: &Suite{}, machine: newMachine()}
		if outcome := w.outcome(errors.Join(mismatch("204", got)), nil); outcome.Status != want {
			t.Errorf("%s: %s, want %s", got, outcome.Status, want)
		}
	}
}

// TestAClockThatJumpsIsNoFailure: in either direction.
func TestAClockThatJumpsIsNoFailure(t *testing.T) {
	t.Parallel()
	for jump, want := range map[time.Duration]Status{
		0: Fail, 300 * time.Millisecond: Fail, time.Hour: Errored, -time.Hour: Errored,
	} {
		w := &world{suite: &Suite{}, machine: newMachine()}
		w.machine.wall = w.machine.wall.Add(-jump) // as if it was moved since
		outcome := w.outcome(errors.Join(mismatch("a time to live of 60s", "3660s")), nil)
		if outcome.Status != want {
			t.Errorf("%s: %s, want %s", jump, outcome.Status, want)
		}
		if want == Errored && !strings.Contains(outcome.Reason, "clock was moved by "+jump.String()) {
			t.Errorf("%s: %s", jump, outcome.Reason)
		}
	}
}
