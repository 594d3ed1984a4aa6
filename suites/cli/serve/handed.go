// SPDX-License-Identifier: MPL-2.0

package serve

import (
	"debug/buildinfo"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/plugproof/plugproof/suites/internal/handover"
)

// handed returns whether `plugproof serve` became this process, and the arguments of the
// command. A plugproof of other sources gets the process back.
func handed(args []string) (rest []string, ok bool) {
	rest, ok = handover.Given(args)
	if ok && !sameBuild(args[0]) {
		handover.Return(args)
	}
	return rest, ok
}

// sameBuild reports whether another program of the module was built from the sources of
// this one: with the same version, which Go makes from a tag or a commit without changes,
// or, where Go knew no version, within a minute, as by one command.
func sameBuild(program string) bool {
	theirs, err := buildinfo.ReadFile(program)
	ours, known := debug.ReadBuildInfo()
	if err != nil || !known || theirs.Main.Path != ours.Main.Path || theirs.Main.Version != ours.Main.Version {
		return false
	}
	if version := ours.Main.Version; version != "" && version != "(devel)" && !strings.HasSuffix(version, "+dirty") {
		return true
	}
	return builtTogether(program)
}

// together is the longest time between programs that one command built.
const together = time.Minute

// builtTogether reports whether another program was written with this one.
func builtTogether(program string) bool {
	own, err := os.Executable()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(program)
	if err != nil {
		return false
	}
	ours, err := os.Stat(own)
	return err == nil && theirs.ModTime().Sub(ours.ModTime()).Abs() <= together
}
