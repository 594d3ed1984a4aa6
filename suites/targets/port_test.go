// SPDX-License-Identifier: MPL-2.0

package targets_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/targets"
)

// TestRestartsBesideProcessesThatStart: a process that is being started holds
// the listeners of this one for a moment, those that are being closed too, so
// that the port of a server that ended is taken. The server comes back all the
// same.
func TestRestartsBesideProcessesThatStart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var starters sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		starters.Go(func() {
			for {
				select {
				case <-done:
					return
				default: // it can't become a program, which is soon found out
					_ = exec.CommandContext(t.Context(), os.DevNull).Run()
				}
			}
		})
	}
	defer starters.Wait()
	defer close(done)
	server, err := parse(t, "mock", targets.Options{}).Server(t.Context(), steps.Spec{Fresh: true})
	g.Expect(err).NotTo(HaveOccurred())
	for range 30 {
		g.Expect(steps.RestartServer(t.Context(), server, false)).To(Succeed())
		status, body := ask(t, server, "GET", "sys/health", "")
		g.Expect(status).To(Equal(200), body)
	}
	g.Expect(server.Close(t.Context())).To(Succeed())
}

// TestTakenPortStaysTheCause: tries at other ports that run out of time do not hide why
// there had to be any.
func TestTakenPortStaysTheCause(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	failures := []error{targets.ErrPortTaken, context.DeadlineExceeded}
	err := targets.OnPort("the server", "127.0.0.1:1", func() (string, error) { return "127.0.0.1:2", nil }, func(string) error {
		next := failures[0]
		failures = failures[1:]
		return next
	})
	g.Expect(err).To(MatchError(targets.ErrPortTaken))
	g.Expect(failures).To(BeEmpty())
}
