// SPDX-License-Identifier: MPL-2.0

package serve

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Garbage is collected when there is four times as much of it as of what is in use, which
// for the few megabytes of an idle server is a tenth as often as usual (suites/tests/bench),
// but with many mounts it stays within garbageLimit, or a quarter of what is in use.
const (
	most, least  = 400, 25  // per cent, as in GOGC
	garbageLimit = 16 << 20 // bytes
)

// limitGarbage has the garbage collector adapt to what is in use, unless GOGC says
// otherwise. It is for the process that is only a server.
func limitGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(most)
	afterCollection(most)
}

// afterCollection adapts, after the next collection and each one that follows, what
// percent says now.
func afterCollection(percent int) {
	// Nothing refers to the mark, so that the next collection finds it.
	mark := new([16]byte)
	runtime.AddCleanup(mark, func(int) {
		if wanted := percentFor(liveBytes()); wanted != percent {
			percent = wanted
			debug.SetGCPercent(percent)
		}
		afterCollection(percent)
	}, 0)
}

// liveBytes returns what the last collection found in use.
func liveBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0 // another Go
	}
	return sample[0].Value.Uint64()
}

// percentFor returns how much garbage there may be beside that many live bytes.
func percentFor(live uint64) int {
	if live == 0 {
		return most
	}
	return int(min(most, max(least, garbageLimit*100/live))) //nolint:gosec // at most 400
}
