// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

func catalogCalls() []call {
	return []call{
		{"Sys.RegisterPlugin Sys.RegisterPluginDetailed Sys.GetPlugin Sys.ListPlugins Sys.DeregisterPlugin", checkCatalog},
		{"Sys.ReloadPlugin Sys.RootReloadPlugin", checkReload},
		{"Sys.RegisterPluginRuntime Sys.GetPluginRuntime Sys.ListPluginRuntimes Sys.DeregisterPluginRuntime", checkRuntimes},
	}
}

func checkCatalog(s *session) {
	input := &vault.RegisterPluginInput{
		Name: "catalog", Type: vault.PluginTypeSecrets, Command: "probe", SHA256: s.sum, Args: []string{"--a=b"}, Env: []string{"A=b"},
	}
	s.ok(s.Client.Sys().RegisterPlugin(input))
	got := must[*vault.GetPluginResponse](s)(s.Client.Sys().GetPlugin(&vault.GetPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets}))
	s.Expect(*got).To(Equal(vault.GetPluginResponse{Name: "catalog", Command: "probe", SHA256: s.sum, Args: []string{"--a=b"}}))

	versioned := &vault.RegisterPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets, Version: "1.2.3", Command: "probe", SHA256: s.sum}
	s.Expect(must[*vault.RegisterPluginResponse](s)(s.Client.Sys().RegisterPluginDetailed(versioned)).Warnings).To(BeEmpty())
	got = must[*vault.GetPluginResponse](s)(s.Client.Sys().GetPlugin(&vault.GetPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets, Version: "v1.2.3"}))
	s.Expect(got.Version).To(Equal("v1.2.3"))

	list := must[*vault.ListPluginsResponse](s)(s.Client.Sys().ListPlugins(&vault.ListPluginsInput{}))
	s.Expect(list.PluginsByType[vault.PluginTypeSecrets]).To(ContainElements("catalog", "kv"))
	found := []string{}
	for _, detail := range list.Details {
		if detail.Name == "catalog" {
			s.Expect(detail.Type).To(Equal("secret"))
			s.Expect(detail.Builtin).To(BeFalse())
			found = append(found, detail.Version)
		}
	}
	s.Expect(found).To(ConsistOf("", "v1.2.3"))
	one := must[*vault.ListPluginsResponse](s)(s.Client.Sys().ListPlugins(&vault.ListPluginsInput{Type: vault.PluginTypeSecrets}))
	s.Expect(one.PluginsByType[vault.PluginTypeSecrets]).To(ContainElement("catalog"))

	s.ok(s.Client.Sys().DeregisterPlugin(&vault.DeregisterPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets}))
	s.ok(s.Client.Sys().DeregisterPlugin(&vault.DeregisterPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets, Version: "v1.2.3"}))
	_, err := s.Client.Sys().GetPlugin(&vault.GetPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets, Version: "v1.2.3"})
	s.fails(err, 404)
	s.ok(s.Client.Sys().DeregisterPlugin(&vault.DeregisterPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets}))
	s.fails(s.Client.Sys().RegisterPlugin(&vault.RegisterPluginInput{Name: "catalog", Type: vault.PluginTypeSecrets, Command: "nothing", SHA256: s.sum}), 500)
}

func checkReload(s *session) {
	s.mount("reload")
	pid := func() any { return s.secret(s.Client.Logical().Read("reload/process")).Data["pid"] }
	before := pid()
	s.Expect(must[string](s)(s.Client.Sys().ReloadPlugin(&vault.ReloadPluginInput{Plugin: "reload"}))).To(BeEmpty())
	after := pid()
	s.Expect(after).NotTo(Equal(before))
	s.Expect(must[string](s)(s.Client.Sys().ReloadPlugin(&vault.ReloadPluginInput{Mounts: []string{"reload"}}))).To(BeEmpty())
	s.Expect(pid()).NotTo(Equal(after))
	s.Expect(must[string](s)(s.Client.Sys().ReloadPlugin(&vault.ReloadPluginInput{Plugin: "reload", Scope: "global"}))).NotTo(BeEmpty())

	after = pid()
	_, err := s.Client.Sys().RootReloadPlugin(s.t.Context(), &vault.RootReloadPluginInput{Plugin: "reload", Type: vault.PluginTypeSecrets})
	if !s.vaultSince("1.16") {
		s.fails(err, 404)
		return
	}
	s.ok(err)
	s.Expect(pid()).NotTo(Equal(after))
}

func checkRuntimes(s *session) {
	ctx := s.t.Context()
	input := &vault.RegisterPluginRuntimeInput{
		Name: "sandbox", Type: vault.PluginRuntimeTypeContainer, OCIRuntime: "runsc", CgroupParent: "/plugins", CPU: 1000, Memory: 1 << 20,
	}
	if !s.vaultSince("1.15") {
		s.fails(s.Client.Sys().RegisterPluginRuntime(ctx, input), 404)
		return
	}
	s.ok(s.Client.Sys().RegisterPluginRuntime(ctx, input))
	got := must[*vault.GetPluginRuntimeResponse](s)(s.Client.Sys().GetPluginRuntime(ctx, &vault.GetPluginRuntimeInput{Name: "sandbox", Type: vault.PluginRuntimeTypeContainer}))
	s.Expect(*got).To(Equal(vault.GetPluginRuntimeResponse{
		Type: "container", Name: "sandbox", OCIRuntime: "runsc", CgroupParent: "/plugins", CPU: 1000, Memory: 1 << 20,
	}))
	list := must[*vault.ListPluginRuntimesResponse](s)(s.Client.Sys().ListPluginRuntimes(ctx, &vault.ListPluginRuntimesInput{Type: vault.PluginRuntimeTypeContainer}))
	s.Expect(list.Runtimes).To(HaveLen(1))
	s.Expect(list.Runtimes[0].Name).To(Equal("sandbox"))
	s.ok(s.Client.Sys().DeregisterPluginRuntime(ctx, &vault.DeregisterPluginRuntimeInput{Name: "sandbox", Type: vault.PluginRuntimeTypeContainer}))
	_, err := s.Client.Sys().GetPluginRuntime(ctx, &vault.GetPluginRuntimeInput{Name: "sandbox", Type: vault.PluginRuntimeTypeContainer})
	s.Expect(err).To(HaveOccurred())
}
