// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"context"
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// These tests run in a bubble of testing/synctest: time goes on when everybody
// waits, so a day takes no time.

func TestSecretsEndByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		secret := s.must(request{op: read, path: "p/lease/one", token: "root"}).Secret
		if secret.TTL != time.Minute || !strings.HasPrefix(secret.LeaseID, "p/lease/one/") || secret.InternalData != nil {
			t.Errorf("secret = %s, %s, %v", secret.TTL, secret.LeaseID, secret.InternalData)
		}
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if got := s.plugin.revocations(); len(got) != 0 {
			t.Fatalf("revoked %q before its time", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"one"}) {
			t.Fatalf("revoked %q, want one", got)
		}
		s.refused(request{path: "sys/leases/lookup", token: "root", data: map[string]any{"lease_id": secret.LeaseID}}, 400, "invalid lease")
		s.leavesNothingOf(secret.LeaseID)
	})
}

// leavesNothingOf checks that storage has no key for a lease.
func (s *server) leavesNothingOf(id string) {
	s.t.Helper()
	encoded := base64.RawURLEncoding.EncodeToString([]byte(id))
	for _, key := range s.keys() {
		if strings.Contains(key, id) || strings.Contains(key, encoded) {
			s.t.Errorf("%s stays in storage", key)
		}
	}
}

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		id := s.must(request{op: read, path: "p/lease/one", token: "root"}).Secret.LeaseID
		renew := func(path string, increment int) answer {
			t.Helper()
			return s.must(request{path: path, token: "root", data: map[string]any{"lease_id": id, "increment": increment}})
		}
		time.Sleep(50 * time.Second)
		if got := renew("sys/leases/renew", 0).Secret; got.TTL != time.Minute || got.LeaseID != id {
			t.Errorf("renewed for %s", got.TTL)
		}
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if got := s.plugin.revocations(); len(got) != 0 {
			t.Fatalf("revoked %q though it was renewed", got)
		}
		// 100 s of 10 minutes are over.
		a := renew("sys/renew", 3600)
		want := []string{`TTL of "1h" exceeded the effective max_ttl of "8m20s"; TTL value is capped accordingly`}
		if a.Secret.TTL != 500*time.Second || !slices.Equal(a.Warnings, want) {
			t.Errorf("renewed for %s with %q", a.Secret.TTL, a.Warnings)
		}
		lookup := s.must(request{path: "sys/leases/lookup", token: "root", data: map[string]any{"lease_id": id}}).Data
		if lookup["ttl"] != int64(500) || lookup["renewable"] != true || lookup["last_renewal"] == nil {
			t.Errorf("lookup = %v", lookup)
		}
		time.Sleep(500 * time.Second)
		synctest.Wait()
		s.refused(request{path: "sys/leases/renew", token: "root", data: map[string]any{"lease_id": id}}, 400, "lease not found")
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"one"}) {
			t.Errorf("revoked %q", got)
		}
		s.leavesNothingOf(id)
	})
}

func TestOpenBaoHasNoOldLeasePaths(t *testing.T) {
	t.Parallel()
	s := start(t, mustDialect(t, "openbao-2.5"), &logical.InmemStorage{})
	defer s.stop()
	if a := s.do(request{path: "sys/renew", token: "root", data: map[string]any{"lease_id": "x"}}); a.status != 404 {
		t.Errorf("sys/renew: %d %s", a.status, a.err)
	}
	if token := s.create(map[string]any{"ttl": "1h"}); !strings.HasPrefix(token, "s.") || len(token) != 26 {
		t.Errorf("token of %d characters", len(token))
	}
	s.policy("pol", `path "x" { capabilities = ["scan"] }`)
	got := s.must(request{op: read, path: "sys/policies/acl/pol", token: "root"}).Data
	if got["version"] != 1 || got["cas_required"] != false || got["modified"] == nil {
		t.Errorf("policy = %v", got)
	}
}

func TestSecretsGoWithTheirToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		token := s.create(map[string]any{"ttl": "30s"})
		s.must(request{op: read, path: "p/lease/a", token: token})
		s.must(request{op: read, path: "p/lease/b", token: token})
		s.must(request{path: "auth/token/revoke-self", token: token})
		synctest.Wait()
		if got := s.plugin.revocations(); len(got) != 2 {
			t.Errorf("revoked %q with the token, want both", got)
		}

		token = s.create(map[string]any{"ttl": "30s"})
		s.must(request{op: read, path: "p/lease/c", token: token})
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Contains(got, "c") {
			t.Errorf("revoked %q when the token ended, want c too", got)
		}
		s.refused(request{op: read, path: "auth/token/lookup-self", token: token}, 403, denied)
	})
}

func TestBatchTokensBoundTheirSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		s.policy("dev", `path "p/*" { capabilities = ["read"] }`)
		s.plugin.login.TokenType, s.mounts[1].DefaultTTL = logical.TokenTypeBatch, 20*time.Second
		token := s.must(request{path: "auth/a/login"}).Auth.ClientToken
		if got := s.must(request{op: read, path: "p/lease/x", token: token}).Secret.TTL; got > 20*time.Second {
			t.Errorf("the secret outlives its token by %s", got-20*time.Second)
		}
		time.Sleep(21 * time.Second)
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"x"}) {
			t.Errorf("revoked %q", got)
		}
	})
}

// Leases survive a restart, also those that ended meanwhile and those of a
// later hour; nothing is read at start.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		s.plugin.secret.MaxTTL = 0
		for name, ttl := range map[string]time.Duration{"soon": time.Minute, "later": 3 * time.Hour, "latest": 50 * time.Hour} {
			s.plugin.secret.TTL = ttl
			s.must(request{op: read, path: "p/lease/" + name, token: "root"})
		}
		token := s.create(map[string]any{"ttl": "100h"})
		batch := s.create(map[string]any{"ttl": "100h", "type": "batch", "policies": []string{"default"}})
		s.stop()

		time.Sleep(10 * time.Minute)
		s = start(t, mustDialect(t, "vault-1.14"), s.storage)
		defer s.stop()
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"soon"}) {
			t.Errorf("after the restart: revoked %q, want soon", got)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"soon", "later"}) {
			t.Errorf("three hours later: revoked %q", got)
		}
		time.Sleep(47 * time.Hour)
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"soon", "later", "latest"}) {
			t.Errorf("two days later: revoked %q", got)
		}
		for _, id := range []string{token, batch, "root"} {
			s.must(request{op: read, path: "auth/token/lookup-self", token: id})
		}
	})
}

func TestFailedRevocationIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		s.plugin.failures = 2
		s.must(request{op: read, path: "p/lease/x", token: "root"})
		time.Sleep(time.Minute + 29*time.Second)
		synctest.Wait()
		if got := s.plugin.revocations(); len(got) != 0 {
			t.Fatalf("revoked %q in spite of the failures", got)
		}
		time.Sleep(time.Second) // 10 s and 20 s of pause are over
		synctest.Wait()
		if got := s.plugin.revocations(); !slices.Equal(got, []string{"x"}) {
			t.Errorf("revoked %q", got)
		}
	})
}

func TestRevocationIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		s.plugin.failures = 100
		id := s.must(request{op: read, path: "p/lease/x", token: "root"}).Secret.LeaseID
		time.Sleep(time.Hour)
		synctest.Wait()
		count := s.must(request{op: read, path: "sys/leases/count", token: "root", data: map[string]any{"type": "irrevocable"}}).Data
		if !reflect.DeepEqual(count, map[string]any{"lease_count": 1, "counts": map[string]int{"accessor_p": 1}}) {
			t.Errorf("count = %v", count)
		}
		a := s.do(request{path: "sys/leases/revoke", token: "root", data: map[string]any{"lease_id": id}})
		if a.status != 400 || !strings.Contains(a.err, "the plugin is down") {
			t.Errorf("revoke: %d %s", a.status, a.err)
		}
		s.must(request{path: "sys/leases/revoke-force/p", token: "root"})
		s.leavesNothingOf(id)
	})
}

func TestUnleasedSecrets(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.mounts[len(s.mounts)-1].Unleased = true
	secret := s.must(request{op: read, path: "p/lease/x", token: "root"}).Secret
	if secret.LeaseID != "" || secret.Renewable || secret.TTL != time.Minute {
		t.Errorf("secret = %+v", secret)
	}
}

func TestRevokePrefix(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	s.must(request{op: read, path: "p/lease/x", token: "root"})
	token := s.must(request{path: "auth/a/login"}).Auth.ClientToken
	if err := s.authority.RevokePrefix(context.Background(), "p/"); err != nil {
		t.Fatal(err)
	}
	if got := s.plugin.revocations(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("revoked %q", got)
	}
	if err := s.authority.RevokePrefix(context.Background(), "auth/a/"); err != nil {
		t.Fatal(err)
	}
	s.refused(request{op: read, path: "auth/token/lookup-self", token: token}, 403, denied)
	s.must(request{op: read, path: "auth/token/lookup-self", token: "root"})
}

// brokenStorage refuses to write below a prefix.
type brokenStorage struct {
	logical.Storage
	prefix atomic.Value // of string
}

var errFull = errors.New("the disk is full")

func (b *brokenStorage) Put(ctx context.Context, e *logical.StorageEntry) error {
	if prefix, set := b.prefix.Load().(string); set && strings.HasPrefix(e.Key, prefix) {
		return errFull
	}
	return b.Storage.Put(ctx, e)
}

func TestSecretIsRevokedIfItCannotBeLeased(t *testing.T) {
	t.Parallel()
	storage := &brokenStorage{Storage: &logical.InmemStorage{}}
	s := start(t, mustDialect(t, "vault-1.14"), storage)
	defer s.stop()
	storage.prefix.Store("lease/id/p/")
	s.refused(request{op: read, path: "p/lease/x", token: "root"}, 500, "internal error")
	if got := s.plugin.revocations(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("revoked %q", got)
	}
}

// A token whose time is over is refused even if it can't be revoked.
func TestEndedTokenIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &brokenStorage{Storage: &logical.InmemStorage{}}
		s := start(t, mustDialect(t, "vault-1.14"), storage)
		defer s.stop()
		token := s.create(map[string]any{"ttl": "1m"})
		storage.prefix.Store("token/id/")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		s.refused(request{op: read, path: "auth/token/lookup-self", token: token}, 403, denied)
	})
}

func TestTokenRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		token := s.create(map[string]any{"ttl": "1h", "explicit_max_ttl": "2h"})
		renew := func() answer {
			return s.must(request{path: "auth/token/renew-self", token: token, data: map[string]any{"increment": "1h"}})
		}
		time.Sleep(50 * time.Minute)
		if got := renew().Auth; got.TTL != time.Hour || got.ClientToken != token || !slices.Equal(got.Policies, []string{"root"}) {
			t.Errorf("renewed: ttl %s, policies %q", got.TTL, got.Policies)
		}
		time.Sleep(50 * time.Minute)
		if got := renew().Auth.TTL; got != 20*time.Minute {
			t.Errorf("renewed for %s, want the rest of two hours", got)
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		s.refused(request{op: read, path: "auth/token/lookup-self", token: token}, 403, denied)
		s.refused(request{path: "auth/token/renew-self", token: "root"}, 400, "lease is not renewable")

		login := s.must(request{path: "auth/a/login"}).Auth.ClientToken
		auth := s.must(request{path: "auth/token/renew-self", token: login}).Auth
		if !slices.Equal(auth.TokenPolicies, []string{"default", "dev"}) || auth.TTL != 768*time.Hour {
			t.Errorf("login renewed: %q, %s", auth.TokenPolicies, auth.TTL)
		}
	})
}

func TestPeriodicTokenLivesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		token := s.create(map[string]any{"period": "1h", "policies": []string{"default"}})
		for range 1000 {
			time.Sleep(59 * time.Minute)
			s.must(request{path: "auth/token/renew-self", token: token})
		}
	})
}

// Nothing in storage shows a token or can be used as one.
func TestTokensAreNotStored(t *testing.T) {
	t.Parallel()
	s := startVault(t)
	defer s.stop()
	parent := s.must(request{path: "auth/token/create", token: "root", data: map[string]any{"ttl": "1h"}}).Auth.ClientToken
	child := s.must(request{path: "auth/token/create", token: parent, data: map[string]any{"ttl": "1m"}}).Auth.ClientToken
	login := s.must(request{path: "auth/a/login"}).Auth.ClientToken
	wrapped := s.must(request{op: read, path: "p/kv/a", token: "root", wrap: time.Minute}).WrapInfo.Token
	s.must(request{op: read, path: "p/lease/x", token: "root"})
	s.must(request{path: "auth/token/renew", token: "root", data: map[string]any{"token": parent}})
	for _, key := range s.keys() {
		e, err := s.storage.Get(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{parent, child, login, wrapped} {
			if strings.Contains(key, token) || strings.Contains(string(e.Value), token) {
				t.Errorf("%s has a token in clear", key)
			}
		}
	}
}

func TestTidy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		id := s.must(request{path: "auth/token/create", token: "root", data: map[string]any{"ttl": "1h"}}).Auth
		// As after a crash between two writes: the token's lease is gone.
		for _, key := range s.keys() {
			if strings.HasPrefix(key, "lease/") && strings.Contains(key, "auth/token/create/h") {
				raw, err := s.storage.Get(context.Background(), key)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(raw.Value), id.Accessor) {
					if err := s.storage.Delete(context.Background(), key); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		for _, path := range []string{"auth/token/tidy", "sys/leases/tidy"} {
			a := s.must(request{path: path, token: "root"})
			if a.Data[logical.HTTPStatusCode] != 202 {
				t.Errorf("%s: %v", path, a.Data)
			}
			synctest.Wait()
		}
		if keys := s.must(request{op: list, path: "auth/token/accessors", token: "root"}).Data["keys"].([]string); slices.Contains(keys, id.Accessor) {
			t.Error("the token without lease is still there")
		}
	})
}
