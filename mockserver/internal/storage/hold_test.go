// SPDX-License-Identifier: MPL-2.0

package storage_test

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// TestHeldAccesses: accesses wait until they are released or their context ends, but for
// those that may pass.
func TestHeldAccesses(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	view := storage.NewView(storage.NewMemory(), "m/")
	view.Hold(1)
	_, err := view.Get(t.Context(), "a")
	g.Expect(err).NotTo(HaveOccurred(), "one access may pass")

	cancelled, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- view.Delete(cancelled, "a") }()
	g.Eventually(view.Waiting).Should(BeEquivalentTo(1))
	cancel()
	g.Eventually(ended).Should(Receive(MatchError(context.Canceled)))
	g.Eventually(view.Waiting).Should(BeZero())

	go func() { _, err := view.List(t.Context(), ""); ended <- err }()
	g.Eventually(view.Waiting).Should(BeEquivalentTo(1))
	view.SetUnreadable(errors.ErrUnsupported)
	view.Release()
	g.Eventually(ended).Should(Receive(MatchError(errors.ErrUnsupported)), "it goes on, and fails as it has to by then")
	view.SetUnreadable(nil)
	_, err = view.Get(t.Context(), "a")
	g.Expect(err).NotTo(HaveOccurred())
}
