// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// TestEarlierRootTokensAreKnown: they stay valid, which a server can say at its start.
func TestEarlierRootTokensAreKnown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	data := t.TempDir()
	begin := func(token string) *mockserver.Server {
		s, err := mockserver.Start(t.Context(), mockserver.WithDataDir(data), mockserver.WithRootToken(token))
		g.Expect(err).NotTo(HaveOccurred())
		return s
	}
	s := begin("")
	first := s.RootToken()
	g.Expect(s.EarlierRootTokens()).To(BeEmpty())
	g.Expect(s.Close()).To(Succeed())

	s = begin("chosen")
	g.Expect(s.EarlierRootTokens()).To(HaveLen(1))
	client := clientOf(t, s.Address())
	client.SetToken(first)
	self, err := client.Auth().Token().LookupSelfWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.EarlierRootTokens()).To(ConsistOf(self.Data["accessor"]))
	g.Expect(s.Close()).To(Succeed())

	s = begin("chosen")
	g.Expect(s.EarlierRootTokens()).To(ConsistOf(self.Data["accessor"]), "the same token again is not an earlier one")
	client = clientOf(t, s.Address())
	client.SetToken("chosen")
	g.Expect(client.Auth().Token().RevokeAccessorWithContext(t.Context(), s.EarlierRootTokens()[0])).To(Succeed())
	g.Expect(s.Close()).To(Succeed())

	s = begin("")
	g.Expect(s.EarlierRootTokens()).To(HaveLen(1), "the one that was chosen")
	g.Expect(s.Close()).To(Succeed())
}
