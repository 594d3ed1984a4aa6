// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
)

// storing is an engine that stores at a.
func storing(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		BackendType: logical.TypeLogical,
		Paths: []*framework.Path{{Pattern: "a$", Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{Callback: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				return nil, req.Storage.Put(ctx, &logical.StorageEntry{Key: "a", Value: []byte("1")})
			}},
		}}},
	}
	return b, b.Setup(ctx, conf)
}

func TestWritesCanBeMadeToFail(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, client, _ := start(t, mockserver.WithBackend("storing", "secret", storing))
	mount(t, client, "x", "storing")
	write := func() int {
		status, _ := send(t, s.Address(), "POST", "x/a", "{}")
		return status
	}
	g.Expect(write()).To(Equal(http.StatusNoContent))
	before, err := s.FailWrites("x/", true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(write()).To(Equal(http.StatusInternalServerError))
	after, err := s.FailWrites("x/", false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(after).To(Equal(before + 1))
	g.Expect(write()).To(Equal(http.StatusNoContent))

	_, err = s.FailWrites("y/", true)
	g.Expect(err).To(HaveOccurred(), "there is no such mount")
}

func TestARevocationCanBeForgotten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var revoked atomic.Int32
	var age atomic.Int64
	s, client, _ := start(t, mockserver.WithBackend("accounts", "secret", accounts(0, &revoked, &age)))
	mount(t, client, "a", "accounts")
	issued, err := client.Logical().ReadWithContext(t.Context(), "a/account")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.RevokeUnnoted(t.Context(), issued.LeaseID)).To(Succeed())
	g.Expect(revoked.Load()).To(Equal(int32(1)))
	g.Expect(client.Sys().RevokeWithContext(t.Context(), issued.LeaseID)).To(Succeed())
	g.Expect(revoked.Load()).To(Equal(int32(2)))
	g.Expect(s.RevokeUnnoted(t.Context(), issued.LeaseID)).NotTo(Succeed(), "the lease is gone")
}
