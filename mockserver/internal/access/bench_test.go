// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"context"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
)

// What a request costs before it reaches its backend.
func BenchmarkAuthorize(b *testing.B) {
	s := startVault(b)
	defer s.stop()
	s.policy("dev", `path "p/*" { capabilities = ["read"] } path "p/+/x" { capabilities = ["read"] }`)
	for name, token := range map[string]string{
		"root":  "root",
		"child": s.create(map[string]any{"policies": []string{"dev"}}),
		"login": s.must(request{path: "auth/a/login"}).Auth.ClientToken,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req := &logical.Request{Operation: logical.ReadOperation, Path: "p/kv/a", ClientToken: token}
				if _, err := s.authority.Authorize(context.Background(), req, access.Path{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
