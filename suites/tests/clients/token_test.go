// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"encoding/json"
	"time"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

func tokenCalls() []call {
	return []call{
		{"TokenAuth.Create TokenAuth.CreateOrphan TokenAuth.CreateWithRole", checkCreation},
		{"TokenAuth.Lookup TokenAuth.LookupAccessor TokenAuth.LookupSelf", checkLookups},
		{"TokenAuth.Renew TokenAuth.RenewSelf TokenAuth.RenewAccessor TokenAuth.RenewTokenAsSelf", checkRenewals},
		{"TokenAuth.RevokeAccessor TokenAuth.RevokeOrphan TokenAuth.RevokeSelf TokenAuth.RevokeTree", checkRevocations},
		{"Secret.TokenID Secret.TokenAccessor Secret.TokenRemainingUses Secret.TokenPolicies Secret.TokenMetadata Secret.TokenIsRenewable Secret.TokenTTL", checkSecret},
		{"Auth.Token Auth.Login", checkLogin},
		{"LifetimeWatcher.Start LifetimeWatcher.Renew LifetimeWatcher.Stop LifetimeWatcher.DoneCh LifetimeWatcher.RenewCh Client.NewLifetimeWatcher Client.NewRenewer", checkWatcher},
	}
}

func checkCreation(s *session) {
	_, made := s.holder(&vault.TokenCreateRequest{Policies: []string{"p"}, TTL: "1h", DisplayName: "me", Metadata: map[string]string{"a": "b"}})
	s.Expect(made.Auth.Policies).To(ConsistOf("default", "p"))
	s.Expect(made.Auth.TokenPolicies).To(ConsistOf("default", "p"))
	s.Expect(made.Auth.LeaseDuration).To(Equal(3600))
	s.Expect(made.Auth.Renewable).To(BeTrue())
	s.Expect(made.Auth.Orphan).To(BeFalse())
	s.Expect(made.Auth.Metadata).To(Equal(map[string]string{"a": "b"}))
	orphan := s.secret(s.Client.Auth().Token().CreateOrphan(&vault.TokenCreateRequest{NoDefaultPolicy: true, Policies: []string{"p"}}))
	s.Expect(orphan.Auth.Orphan).To(BeTrue())
	s.Expect(orphan.Auth.Policies).To(Equal([]string{"p"}))
	_, err := s.Client.Logical().Write("auth/token/roles/client", map[string]any{"allowed_policies": "p", "orphan": true, "token_period": "30m"})
	s.ok(err)
	ofRole := s.secret(s.Client.Auth().Token().CreateWithRole(&vault.TokenCreateRequest{Policies: []string{"p"}}, "client"))
	s.Expect(ofRole.Auth.Orphan).To(BeTrue())
	s.Expect(ofRole.Auth.LeaseDuration).To(Equal(1800))
	_, err = s.Client.Auth().Token().CreateWithRole(&vault.TokenCreateRequest{Policies: []string{"q"}}, "client")
	s.fails(err, 400)
	batch := s.secret(s.Client.Auth().Token().Create(&vault.TokenCreateRequest{Type: "batch", TTL: "1h", Policies: []string{"p"}}))
	s.Expect(batch.Auth.ClientToken).To(MatchRegexp(`^(hv)?[bs]\.`))
	s.Expect(batch.Auth.Accessor).To(BeEmpty())
}

func checkLookups(s *session) {
	holder, made := s.holder(&vault.TokenCreateRequest{Policies: []string{"p"}, TTL: "1h", DisplayName: "me", NumUses: 5})
	byID := s.secret(s.Client.Auth().Token().Lookup(made.Auth.ClientToken))
	s.Expect(byID.Data).To(And(
		HaveKeyWithValue("id", made.Auth.ClientToken), HaveKeyWithValue("accessor", made.Auth.Accessor),
		HaveKeyWithValue("display_name", "token-me"), HaveKeyWithValue("num_uses", json.Number("5")),
		HaveKeyWithValue("path", "auth/token/create"), HaveKeyWithValue("type", "service"), HaveKeyWithValue("orphan", false),
		HaveKeyWithValue("policies", []any{"default", "p"}), HaveKeyWithValue("creation_ttl", json.Number("3600")),
		HaveKeyWithValue("explicit_max_ttl", json.Number("0")), HaveKeyWithValue("entity_id", ""), HaveKey("expire_time"),
	))
	byAccessor := s.secret(s.Client.Auth().Token().LookupAccessor(made.Auth.Accessor))
	s.Expect(byAccessor.Data).To(HaveKeyWithValue("id", ""))
	s.Expect(byAccessor.Data).To(HaveKeyWithValue("display_name", "token-me"))
	self := s.secret(holder.Auth().Token().LookupSelf())
	s.Expect(self.Data).To(HaveKeyWithValue("num_uses", json.Number("4")))
	_, err := s.Client.Auth().Token().Lookup("hvs.none")
	s.fails(err, 403)
	_, err = s.Client.Auth().Token().LookupAccessor("none")
	s.fails(err, 400)
}

func checkRenewals(s *session) {
	holder, made := s.holder(&vault.TokenCreateRequest{TTL: "1h", ExplicitMaxTTL: "3h"})
	tokens := s.Client.Auth().Token()
	for _, renewed := range []*vault.Secret{
		s.secret(tokens.Renew(made.Auth.ClientToken, 7200)),
		s.secret(holder.Auth().Token().RenewSelf(7200)),
		s.secret(tokens.RenewAccessor(made.Auth.Accessor, 7200)),
		s.secret(s.Connect(s.t, "").Auth().Token().RenewTokenAsSelf(made.Auth.ClientToken, 7200)),
	} {
		s.Expect(renewed.Auth.LeaseDuration).To(Equal(7200))
		s.Expect(renewed.Auth.Accessor).To(Equal(made.Auth.Accessor))
	}
	beyond := s.secret(holder.Auth().Token().RenewSelf(100000))
	s.Expect(beyond.Auth.LeaseDuration).To(BeNumerically("~", 3*3600, 60))
	s.Expect(beyond.Warnings).NotTo(BeEmpty())
	_, err := tokens.Renew("hvs.none", 1)
	s.fails(err, 400)
}

func checkRevocations(s *session) {
	tokens := s.Client.Auth().Token()
	gone := func(token string) {
		s.t.Helper()
		_, err := tokens.Lookup(token)
		s.fails(err, 403)
	}
	_, made := s.holder(&vault.TokenCreateRequest{})
	s.ok(tokens.RevokeAccessor(made.Auth.Accessor))
	gone(made.Auth.ClientToken)
	holder, made := s.holder(&vault.TokenCreateRequest{})
	s.ok(holder.Auth().Token().RevokeSelf("")) // the argument is ignored
	gone(made.Auth.ClientToken)

	parent, made := s.holder(&vault.TokenCreateRequest{Policies: []string{"root"}})
	child := s.secret(parent.Auth().Token().Create(&vault.TokenCreateRequest{}))
	s.ok(tokens.RevokeOrphan(made.Auth.ClientToken))
	gone(made.Auth.ClientToken)
	s.Expect(s.secret(tokens.Lookup(child.Auth.ClientToken)).Data).To(HaveKeyWithValue("orphan", true))
	parent, made = s.holder(&vault.TokenCreateRequest{Policies: []string{"root"}})
	child = s.secret(parent.Auth().Token().Create(&vault.TokenCreateRequest{}))
	s.ok(tokens.RevokeTree(made.Auth.ClientToken))
	gone(child.Auth.ClientToken)
}

// checkSecret reads a token's facts from both kinds of answer that hold them.
func checkSecret(s *session) {
	holder, made := s.holder(&vault.TokenCreateRequest{TTL: "1h", Policies: []string{"p"}, Metadata: map[string]string{"a": "b"}, NumUses: 9})
	for _, secret := range []*vault.Secret{made, s.secret(holder.Auth().Token().LookupSelf())} {
		s.Expect(must[string](s)(secret.TokenID())).To(Equal(made.Auth.ClientToken))
		s.Expect(must[string](s)(secret.TokenAccessor())).To(Equal(made.Auth.Accessor))
		s.Expect(must[[]string](s)(secret.TokenPolicies())).To(ConsistOf("default", "p"))
		s.Expect(must[map[string]string](s)(secret.TokenMetadata())).To(Equal(map[string]string{"a": "b"}))
		s.Expect(must[bool](s)(secret.TokenIsRenewable())).To(BeTrue())
		s.Expect(must[time.Duration](s)(secret.TokenTTL())).To(BeNumerically("~", time.Hour, time.Minute))
	}
	self := s.secret(holder.Auth().Token().LookupSelf())
	s.Expect(must[int](s)(self.TokenRemainingUses())).To(Equal(7))
}

// checkWatcher lets the client keep a lease and a token alive.
func checkWatcher(s *session) {
	s.mount("watched")
	lease := s.secret(s.Client.Logical().Read("watched/lease"))
	_, token := s.holder(&vault.TokenCreateRequest{TTL: "10m"})
	old, err := s.Client.NewRenewer(&vault.LifetimeWatcherInput{Secret: token})
	s.ok(err)
	watcher, err := s.Client.NewLifetimeWatcher(&vault.LifetimeWatcherInput{Secret: lease})
	s.ok(err)
	for secret, watch := range map[*vault.Secret]*vault.LifetimeWatcher{lease: watcher, token: old} {
		if secret == token {
			go watch.Renew()
		} else {
			go watch.Start()
		}
		var renewal *vault.RenewOutput
		s.Eventually(watch.RenewCh()).WithTimeout(20 * time.Second).Should(Receive(&renewal))
		s.Expect(renewal.RenewedAt).To(BeTemporally("~", time.Now(), time.Minute))
		if secret == token {
			s.Expect(renewal.Secret.Auth.ClientToken).To(Equal(token.Auth.ClientToken))
		} else {
			s.Expect(renewal.Secret.LeaseID).To(Equal(lease.LeaseID))
		}
		watch.Stop()
		s.Eventually(watch.DoneCh()).WithTimeout(20 * time.Second).Should(Receive(BeNil()))
	}
}
