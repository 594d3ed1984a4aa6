// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"github.com/plugproof/plugproof/steps"
)

// many is how many mounts are made and removed at once.
const many = 100

// ours lists the mounts of a server whose paths begin with prefix.
func ours(ctx context.Context, s *Session, prefix string) []string {
	GinkgoHelper()
	mounts, err := s.Client.Sys().ListMountsWithContext(ctx)
	Expect(err).NotTo(HaveOccurred())
	var paths []string
	for path := range mounts {
		if strings.HasPrefix(path, prefix) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

var _ = Describe("a server asked for many things at once", Label("concurrency"), func() {
	It("mounts, serves and unmounts 100 engines", func(ctx context.Context) {
		kit.Needs(steps.PluginDirectory)
		s := kit.Server(ctx, steps.Spec{})
		Expect(s.Register(ctx, "crowd", "PROBE_SERVE=multiplex")).To(Succeed())
		DeferCleanup(s.Deregister, "crowd")

		var mounting errgroup.Group
		for i := range many {
			mounting.Go(func() error {
				path := fmt.Sprintf("crowd-%d", i)
				if err := s.Mount(ctx, path, "crowd"); err != nil {
					return fmt.Errorf("mount %s: %w", path, err)
				}
				if err := s.Store(ctx, path, "whose", path); err != nil {
					return fmt.Errorf("write below %s: %w", path, err)
				}
				return nil
			})
		}
		Expect(mounting.Wait()).To(Succeed())
		Expect(ours(ctx, s, "crowd-")).To(HaveLen(many))

		By("keeping what was written below each apart, in one process")
		var reading errgroup.Group
		var mu sync.Mutex
		pids := map[string]bool{}
		for i := range many {
			reading.Go(func() error {
				path := fmt.Sprintf("crowd-%d", i)
				value, err := s.Field(ctx, path+"/kv/whose", "value")
				if err != nil || value != path {
					return fmt.Errorf("below %s is %v: %w", path, value, err)
				}
				pid, err := s.PID(ctx, path)
				mu.Lock()
				pids[pid] = true
				mu.Unlock()
				return err
			})
		}
		Expect(reading.Wait()).To(Succeed())
		Expect(pids).To(HaveLen(1))

		By("removing them at once")
		var unmounting errgroup.Group
		for i := range many {
			unmounting.Go(func() error { return s.Unmount(ctx, fmt.Sprintf("crowd-%d", i)) })
		}
		Expect(unmounting.Wait()).To(Succeed())
		Expect(ours(ctx, s, "crowd-")).To(BeEmpty())
	})

	It("lets one of many mounts at the same path succeed", func(ctx context.Context) {
		kit.Needs(steps.PluginDirectory)
		s := kit.Server(ctx, steps.Spec{})
		Expect(s.Register(ctx, "contested")).To(Succeed())
		DeferCleanup(s.Deregister, "contested")
		DeferCleanup(s.Unmount, "contested")
		won := make(chan struct{}, 20)
		var racing errgroup.Group
		for range cap(won) {
			racing.Go(func() error {
				if s.Mount(ctx, "contested", "contested") == nil {
					won <- struct{}{}
				}
				return nil
			})
		}
		Expect(racing.Wait()).To(Succeed())
		Expect(won).To(HaveLen(1))
		Expect(ours(ctx, s, "contested")).To(HaveLen(1))
		Expect(s.Store(ctx, "contested", "a", "1")).To(Succeed())
	})

	It("ends with the last of registrations that race reloads", func(ctx context.Context) {
		kit.Needs(steps.PluginDirectory)
		s := kit.Server(ctx, steps.Spec{})
		const generations = 15
		Expect(s.Register(ctx, "racer", "GENERATION=0")).To(Succeed())
		DeferCleanup(s.Deregister, "racer")
		Expect(s.Mount(ctx, "race", "racer")).To(Succeed())
		DeferCleanup(s.Unmount, "race")
		Expect(s.Store(ctx, "race", "kept", "through it all")).To(Succeed())

		racing, stop := context.WithCancel(ctx)
		defer stop()
		var others errgroup.Group
		others.Go(func() error {
			for racing.Err() == nil {
				if err := s.Reload(ctx, "racer"); err != nil {
					return fmt.Errorf("reload: %w", err)
				}
			}
			return nil
		})
		for range 3 {
			others.Go(func() error {
				last := 0
				for racing.Err() == nil {
					// A reload may break a request that is under way; what is
					// answered must be true, and never go back.
					value, err := s.Env(ctx, "race", "GENERATION")
					if err != nil {
						continue
					}
					var generation int
					if _, err := fmt.Sscan(fmt.Sprint(value), &generation); err != nil || generation < last || generation > generations {
						return fmt.Errorf("after generation %d came %v", last, value)
					}
					last = generation
				}
				return nil
			})
		}
		for i := range generations {
			Expect(s.Register(ctx, "racer", fmt.Sprintf("GENERATION=%d", i+1))).To(Succeed())
		}
		stop()
		Expect(others.Wait()).To(Succeed())
		Expect(s.Reload(ctx, "racer")).To(Succeed())
		Expect(s.Env(ctx, "race", "GENERATION")).To(Equal(fmt.Sprint(generations)))
		Expect(s.Field(ctx, "race/kv/kept", "value")).To(Equal("through it all"))
	})
})
