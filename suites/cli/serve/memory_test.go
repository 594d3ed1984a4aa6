// SPDX-License-Identifier: MPL-2.0

package serve

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestGarbageBesideWhatIsInUse(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 4 << 20: 400, 16 << 20: 100, 32 << 20: 50, 1 << 30: 25} {
		g.Expect(percentFor(live)).To(Equal(want), "%d bytes", live)
	}
}

// TestCollectorAdapts holds many bytes, then none, and looks what collections make of it.
func TestCollectorAdapts(t *testing.T) { //nolint:paralleltest // the collector is the process's
	g := NewWithT(t)
	was := debug.SetGCPercent(100)
	t.Setenv("GOGC", "")
	limitGarbage()
	current := func() int {
		runtime.GC()
		// Asking with debug.SetGCPercent would undo what is set at the same moment.
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(sample)
		return int(sample[0].Value.Uint64()) //nolint:gosec // at most 400
	}
	g.Expect(current()).To(Equal(most))
	const limit = time.Minute // a collection takes more than a second under load
	held := make([]byte, 256<<20)
	g.Eventually(current, limit).Should(BeNumerically("<", 50))
	runtime.KeepAlive(held)
	g.Eventually(current, limit).Should(Equal(most))
	debug.SetGCPercent(was)
}
