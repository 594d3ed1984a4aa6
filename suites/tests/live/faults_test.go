// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"github.com/plugproof/plugproof/steps"
)

// recovery is how soon a mount must answer again after its process is gone. It
// is what a slow machine needs to start a process, many times over.
const recovery = 30 * time.Second

// load reads below a mount with several clients until stopped and counts what
// was answered.
type load struct {
	stop     context.CancelFunc
	group    errgroup.Group
	answered atomic.Int64
}

// start puts load on a mount. An answer must be true; errors are allowed only
// where a spec breaks the plugin.
func start(ctx context.Context, s *Session, mount string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{stop: cancel}
	for range 8 {
		l.group.Go(func() error {
			for ctx.Err() == nil {
				value, err := s.Field(ctx, mount+"/kv/a", "value")
				if err != nil {
					continue
				}
				if value != "1" {
					return fmt.Errorf("%s/kv/a is %v", mount, value)
				}
				l.answered.Add(1)
			}
			return nil
		})
	}
	DeferCleanup(cancel)
	return l
}

// goesOn waits until more is answered than now.
func (l *load) goesOn(ctx context.Context) {
	GinkgoHelper()
	before := l.answered.Load()
	Eventually(ctx, l.answered.Load).WithTimeout(recovery).Should(BeNumerically(">", before+8))
}

// mounted returns a server with two mounts of the probe, of two registrations.
func mounted(ctx context.Context, env ...string) *Session {
	GinkgoHelper()
	kit.Needs(steps.PluginDirectory)
	own := kit.Target.Unsupported(steps.OwnServer) == ""
	s := kit.Server(ctx, steps.Spec{Fresh: own})
	for _, name := range []string{"faulty", "sound"} {
		Expect(s.Register(ctx, name, env...)).To(Succeed())
		Expect(s.Mount(ctx, name, name)).To(Succeed())
		if !own { // else the server goes as a whole
			DeferCleanup(s.Deregister, name)
			DeferCleanup(s.Unmount, name)
		}
		Expect(s.Store(ctx, name, "a", "1")).To(Succeed())
	}
	return s
}

var _ = Describe("a plugin that fails under load", Label("faults"), func() {
	for _, style := range []string{"PROBE_SERVE=multiplex", "PROBE_SERVE=automtls"} {
		It("is started again after a crash, with its data, "+style, func(ctx context.Context) {
			s := mounted(ctx, style)
			pid, err := s.PID(ctx, "faulty")
			Expect(err).NotTo(HaveOccurred())
			neighbour, err := s.PID(ctx, "sound")
			Expect(err).NotTo(HaveOccurred())
			load := start(ctx, s, "faulty")
			for range 3 {
				_, err = s.Client.Logical().ReadWithContext(ctx, "faulty/crash")
				Expect(err).To(HaveOccurred())
				load.goesOn(ctx)
			}
			load.stop()
			Expect(load.group.Wait()).To(Succeed())
			Expect(s.PID(ctx, "faulty")).NotTo(Equal(pid))
			Expect(s.PID(ctx, "sound")).To(Equal(neighbour), "the neighbour was restarted too")
		})

		It("is started again after it was killed, "+style, func(ctx context.Context) {
			kit.Needs(steps.ProcessControl)
			s := mounted(ctx, style)
			load := start(ctx, s, "faulty")
			for range 3 {
				var pid string
				Eventually(ctx, func() (err error) { pid, err = s.PID(ctx, "faulty"); return err }).WithTimeout(recovery).Should(Succeed())
				number, err := strconv.Atoi(pid)
				Expect(err).NotTo(HaveOccurred())
				process, err := os.FindProcess(number)
				Expect(err).NotTo(HaveOccurred())
				Expect(process.Kill()).To(Succeed())
				load.goesOn(ctx)
			}
			load.stop()
			Expect(load.group.Wait()).To(Succeed())
		})
	}

	It("holds up nobody but its own callers while it hangs", func(ctx context.Context) {
		s := mounted(ctx)
		var sleeping errgroup.Group
		sleep, wake := context.WithCancel(ctx)
		defer wake()
		for range 8 {
			sleeping.Go(func() error {
				_, _ = s.Client.Logical().WriteWithContext(sleep, "faulty/sleep", map[string]any{"for": "60s"})
				return nil
			})
		}
		for _, mount := range []string{"sound", "faulty"} {
			began := time.Now()
			Expect(s.Field(ctx, mount+"/kv/a", "value")).To(Equal("1"))
			Expect(time.Since(began)).To(BeNumerically("<", 10*time.Second))
		}
		Expect(s.Mount(ctx, "beside", "sound")).To(Succeed())
		Expect(s.Unmount(ctx, "beside")).To(Succeed())
		wake()
		Expect(sleeping.Wait()).To(Succeed())
	})

	It("holds up no other plugin's callers while it hangs at its start", func(ctx context.Context) {
		kit.Needs(steps.OwnServer) // it hangs for longer than the spec
		s := mounted(ctx)
		var starting errgroup.Group
		begun, giveUp := context.WithCancel(ctx)
		defer giveUp()
		starting.Go(func() error {
			// Registering starts it, to ask its version.
			_ = s.Register(begun, "hanging", "PROBE_FAULT=hang-at-start")
			return nil
		})
		load := start(ctx, s, "sound")
		load.goesOn(ctx)
		load.stop()
		Expect(load.group.Wait()).To(Succeed())
		giveUp()
		Expect(starting.Wait()).To(Succeed())
	})
})
