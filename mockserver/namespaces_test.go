// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"errors"
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// makeNamespace makes a namespace below that of the client.
func makeNamespace(t *testing.T, client *api.Client, name string) *api.Client {
	t.Helper()
	secret, err := client.Logical().WriteWithContext(t.Context(), "sys/namespaces/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client.WithNamespace(secret.Data["path"].(string))
}

// statusOf is the HTTP status of an error of the client; 0 for none.
func statusOf(err error) int {
	var failed *api.ResponseError
	if errors.As(err, &failed) {
		return failed.StatusCode
	}
	return 0
}

// TestNamespaces: a plugin that the root registered serves mounts of a namespace, by
// header and by path, each with storage of its own, and goes with the namespace.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, root, sha := start(t, mockserver.WithDialect("openbao-2.6"))
	register(t, root, api.PluginTypeSecrets, "probe", sha)
	team := makeNamespace(t, root, "team")
	sub := makeNamespace(t, team, "sub")
	for _, client := range []*api.Client{root, team, sub} {
		mount(t, client, "p", "probe")
		_, err := client.Logical().WriteWithContext(t.Context(), "p/kv/a", map[string]any{"value": client.Namespace()})
		g.Expect(err).NotTo(HaveOccurred())
	}
	for path, want := range map[string]string{"p/kv/a": "", "team/p/kv/a": "team/", "team/sub/p/kv/a": "team/sub/"} {
		secret, err := root.Logical().ReadWithContext(t.Context(), path)
		g.Expect(err).NotTo(HaveOccurred(), path)
		g.Expect(secret.Data).To(HaveKeyWithValue("value", want), path)
	}
	secret, err := team.Logical().ReadWithContext(t.Context(), "sub/p/kv/a")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data).To(HaveKeyWithValue("value", "team/sub/"))

	mounts, err := team.Sys().ListMountsWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(mounts).To(And(HaveLen(4), HaveKey("p/"), HaveKey("sys/"), HaveKey("identity/"), HaveKey("cubbyhole/")))
	g.Expect(mounts["sys/"].Type).To(Equal("ns_system"))

	g.Expect(root.Sys().MountWithContext(t.Context(), "team/q", &api.MountInput{Type: "probe"})).To(MatchError(ContainSubstring("existing mount at team/")))
	g.Expect(root.Sys().UnmountWithContext(t.Context(), "team/p")).NotTo(Succeed(), "a mount is removed from another namespace")
	g.Expect(s.Processes()).To(HaveLen(1), "mounts of one plugin share its process, in all namespaces")

	_, err = root.Logical().DeleteWithContext(t.Context(), "sys/namespaces/team")
	g.Expect(statusOf(err)).To(Equal(400), "a namespace with another below it was deleted")
	for _, c := range []struct {
		client *api.Client
		name   string
	}{{team, "sub"}, {root, "team"}} {
		_, err := c.client.Logical().DeleteWithContext(t.Context(), "sys/namespaces/"+c.name)
		g.Expect(err).NotTo(HaveOccurred())
		eventually(t, c.name+" is gone", func() bool {
			secret, err := c.client.Logical().ReadWithContext(t.Context(), "sys/namespaces/"+c.name)
			return err == nil && secret == nil
		})
	}
	_, err = team.Sys().ListMountsWithContext(t.Context())
	g.Expect(statusOf(err)).To(Equal(404))
	secret, err = root.Logical().ReadWithContext(t.Context(), "p/kv/a")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data).To(HaveKeyWithValue("value", ""))
}

// TestTokensOfNamespaces: a token acts in its namespace and those below it, as its
// policies there say, and nowhere else.
func TestTokensOfNamespaces(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"openbao-2.6", "vault-2.0+ent"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			tokensOfNamespaces(t, dialect)
		})
	}
}

func tokensOfNamespaces(t *testing.T, dialect string) {
	g := NewWithT(t)
	_, root, _ := start(t, mockserver.WithDialect(dialect))
	team := makeNamespace(t, root, "team")
	sub := makeNamespace(t, team, "sub")
	other := makeNamespace(t, root, "other")
	for _, client := range []*api.Client{root, other} {
		g.Expect(client.Sys().PutPolicyWithContext(t.Context(), "p", `path "*" { capabilities = ["read", "list", "sudo"] }`)).To(Succeed())
	}
	g.Expect(team.Sys().PutPolicyWithContext(t.Context(), "p", `path "sys/mounts" { capabilities = ["read"] }
path "sub/sys/*" { capabilities = ["read", "update"] }`)).To(Succeed())

	made, err := team.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"p"}})
	g.Expect(err).NotTo(HaveOccurred())
	id, err := root.Logical().ReadWithContext(t.Context(), "sys/namespaces/team")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Auth.Accessor).To(HaveSuffix("." + id.Data["id"].(string)))
	as := func(c *api.Client) *api.Client {
		c = c.WithNamespace(c.Namespace())
		c.SetToken(made.Auth.ClientToken)
		return c
	}
	_, err = as(team).Sys().ListMountsWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = as(sub).Sys().ListMountsWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	for _, c := range []*api.Client{root, other} {
		_, err = as(c).Sys().ListMountsWithContext(t.Context())
		g.Expect(statusOf(err)).To(Equal(403), "in %q", c.Namespace())
	}
	found, err := other.Auth().Token().LookupWithContext(t.Context(), made.Auth.ClientToken)
	g.Expect(err).NotTo(HaveOccurred(), "a token can't be looked up from elsewhere")
	g.Expect(found.Data).To(HaveKeyWithValue("namespace_path", "team/"))
	self, err := as(other).Auth().Token().LookupSelfWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), "a token can't look itself up from elsewhere")
	g.Expect(self.Data).To(HaveKeyWithValue("namespace_path", "team/"))

	_, err = team.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"root"}})
	g.Expect(statusOf(err)).To(Equal(400), "a root token was made from above")
}

// TestLockedNamespace: a locked namespace and those below it answer nobody until it is
// unlocked.
func TestLockedNamespace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, root, _ := start(t, mockserver.WithDialect("openbao-2.6"))
	team := makeNamespace(t, root, "team")
	sub := makeNamespace(t, team, "sub")
	lock, err := root.Logical().WriteWithContext(t.Context(), "sys/namespaces/api-lock/lock/team", nil)
	g.Expect(err).NotTo(HaveOccurred())
	for _, c := range []*api.Client{team, sub} {
		_, err := c.Sys().ListMountsWithContext(t.Context())
		g.Expect(statusOf(err)).To(Equal(503), "in %q", c.Namespace())
	}
	_, err = root.Logical().WriteWithContext(t.Context(), "sys/namespaces/api-lock/unlock/team", map[string]any{"unlock_key": "wrong"})
	g.Expect(statusOf(err)).To(Equal(400))
	_, err = root.Logical().WriteWithContext(t.Context(), "sys/namespaces/api-lock/unlock/team", map[string]any{"unlock_key": lock.Data["unlock_key"]})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = sub.Sys().ListMountsWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
}

// TestNamespacesAfterARestart: namespaces, their mounts and their data are there again.
func TestNamespacesAfterARestart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir, sha := pluginDir(t)
	data := t.TempDir()
	open := func() (*mockserver.Server, *api.Client) {
		s, err := mockserver.Start(t.Context(), mockserver.WithPluginDir(dir), mockserver.WithDataDir(data),
			mockserver.WithRootToken("root"), mockserver.WithDialect("openbao-2.6"))
		g.Expect(err).NotTo(HaveOccurred())
		return s, clientOf(t, s.Address())
	}
	s, root := open()
	register(t, root, api.PluginTypeSecrets, "probe", sha)
	team := makeNamespace(t, root, "team")
	mount(t, team, "p", "probe")
	_, err := team.Logical().WriteWithContext(t.Context(), "p/kv/a", map[string]any{"value": "v"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Close()).To(Succeed())

	s, root = open()
	defer s.Close()
	secret, err := root.Logical().ReadWithContext(t.Context(), "team/p/kv/a")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data).To(HaveKeyWithValue("value", "v"))
	_, err = root.WithNamespace("team").Sys().ListAuthWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
}

// TestEnterprise: Vault Enterprise shows less of a namespace than OpenBao, names those of
// all levels to user interfaces, and has the plugin catalog in the root alone.
func TestEnterprise(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, root, sha := start(t, mockserver.WithDialect("vault-2.0+ent"))
	health, err := root.Sys().HealthWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(health.Version).To(Equal("2.0.0+ent"))
	g.Expect(health.Enterprise).To(BeTrue())

	register(t, root, api.PluginTypeSecrets, "probe", sha)
	team := makeNamespace(t, root, "team")
	makeNamespace(t, team, "sub")
	mount(t, team, "p", "probe")
	secret, err := team.Logical().ReadWithContext(t.Context(), "p/system")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data).To(HaveKeyWithValue("vault_version", "2.0.0"))

	secret, err = root.Logical().ReadWithContext(t.Context(), "sys/namespaces/team")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data).To(And(HaveLen(3), HaveKey("custom_metadata"), HaveKeyWithValue("path", "team/"), HaveKeyWithValue("id", HaveLen(5))))
	secret, err = root.Logical().ReadWithContext(t.Context(), "sys/internal/ui/namespaces")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data["keys"]).To(ConsistOf("team/", "team/sub/"))

	err = team.Sys().RegisterPluginWithContext(t.Context(), &api.RegisterPluginInput{Name: "mine", Type: api.PluginTypeSecrets, Command: "probe", SHA256: sha})
	g.Expect(err).To(MatchError(ContainSubstring("unsupported path")))
	g.Expect(statusOf(err)).To(Equal(404))
	_, err = team.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"default"}})
	g.Expect(err).NotTo(HaveOccurred())
}

// Measured on OpenBao 2.3.2 and 2.5.5.
func TestTheHeaderMayNameTheRoot(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"openbao-2.3": 404, "openbao-2.4": 0} {
		g := NewWithT(t)
		_, root, _ := start(t, mockserver.WithDialect(name))
		_, err := root.WithNamespace("root").Sys().ListMountsWithContext(t.Context())
		if status == 0 {
			g.Expect(err).NotTo(HaveOccurred(), name)
		} else {
			g.Expect(statusOf(err)).To(Equal(status), name)
		}
	}
}

// TestReloadsInNamespaces: in Vault Enterprise, a reload by name stays within the
// namespace that it is asked of; one of a type is the root's alone and reaches all.
func TestReloadsInNamespaces(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, root, sha := start(t, mockserver.WithDialect("vault-2.0+ent"))
	register(t, root, api.PluginTypeSecrets, "probe", sha)
	team := makeNamespace(t, root, "team")
	mount(t, team, "p", "probe")
	reload := func(client *api.Client, path string) []string {
		secret, err := client.Logical().WriteWithContext(t.Context(), "sys/plugins/reload/"+path, map[string]any{"plugin": "probe"})
		g.Expect(err).NotTo(HaveOccurred(), path)
		return secret.Warnings
	}
	g.Expect(reload(team, "backend")).To(BeEmpty())
	g.Expect(reload(root, "backend")).To(ContainElement("no plugins were reloaded"))
	g.Expect(reload(root, "secret/probe")).NotTo(ContainElement("no plugins were reloaded"))
	for _, path := range []string{"plugins/reload/secret/probe", "plugins/catalog/secret/probe"} {
		_, err := team.Logical().WriteWithContext(t.Context(), "sys/"+path, nil)
		g.Expect(statusOf(err)).To(Equal(404), path)
	}
}
