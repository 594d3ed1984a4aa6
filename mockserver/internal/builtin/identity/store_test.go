// SPDX-License-Identifier: MPL-2.0

package identity_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
)

// mounts is a server with one auth method.
type mounts struct{}

func (mounts) MountsWithKey(context.Context, string) []string { return nil }

func (mounts) MountByAccessor(accessor string) (identity.Mount, bool) {
	return identity.Mount{Path: "auth/jwt/", Type: "jwt", NamespaceID: "root"}, accessor == "auth_jwt_1"
}

func newStore(storage logical.Storage, clk *clock.Clock) *identity.Store {
	return identity.NewStore(storage, dialect.Entities{}, mounts{}, clk, func(string) {})
}

func alias(name string) identity.Alias {
	return identity.Alias{Name: name, MountAccessor: "auth_jwt_1", MountType: "jwt", MountPath: "auth/jwt/"}
}

// TestOneEntityForLoginsAtOnce: logins of one name, in whatever case, have one entity, whose
// times are those of the server's clock.
func TestOneEntityForLoginsAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	clk := clock.New()
	clk.Advance(48 * time.Hour)
	s := newStore(&logical.InmemStorage{}, clk)
	ids := make([]string, 16)
	var logins sync.WaitGroup
	for i := range ids {
		logins.Go(func() {
			e, _, err := s.ForAlias(t.Context(), alias([]string{"joe", "Joe", "JOE"}[i%3]))
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = e.ID
		})
	}
	logins.Wait()
	g.Expect(ids).To(HaveEach(ids[0]))
	e, err := s.Get(t.Context(), ids[0])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Aliases).To(HaveLen(1))
	g.Expect(e.Created).To(BeTemporally("~", time.Now().Add(48*time.Hour), time.Minute))
}

// TestEntitiesThatCannotBeRead: an entity that can't be read is not taken for none, which
// would make another one for the same login.
func TestEntitiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	storage := &logical.InmemStorage{}
	first, _, err := newStore(storage, clock.New()).ForAlias(t.Context(), alias("joe"))
	g.Expect(err).NotTo(HaveOccurred())

	s := newStore(storage, clock.New()) // with nothing in memory
	storage.FailGet(true)
	_, _, err = s.ForAlias(t.Context(), alias("joe"))
	g.Expect(err).To(HaveOccurred())
	g.Expect(err).NotTo(MatchError(identity.ErrNotFound))
	_, err = s.Current(t.Context(), first.ID)
	g.Expect(err).NotTo(MatchError(identity.ErrNotFound))
	storage.FailGet(false)

	again, created, err := s.ForAlias(t.Context(), alias("joe"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(created).To(BeFalse())
	g.Expect(again.ID).To(Equal(first.ID))
}

// TestCurrentEntity: of what never was nothing is current.
func TestCurrentEntity(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := newStore(&logical.InmemStorage{}, clock.New())
	e, created, err := s.ForAlias(t.Context(), alias("joe"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(created).To(BeTrue())
	current, err := s.Current(t.Context(), e.ID)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(current).To(Equal(e))
	_, err = s.Current(t.Context(), "nope")
	g.Expect(err).To(MatchError(identity.ErrNotFound))
	_, _, err = s.ForAlias(t.Context(), alias(""))
	g.Expect(err).To(MatchError("missing name in alias"))
}
