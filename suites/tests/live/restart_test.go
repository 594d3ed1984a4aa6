// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

var _ = Describe("a server with state", Label("restart"), func() {
	DescribeTable("is after its restart as it was before", func(ctx context.Context, kill bool) {
		kit.Needs(steps.Restart, steps.PluginDirectory)
		s := kit.Server(ctx, steps.Spec{State: true})
		Expect(s.Register(ctx, "kept", "REGION=eu")).To(Succeed())
		Expect(s.Register(ctx, "dropped")).To(Succeed())
		for _, path := range []string{"one", "two", "gone"} {
			Expect(s.Mount(ctx, path, "kept")).To(Succeed())
			Expect(s.Store(ctx, path, "whose", path)).To(Succeed())
		}
		Expect(s.Unmount(ctx, "gone")).To(Succeed())
		Expect(s.Deregister(ctx, "dropped")).To(Succeed())
		mounts, err := s.Client.Sys().ListMountsWithContext(ctx)
		Expect(err).NotTo(HaveOccurred())
		pid, err := s.PID(ctx, "one")
		Expect(err).NotTo(HaveOccurred())

		Expect(steps.RestartServer(ctx, s.Server, kill)).To(Succeed())
		s.Connect()

		By("ending the plugins of before")
		if kit.Target.Unsupported(steps.ProcessControl) == "" {
			number, err := strconv.Atoi(pid)
			Expect(err).NotTo(HaveOccurred())
			process, err := os.FindProcess(number)
			Expect(err).NotTo(HaveOccurred())
			Eventually(ctx, func() error { return process.Signal(syscall.Signal(0)) }).WithTimeout(10 * time.Second).Should(MatchError(os.ErrProcessDone))
		}
		By("keeping the mounts to the letter")
		after, err := s.Client.Sys().ListMountsWithContext(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(after).To(BeComparableTo(mounts))
		By("serving each one's data from a plugin in its own environment")
		for _, path := range []string{"one", "two"} {
			Expect(s.Field(ctx, path+"/kv/whose", "value")).To(Equal(path))
			Expect(s.Env(ctx, path, "REGION")).To(Equal("eu"))
		}
		By("keeping the catalog")
		Expect(s.Mount(ctx, "gone", "kept")).To(Succeed())
		_, err = s.Field(ctx, "gone/kv/whose", "value")
		Expect(err).To(HaveOccurred(), "the storage of an unmounted engine came back")
		Expect(s.Mount(ctx, "four", "dropped")).NotTo(Succeed())
	},
		Entry("when it was stopped", false),
		Entry("when it was killed", true),
	)
})
