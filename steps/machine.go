// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/load"
)

// The machine that a run takes place on may be why a check failed. What follows finds
// that out, after a failure: then the scenario says nothing about the server.

// outOfResources matches the errors of Go's os/exec on a machine that has no more
// descriptors, processes or memory (errno(3): EMFILE, ENFILE, EAGAIN, ENOMEM).
var outOfResources = regexp.MustCompile(`(?:fork/exec [^\s:]+|pipe2?): (?:too many open files(?: in system)?|resource temporarily unavailable|cannot allocate memory)`)

// outOfSpace matches the errors of files and sockets on a full disk (ENOSPC, EDQUOT).
// What the mock's faults say begins otherwise.
var outOfSpace = regexp.MustCompile(`(?:\b[a-z]+ /[^\s:"\\]+|\bbind): (?:no space left on device|disk quota exceeded)`)

// clockTolerance is how far clocks are corrected without a jump.
const clockTolerance = time.Second

// machine is what a scenario remembers of the machine at its start.
type machine struct {
	// started is when it started; wall is the same without the clock that never jumps,
	// zero if that is not known.
	started, wall time.Time
	// temporary is the directory that servers of this machine have their files in.
	temporary string
}

func newMachine() machine {
	now := time.Now()
	return machine{started: now, wall: now.Round(0), temporary: os.TempDir()}
}

// blame returns why a check that got this failed for the machine, with a remedy, or
// an empty string.
func (m machine) blame(got string) string {
	if what := outOfResources.FindString(got); what != "" {
		return "the server could not start a program for want of resources: " + what + "; give it more (ulimit -n, ulimit -u, memory) and run again"
	}
	if what := outOfSpace.FindString(got); what != "" {
		return "the disk of the server is full: " + what + "; free some space and run again"
	}
	if err := m.full(); err != nil {
		return fmt.Sprintf("the disk is full: %v; free some space, or set TMPDIR to another one, and run again", err)
	}
	if jump := m.jump(time.Now()); jump.Abs() > clockTolerance {
		return fmt.Sprintf("this machine's clock was moved by %s during the scenario, with which times to live are wrong; run again", jump.Round(time.Second))
	}
	return ""
}

// busyLoad is from how many runnable processes a processor on times say nothing.
const busyLoad = 16

// machineLoad returns how many processes are runnable for each processor, where that is
// known.
func machineLoad(ctx context.Context) (float64, bool) {
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return 0, false
	}
	return average.Load1 / float64(runtime.NumCPU()), true
}

// full returns the error of a disk that takes no more, or nil.
func (m machine) full() error {
	if m.temporary == "" {
		return nil
	}
	file, err := os.CreateTemp(m.temporary, "plugproof-space-")
	if err == nil {
		_, err = file.Write(make([]byte, 64<<10))
		err = errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return nil
}

// jump returns by how much the wall clock was moved since the start.
func (m machine) jump(now time.Time) time.Duration {
	if m.wall.IsZero() {
		return 0
	}
	return now.Round(0).Sub(m.wall) - now.Sub(m.started)
}
