// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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

// A token that is made while its parent is being revoked goes as well.
func TestChildOfAParentBeingRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startVault(t)
		defer s.stop()
		for range 100 {
			parent := s.create(map[string]any{"ttl": "1h"})
			var wg sync.WaitGroup
			var child answer
			wg.Go(func() {
				child = s.do(request{path: "auth/token/create", token: parent, data: map[string]any{"ttl": "1h"}})
			})
			wg.Go(func() {
				s.must(request{path: "auth/token/revoke", token: "root", data: map[string]any{"token": parent}})
			})
			wg.Wait()
			if child.Response != nil && child.Auth != nil {
				s.refused(request{op: read, path: "auth/token/lookup-self", token: child.Auth.ClientToken}, 403, denied)
			}
		}
	})
}
