// SPDX-License-Identifier: MPL-2.0

package thirdparty_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

// provider signs tokens and publishes its key.
type provider struct {
	url    string
	signer jose.Signer
}

const issuer = "https://idp.example.test"

func newProvider(t *testing.T) *provider {
	t.Helper()
	g := NewWithT(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	g.Expect(err).NotTo(HaveOccurred())
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &key.PublicKey, KeyID: "one", Algorithm: string(jose.ES256), Use: "sig"},
	}})
	g.Expect(err).NotTo(HaveOccurred())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(set)
	}))
	t.Cleanup(server.Close)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	return &provider{url: server.URL, signer: signer}
}

// token signs a good token's claims with changes.
func (p *provider) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": issuer, "sub": "alice", "aud": "deploy", "iat": now, "nbf": now - 60, "exp": now + 600,
		"groups": []string{"dev", "ops"}, "org": map[string]any{"team": "blue"},
	}
	maps.Copy(claims, changes)
	text, err := jwt.Signed(p.signer).Claims(claims).Serialize()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return text
}

// TestJWT logs in with tokens of a provider, over a reload and a crash of the
// plugin's process.
func TestJWT(t *testing.T) {
	t.Parallel()
	each(t, vault.PluginTypeCredential, "jwt-external", jwtBinary, func(ctx context.Context, s *session) {
		idp := newProvider(s.t)
		s.mountJWT(ctx, idp)
		login := s.checkLogin(ctx, idp)
		s.checkRefusals(ctx, idp)
		s.reload(ctx)
		s.checkRenewal(ctx, login)
		s.crash(ctx)
		s.Eventually(func() error {
			_, err := s.login(ctx, idp.token(s.t, nil))
			return err
		}).WithTimeout(soon).Should(Succeed(), "the crashed process is started again")

		s.Expect(s.Client.Sys().DisableAuthWithContext(ctx, "workload")).To(Succeed())
		_, err := s.Connect(s.t, login.Auth.ClientToken).Auth().Token().LookupSelfWithContext(ctx)
		s.refused(err, 403, "")
		s.unmounted(ctx, "auth/workload/role/deployer")
	})
}

func (s *session) mountJWT(ctx context.Context, idp *provider) {
	s.t.Helper()
	s.Expect(s.Client.Sys().PutPolicyWithContext(ctx, "cubby", `path "secret/data/deploy/*" { capabilities = ["create", "read", "update"] }`)).To(Succeed())
	s.Expect(s.Client.Sys().EnableAuthWithOptionsWithContext(ctx, "workload", &vault.EnableAuthOptions{
		Type: s.name, Config: vault.AuthConfigInput{MaxLeaseTTL: "4h"},
	})).To(Succeed())
	auths, err := s.Client.Sys().ListAuthWithContext(ctx)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(auths["workload/"].Type).To(Equal(s.name))
	s.Expect(auths["workload/"].RunningSha256).To(Equal(s.sum))

	s.write(ctx, "auth/workload/config", map[string]any{"jwks_url": idp.url, "bound_issuer": issuer})
	config := s.read(ctx, "auth/workload/config")
	s.Expect(config.Data).To(HaveKeyWithValue("jwks_url", idp.url))
	s.Expect(config.Data).To(HaveKeyWithValue("bound_issuer", issuer))
	_, err = s.Client.Logical().WriteWithContext(ctx, "auth/workload/config", map[string]any{"jwks_url": idp.url, "oidc_discovery_url": idp.url})
	s.refused(err, 400, "exactly one of")

	s.write(ctx, "auth/workload/role/deployer", map[string]any{
		"role_type": "jwt", "bound_audiences": []string{"deploy"}, "user_claim": "sub", "groups_claim": "groups",
		"bound_claims": map[string]any{"/org/team": []string{"blue", "green"}}, "claim_mappings": map[string]any{"/org/team": "team"},
		"token_policies": []string{"cubby"}, "token_ttl": "1h", "token_max_ttl": "8h",
	})
	role := s.read(ctx, "auth/workload/role/deployer")
	s.Expect(role.Data).To(HaveKeyWithValue("bound_audiences", []any{"deploy"}))
	s.Expect(role.Data).To(HaveKeyWithValue("token_policies", []any{"cubby"}))
	s.Expect(role.Data).To(HaveKeyWithValue("token_ttl", json.Number("3600")))
	s.Expect(s.keys(ctx, "auth/workload/role")).To(Equal([]any{"deployer"}))
	_, err = s.Client.Logical().WriteWithContext(ctx, "auth/workload/role/none", map[string]any{"role_type": "jwt"})
	s.refused(err, 400, "a user claim must be defined")
}

// login sends a token as somebody who has no other.
func (s *session) login(ctx context.Context, token string) (*vault.Secret, error) {
	return s.Connect(s.t, "").Logical().WriteWithContext(ctx, "auth/workload/login", map[string]any{"role": "deployer", "jwt": token})
}

func (s *session) checkLogin(ctx context.Context, idp *provider) *vault.Secret {
	s.t.Helper()
	login, err := s.login(ctx, idp.token(s.t, nil))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(login.Auth).NotTo(BeNil())
	s.Expect(login.Auth.Policies).To(ConsistOf("default", "cubby"))
	s.Expect(login.Auth.TokenPolicies).To(ConsistOf("default", "cubby"))
	s.Expect(login.Auth.Metadata).To(Equal(map[string]string{"role": "deployer", "team": "blue"}))
	s.Expect(login.Auth.LeaseDuration).To(Equal(3600))
	s.Expect(login.Auth.Renewable).To(BeTrue())
	s.Expect(login.Auth.EntityID).NotTo(BeEmpty())
	again, err := s.login(ctx, idp.token(s.t, nil))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(again.Auth.EntityID).To(Equal(login.Auth.EntityID), "the same subject is the same entity")
	s.Expect(again.Auth.ClientToken).NotTo(Equal(login.Auth.ClientToken))
	other, err := s.login(ctx, idp.token(s.t, map[string]any{"sub": "bob", "aud": []string{"x", "deploy"}}))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(other.Auth.EntityID).NotTo(Equal(login.Auth.EntityID))

	holder := s.Connect(s.t, login.Auth.ClientToken)
	self, err := holder.Auth().Token().LookupSelfWithContext(ctx)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(self.Data).To(HaveKeyWithValue("display_name", "workload-alice"))
	s.Expect(self.Data).To(HaveKeyWithValue("path", "auth/workload/login"))
	s.Expect(self.Data).To(HaveKeyWithValue("entity_id", login.Auth.EntityID))

	// The token may do what its policies say, and nothing else.
	s.mountSecret(ctx)
	_, err = holder.Logical().WriteWithContext(ctx, "secret/data/deploy/a", map[string]any{"data": map[string]any{"a": "b"}})
	s.Expect(err).NotTo(HaveOccurred())
	read, err := holder.Logical().ReadWithContext(ctx, "secret/data/deploy/a")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(read.Data["data"]).To(Equal(map[string]any{"a": "b"}))
	_, err = holder.Logical().ReadWithContext(ctx, "secret/data/other")
	s.refused(err, 403, "permission denied")
	_, err = holder.Logical().ReadWithContext(ctx, "auth/workload/config")
	s.refused(err, 403, "permission denied")
	return login
}

// mountSecret mounts the builtin store where the server has none at secret/, as
// only development servers do.
func (s *session) mountSecret(ctx context.Context) {
	s.t.Helper()
	mounts, err := s.Client.Sys().ListMountsWithContext(ctx)
	s.Expect(err).NotTo(HaveOccurred())
	if _, there := mounts["secret/"]; !there {
		s.Expect(s.Client.Sys().MountWithContext(ctx, "secret", &vault.MountInput{Type: "kv", Options: map[string]string{"version": "2"}})).To(Succeed())
	}
	s.Eventually(func() error {
		_, err := s.Client.Logical().ReadWithContext(ctx, "secret/config")
		return err
	}).WithTimeout(soon).Should(Succeed())
}

func (s *session) checkRefusals(ctx context.Context, idp *provider) {
	s.t.Helper()
	past := time.Now().Add(-time.Hour).Unix()
	for what, test := range map[string]struct {
		token string
		says  string
	}{
		"audience":  {idp.token(s.t, map[string]any{"aud": "other"}), "audience"},
		"expired":   {idp.token(s.t, map[string]any{"exp": past, "iat": past - 60, "nbf": past - 60}), "expired"},
		"not yet":   {idp.token(s.t, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), "nbf"},
		"issuer":    {idp.token(s.t, map[string]any{"iss": "https://other.example.test"}), "issuer"},
		"claim":     {idp.token(s.t, map[string]any{"org": map[string]any{"team": "red"}}), "claim"},
		"other key": {newProvider(s.t).token(s.t, nil), "signature"},
		"no token":  {"x.y.z", ""},
		"empty":     {"", "missing token"},
	} {
		_, err := s.login(ctx, test.token)
		s.Expect(err).To(HaveOccurred(), what)
		s.refused(err, 400, test.says)
	}
	// The plugin lets an empty subject pass; the server needs a name.
	_, err := s.login(ctx, idp.token(s.t, map[string]any{"sub": ""}))
	s.refused(err, 500, "missing name in alias")
	_, err = s.Connect(s.t, "").Logical().WriteWithContext(ctx, "auth/workload/login", map[string]any{"role": "none", "jwt": idp.token(s.t, nil)})
	s.refused(err, 400, `role "none" could not be found`)
}

// checkRenewal renews a token that an earlier process has given.
func (s *session) checkRenewal(ctx context.Context, login *vault.Secret) {
	s.t.Helper()
	holder := s.Connect(s.t, login.Auth.ClientToken)
	renewed, err := holder.Auth().Token().RenewSelfWithContext(ctx, 7200)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(renewed.Auth.ClientToken).To(Equal(login.Auth.ClientToken))
	s.Expect(renewed.Auth.LeaseDuration).To(Equal(7200), "what is asked for, below the maximum")
	s.Expect(renewed.Auth.Policies).To(ConsistOf("default", "cubby"))

	// The plugin refuses to renew when the role is gone, or its policies differ.
	role := s.read(ctx, "auth/workload/role/deployer").Data
	s.remove(ctx, "auth/workload/role/deployer")
	_, err = holder.Auth().Token().RenewSelfWithContext(ctx, 0)
	s.Expect(err).To(HaveOccurred())
	s.refused(err, 500, "does not exist during renewal")
	role["bound_audiences"] = []string{"deploy"}
	s.write(ctx, "auth/workload/role/deployer", role)
	_, err = holder.Auth().Token().RenewSelfWithContext(ctx, 0)
	s.Expect(err).NotTo(HaveOccurred())
}
