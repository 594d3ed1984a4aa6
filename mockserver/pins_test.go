// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// TestMountsOverridePins: in Vault Enterprise, a mount runs its own version in spite of a
// pin if it says so when it is made or tuned; elsewhere it says so in vain.
func TestMountsOverridePins(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for dialect, overrides := range map[string]bool{"vault-2.0+ent": true, "vault-2.0": false} {
		_, client, sha := start(t, mockserver.WithDialect(dialect))
		for _, version := range []string{"v1.0.0", "v2.0.0"} {
			g.Expect(client.Sys().RegisterPluginWithContext(t.Context(), &api.RegisterPluginInput{
				Name: "probe", Type: api.PluginTypeSecrets, Command: "probe", SHA256: sha, Version: version,
			})).To(Succeed())
		}
		write := func(path string, data map[string]any) error {
			_, err := client.Logical().WriteWithContext(t.Context(), "sys/"+path, data)
			return err
		}
		running := func(path string) any {
			secret, err := client.Logical().ReadWithContext(t.Context(), "sys/mounts/"+path)
			g.Expect(err).NotTo(HaveOccurred())
			return secret.Data["running_plugin_version"]
		}
		g.Expect(write("plugins/pins/secret/probe", map[string]any{"version": "v1.0.0"})).To(Succeed())
		override := map[string]any{"plugin_version": "v2.0.0", "override_pinned_version": true}
		err := write("mounts/own", map[string]any{"type": "probe", "config": override})
		if !overrides {
			g.Expect(err).To(MatchError(ContainSubstring("as it is pinned to version v1.0.0")))
			continue
		}
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(running("own")).To(Equal("v2.0.0"))

		mount(t, client, "p", "probe")
		g.Expect(running("p")).To(Equal("v1.0.0"))
		g.Expect(write("mounts/p/tune", map[string]any{"plugin_version": "v2.0.0"})).To(MatchError(ContainSubstring("as a pinned version v1.0.0 is in effect")))
		for _, step := range []struct {
			tune map[string]any
			want string
		}{
			{override, "v2.0.0"},
			{map[string]any{"plugin_version": "v1.0.0", "override_pinned_version": false}, "v1.0.0"},
		} {
			g.Expect(write("mounts/p/tune", step.tune)).To(Succeed())
			g.Expect(write("plugins/reload/backend", map[string]any{"mounts": "p"})).To(Succeed())
			g.Expect(running("p")).To(Equal(step.want))
		}
	}
}
