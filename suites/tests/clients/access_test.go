// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"net/http"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

func accessCalls() []call {
	return []call{
		{"Sys.Capabilities Sys.CapabilitiesSelf Sys.CapabilitiesAccessor", checkCapabilities},
		{"Logical.Unwrap Client.SetWrappingLookupFunc Client.CurrentWrappingLookupFunc", checkWrapping},
	}
}

func clientCalls() []call {
	return []call{
		{"Client.Sys Client.Auth Client.Logical Client.Help", checkHelp},
		{"Client.NewRequest Client.RawRequest Request.SetJSONBody Request.ResetJSONBody Request.ToHTTP", checkRawRequest},
		{"Client.Clone Client.SetToken Client.ClearToken Client.AddHeader Client.WithNamespace", checkSettings},
		{"Client.WithRequestCallbacks Client.WithResponseCallbacks", checkCallbacks},
	}
}

func checkCapabilities(s *session) {
	s.ok(s.Client.Sys().PutPolicy("capable", `path "some/*" { capabilities = ["read", "list"] }
path "some/denied" { capabilities = ["deny"] }`))
	holder, made := s.holder(&vault.TokenCreateRequest{Policies: []string{"capable"}})
	for path, want := range map[string][]string{"some/a": {"list", "read"}, "some/denied": {"deny"}, "other": {"deny"}} {
		s.Expect(must[[]string](s)(s.Client.Sys().Capabilities(made.Auth.ClientToken, path))).To(ConsistOf(want), path)
		s.Expect(must[[]string](s)(s.Client.Sys().CapabilitiesAccessor(made.Auth.Accessor, path))).To(ConsistOf(want), path)
		s.Expect(must[[]string](s)(holder.Sys().CapabilitiesSelf(path))).To(ConsistOf(want), path)
	}
	s.Expect(must[[]string](s)(s.Client.Sys().CapabilitiesSelf("some/a"))).To(Equal([]string{"root"}))
}

func checkWrapping(s *session) {
	s.mount("wrapped")
	_, err := s.Client.Logical().Write("wrapped/kv/a", map[string]any{"value": "inside"})
	s.ok(err)
	wrapper := must[*vault.Client](s)(s.Client.Clone())
	wrapper.SetToken(s.Token())
	wrapper.SetWrappingLookupFunc(func(method, path string) string {
		if method == http.MethodGet && path == "wrapped/kv/a" {
			return "5m"
		}
		return ""
	})
	s.Expect(wrapper.CurrentWrappingLookupFunc()(http.MethodGet, "wrapped/kv/a")).To(Equal("5m"))
	wrap := func() *vault.SecretWrapInfo {
		secret := s.secret(wrapper.Logical().Read("wrapped/kv/a"))
		s.Expect(secret.WrapInfo).NotTo(BeNil())
		s.Expect(secret.Data).To(BeNil())
		s.Expect(secret.WrapInfo.TTL).To(Equal(300))
		s.Expect(secret.WrapInfo.CreationPath).To(Equal("wrapped/kv/a"))
		s.Expect(secret.WrapInfo.Accessor).NotTo(BeEmpty())
		return secret.WrapInfo
	}
	s.Expect(s.secret(s.Client.Logical().Unwrap(wrap().Token)).Data).To(Equal(map[string]any{"value": "inside"}))
	// The wrapping token can be the client's own.
	info := wrap()
	own := s.Connect(s.t, info.Token)
	s.Expect(s.secret(own.Logical().Unwrap("")).Data).To(Equal(map[string]any{"value": "inside"}))
	_, err = s.Client.Logical().Unwrap(info.Token)
	s.fails(err, 400)

	info = wrap()
	looked := s.secret(s.Client.Logical().Write("sys/wrapping/lookup", map[string]any{"token": info.Token}))
	s.Expect(looked.Data).To(HaveKeyWithValue("creation_path", "wrapped/kv/a"))
	rewrapped := s.secret(s.Client.Logical().Write("sys/wrapping/rewrap", map[string]any{"token": info.Token}))
	s.Expect(rewrapped.WrapInfo.Token).NotTo(Equal(info.Token))
	s.Expect(s.secret(s.Client.Logical().Unwrap(rewrapped.WrapInfo.Token)).Data).To(Equal(map[string]any{"value": "inside"}))

	// A wrapped token keeps its auth.
	wrapper.SetWrappingLookupFunc(func(string, string) string { return "5m" })
	login := s.secret(wrapper.Auth().Token().Create(&vault.TokenCreateRequest{TTL: "1h"}))
	s.Expect(login.WrapInfo.WrappedAccessor).NotTo(BeEmpty())
	inside := s.secret(s.Client.Logical().Unwrap(login.WrapInfo.Token))
	s.Expect(inside.Auth.Accessor).To(Equal(login.WrapInfo.WrappedAccessor))
}

func checkHelp(s *session) {
	s.mount("helped")
	help := must[*vault.Help](s)(s.Client.Help("helped/kv/a"))
	s.Expect(help.Help).To(ContainSubstring("Keep one value under a name."))
	s.Expect(must[*vault.Help](s)(s.Client.Help("sys/mounts")).Help).NotTo(BeEmpty())
	s.Expect(s.Client.Auth().Token()).NotTo(BeNil())
}

func checkRawRequest(s *session) {
	request := s.Client.NewRequest(http.MethodPut, "/v1/sys/policies/acl/raw")
	s.ok(request.SetJSONBody(map[string]string{"policy": `path "a" { capabilities = ["read"] }`}))
	s.ok(request.ResetJSONBody())
	asHTTP, err := request.ToHTTP()
	s.ok(err)
	s.Expect(asHTTP.Header.Get("X-Vault-Token")).To(Equal(s.Token()))
	s.Expect(asHTTP.Header.Get("X-Vault-Request")).To(Equal("true"))
	resp, err := s.Client.RawRequest(request)
	s.ok(err)
	s.Expect(resp.StatusCode).To(Equal(http.StatusNoContent))
	s.ok(resp.Body.Close())
	_, err = s.Client.RawRequest(s.Client.NewRequest(http.MethodGet, "/v1/sys/policies/acl/none"))
	s.fails(err, 404)
}

// checkSettings holds those settings whose effect the server sees.
func checkSettings(s *session) {
	client := must[*vault.Client](s)(s.Client.Clone())
	_, err := client.Auth().Token().LookupSelf()
	s.fails(err, 403) // a clone has no token
	client.SetToken(s.Token())
	client.AddHeader("X-Ignored", "yes")
	s.secret(client.Auth().Token().LookupSelf())
	s.secret(client.WithNamespace("").Auth().Token().LookupSelf())
	client.ClearToken()
	_, err = client.Sys().ListMounts()
	s.fails(err, 403)
}

func checkCallbacks(s *session) {
	var asked, answered []string
	client := s.Client.
		WithRequestCallbacks(func(r *vault.Request) { asked = append(asked, r.Method+" "+r.URL.Path) }).
		WithResponseCallbacks(func(r *vault.Response) { answered = append(answered, r.Header.Get("Content-Type")) })
	_, err := client.Sys().ListMounts()
	s.ok(err)
	s.Expect(asked).To(Equal([]string{"GET /v1/sys/mounts"}))
	s.Expect(answered).To(Equal([]string{"application/json"}))
}
