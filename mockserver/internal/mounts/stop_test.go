// SPDX-License-Identifier: MPL-2.0

package mounts_test

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// TestStoppedRouteStartsNothing: a request that waited for the end of the backend,
// later ones, and a reload that found the route before, start no backend.
func TestStoppedRouteStartsNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	starts := 0
	r := newRoute(&mounts.Entry{Path: "a/"}, func() (string, error) {
		starts++
		return "backend", nil
	})
	_, leave, err := r.Enter(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	leave()

	waited, reloaded := make(chan error, 1), make(chan error, 1)
	err = r.Stop(t.Context(), func(*mounts.Backend) {
		// The gate is shut now: both wait, or come later, which makes no difference.
		go func() { _, _, err := r.Enter(t.Context()); waited <- err }()
		go func() { reloaded <- r.Exchange(context.Background(), func(*mounts.Backend) {}) }()
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(<-waited).To(MatchError(mounts.ErrStopped))
	g.Expect(<-reloaded).To(MatchError(mounts.ErrStopped))
	_, _, err = r.Enter(t.Context())
	g.Expect(err).To(MatchError(mounts.ErrStopped))
	g.Expect(starts).To(Equal(1))
	g.Expect(r.Running()).To(BeNil())

	r.Unstop()
	_, leave, err = r.Enter(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), "a removal that failed leaves the mount")
	leave()
	g.Expect(starts).To(Equal(2))
}
