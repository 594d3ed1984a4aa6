// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestAFullDiskIsNoFailure, whatever the server's answer says of it.
func TestAFullDiskIsNoFailure(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	if err := syscall.Mount("none", full, "tmpfs", 0, "size=16k"); err != nil {
		t.Skip("only root can make a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(full, 0); err != nil {
			t.Error(err)
		}
	})
	w := &world{suite: &Suite{}, machine: newMachine()}
	w.machine.temporary = full
	outcome := w.outcome(errors.Join(mismatch("204", `500 Internal Server Error {"errors":["internal error"]}`)), nil)
	if outcome.Status != Errored || !strings.Contains(outcome.Reason, "the disk is full") {
		t.Errorf("%s: %s", outcome.Status, outcome.Reason)
	}
	if left, err := os.ReadDir(full); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
