// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// Many clients do everything at once, under -race; nothing is left when they
// have revoked what they made.
func TestManyClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				name := fmt.Sprintf("pol%d", i%4)
				for range 5 {
					s.policy(name, `path "p/*" { capabilities = ["read"] } path "auth/token/*" { capabilities = ["update"] }`)
					login := s.must(request{path: "auth/a/login"}).Auth.ClientToken
					token := s.create(map[string]any{"policies": []string{name}, "ttl": "1h"})
					child := s.must(request{path: "auth/token/create", token: token}).Auth.ClientToken
					s.must(request{op: read, path: "p/kv/x", token: child})
					s.must(request{op: read, path: "p/lease/x", token: child})
					s.must(request{path: "auth/token/renew-self", token: login})
					w := s.must(request{op: read, path: "p/kv/x", token: child, wrap: time.Minute}).WrapInfo.Token
					s.must(request{path: "sys/wrapping/unwrap", token: w})
					s.must(request{path: "auth/token/revoke", token: "root", data: map[string]any{"token": token}})
					s.refused(request{op: read, path: "p/kv/x", token: child}, 403, denied)
					s.must(request{path: "auth/token/revoke-self", token: login})
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := len(s.plugin.revocations()); got != 100 {
			t.Errorf("%d of 100 secrets were revoked", got)
		}
		for _, key := range s.keys() {
			if strings.HasPrefix(key, "lease/due/") || strings.HasPrefix(key, "lease/holder/") || strings.HasPrefix(key, "cubbyhole/") || strings.HasPrefix(key, "token/child/") {
				t.Errorf("%s is left", key)
			}
		}
	})
}

// hookedStorage calls before, once, before it writes a key with the prefix.
type hookedStorage struct {
	logical.Storage
	prefix string
	before func()
}

func (h *hookedStorage) Put(ctx context.Context, e *logical.StorageEntry) error {
	if before := h.before; before != nil && strings.HasPrefix(e.Key, h.prefix) {
		h.before = nil
		before()
	}
	return h.Storage.Put(ctx, e)
}

// What is made of a token while that is being revoked doesn't outlive it.
func TestMadeWhileBeingRevoked(t *testing.T) {
	for name, tt := range map[string]struct {
		prefix string
		make   request
		left   string
	}{
		"child":  {"token/child/", request{path: "auth/token/create", data: map[string]any{"ttl": "1h"}}, "token/child/"},
		"secret": {"lease/holder/", request{op: read, path: "p/lease/x"}, "lease/holder/"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				storage := &hookedStorage{Storage: &logical.InmemStorage{}, prefix: tt.prefix}
				s := start(t, mustDialect(t, "vault-1.14"), storage)
				defer s.stop()
				parent := s.must(request{path: "auth/token/create-orphan", token: "root", data: map[string]any{"ttl": "1h"}}).Auth.ClientToken
				storage.before = func() {
					s.must(request{path: "auth/token/revoke", token: "root", data: map[string]any{"token": parent}})
				}
				tt.make.token = parent
				s.do(tt.make)
				time.Sleep(time.Second)
				synctest.Wait()
				for _, key := range s.keys() {
					if strings.HasPrefix(key, tt.left) {
						t.Errorf("%s is left", key)
					}
				}
			})
		})
	}
}
