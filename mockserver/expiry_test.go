// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/clock"
)

// accounts is an engine with leases of an hour, whose first revocations fail. age
// receives how old the plugin takes a secret to be when it is revoked.
func accounts(failures int32, revoked *atomic.Int32, age *atomic.Int64) logical.Factory {
	var left atomic.Int32
	left.Store(failures)
	secret := &framework.Secret{
		Type: "account", DefaultDuration: time.Hour,
		Revoke: func(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
			if left.Add(-1) >= 0 {
				return nil, errors.New("the service is down")
			}
			age.Store(int64(time.Since(req.Secret.IssueTime)))
			revoked.Add(1)
			return nil, nil
		},
	}
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &framework.Backend{
			BackendType: logical.TypeLogical, Secrets: []*framework.Secret{secret},
			Paths: []*framework.Path{{Pattern: "account$", Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
					return secret.Response(map[string]any{"id": "1"}, nil), nil
				}},
			}}},
		}
		return b, b.Setup(ctx, conf)
	}
}

// TestLeasesEndWhenTheClockMoves: all that was to happen has happened when the
// move returns, further attempts included, and plugins see the time that passed.
func TestLeasesEndWhenTheClockMoves(t *testing.T) {
	t.Parallel()
	for name, clk := range map[string]*clock.Clock{"running": clock.New(), "stopped": clock.NewStopped(time.Now())} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var revoked atomic.Int32
			var age atomic.Int64
			s, client, _ := start(t, mockserver.WithBackend("accounts", "secret", accounts(2, &revoked, &age)), mockserver.WithClock(clk))
			mount(t, client, "a", "accounts")
			issued, err := client.Logical().ReadWithContext(t.Context(), "a/account")
			g.Expect(err).NotTo(HaveOccurred())
			lookup := func() int {
				status, _ := send(t, s.Address(), "PUT", "sys/leases/lookup", `{"lease_id": "`+issued.LeaseID+`"}`)
				return status
			}
			clk.Advance(59 * time.Minute)
			g.Expect(lookup()).To(Equal(http.StatusOK))
			clk.Advance(time.Minute + 5*time.Second)
			g.Expect(lookup()).To(Equal(http.StatusOK), "the first revocation failed")
			clk.Advance(time.Minute)
			g.Expect(lookup()).To(Equal(http.StatusBadRequest))
			g.Expect(revoked.Load()).To(Equal(int32(1)))
			g.Expect(time.Duration(age.Load())).To(BeNumerically("~", time.Hour, 2*time.Minute))
		})
	}
}

// TestTokensEndWhenTheClockMoves: with them ends what they hold.
func TestTokensEndWhenTheClockMoves(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clk := clock.New()
	var revoked atomic.Int32
	var age atomic.Int64
	_, client, _ := start(t, mockserver.WithBackend("accounts", "secret", accounts(0, &revoked, &age)), mockserver.WithClock(clk))
	mount(t, client, "a", "accounts")
	created := map[string]string{}
	for _, kind := range []string{"service", "batch"} {
		secret, err := client.Auth().Token().CreateOrphanWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"default"}, TTL: "10m", Type: kind})
		g.Expect(err).NotTo(HaveOccurred())
		created[kind] = secret.Auth.ClientToken
	}
	short, err := client.Auth().Token().CreateOrphanWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{"root"}, TTL: "10m"})
	g.Expect(err).NotTo(HaveOccurred())
	holder, err := client.Clone()
	g.Expect(err).NotTo(HaveOccurred())
	holder.SetToken(short.Auth.ClientToken)
	_, err = holder.Logical().ReadWithContext(t.Context(), "a/account")
	g.Expect(err).NotTo(HaveOccurred())

	clk.Advance(11 * time.Minute)
	g.Expect(revoked.Load()).To(Equal(int32(1)))
	for kind, token := range created {
		_, err := client.Auth().Token().LookupWithContext(t.Context(), token)
		g.Expect(err).To(HaveOccurred(), "a %s token", kind)
	}
}
