// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// TestDamagedStateFile damages the values in a state file, whose structure stays
// whole: the server refuses it or runs, and never panics.
func TestDamagedStateFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dir, sha := pluginDir(t)
	data := t.TempDir()
	s, err := mockserver.Start(t.Context(), mockserver.WithPluginDir(dir), mockserver.WithDataDir(data), mockserver.WithRootToken("root"))
	g.Expect(err).NotTo(HaveOccurred())
	client := clientOf(t, s.Address())
	register(t, client, api.PluginTypeSecrets, "probe", sha, "A=b")
	mount(t, client, "a", "probe")
	g.Expect(client.Sys().PutPolicyWithContext(t.Context(), "p", `path "a/*" { capabilities = ["read"] }`)).To(Succeed())
	g.Expect(s.Close()).To(Succeed())
	path := filepath.Join(data, "state.db")
	whole, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())

	refused := 0
	for i := range 20 {
		random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // repeatable
		damaged := bytes.Clone(whole)
		for offset, b := range damaged {
			// Only JSON's own characters, as if a value was cut or mixed up.
			if bytes.IndexByte([]byte(`{}[]":,`), b) >= 0 && random.IntN(3000) == 0 {
				damaged[offset] = `{}[]":,x0`[random.IntN(9)]
			}
		}
		again := t.TempDir()
		g.Expect(os.WriteFile(filepath.Join(again, "state.db"), damaged, 0o600)).To(Succeed())
		s, err := mockserver.Start(t.Context(), mockserver.WithPluginDir(dir), mockserver.WithDataDir(again), mockserver.WithRootToken("root"))
		if err != nil {
			refused++
			g.Expect(err).To(MatchError(ContainSubstring(again)))
			continue
		}
		client := clientOf(t, s.Address())
		_, _ = client.Sys().ListMountsWithContext(t.Context())
		_, _ = client.Logical().ReadWithContext(t.Context(), "a/process")
		g.Expect(s.Close()).To(Succeed())
	}
	t.Logf("%d of 20 refused", refused)

	g.Expect(os.WriteFile(path, whole[:len(whole)/2], 0o600)).To(Succeed())
	_, err = mockserver.New(mockserver.WithDataDir(data))
	g.Expect(errors.As(err, new(*mockserver.OptionError))).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("its end is missing")))
}
