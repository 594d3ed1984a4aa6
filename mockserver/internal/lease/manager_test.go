// SPDX-License-Identifier: MPL-2.0

package lease_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/lease"
)

// revoked collects the IDs of revoked leases.
type revoked struct {
	mu  sync.Mutex
	ids []string
	// hang makes revocations wait for their context.
	hang map[string]bool
}

func (r *revoked) revoke(ctx context.Context, l *lease.Lease) error {
	if r.hang[l.ID] {
		<-ctx.Done()
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids = append(r.ids, l.ID)
	return nil
}

func (r *revoked) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(slices.Values(r.ids))
}

func start(storage logical.Storage, r *revoked) *lease.Manager {
	m := lease.New(storage, r.revoke, clock.New(), hclog.NewNullLogger())
	m.Start()
	return m
}

func secretLease(id string, ttl time.Duration) *lease.Lease {
	return &lease.Lease{
		ID: id, Path: "p", Holder: "hkey", Issued: time.Now(), Ends: time.Now().Add(ttl),
		Secret: &logical.Secret{LeaseOptions: logical.LeaseOptions{Renewable: true}},
	}
}

func add(t *testing.T, m *lease.Manager, leases ...*lease.Lease) {
	t.Helper()
	for _, l := range leases {
		if err := m.Add(context.Background(), l); err != nil {
			t.Fatal(err)
		}
	}
}

func TestManyLeasesEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &revoked{}
		m := start(&logical.InmemStorage{}, r)
		defer m.Close()
		for i := range 1000 {
			add(t, m, secretLease(fmt.Sprintf("p/%04d", i), time.Duration(i+1)*time.Minute))
		}
		for _, after := range []int{10, 300, 999, 1000} {
			time.Sleep(time.Until(startOfBubble.Add(time.Duration(after) * time.Minute)))
			synctest.Wait()
			if got := len(r.all()); got != after {
				t.Fatalf("after %d minutes %d leases are revoked", after, got)
			}
		}
	})
}

// startOfBubble is when time begins in testing/synctest.
var startOfBubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// A plugin that hangs doesn't keep other leases from ending.
func TestHangingRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &revoked{hang: map[string]bool{"p/hangs": true}}
		m := start(&logical.InmemStorage{}, r)
		add(t, m, secretLease("p/hangs", time.Second), secretLease("p/other", time.Second))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := r.all(); !slices.Equal(got, []string{"p/other"}) {
			t.Errorf("revoked %q", got)
		}
		begin := time.Now()
		m.Close()
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("Close waited %s for a plugin that hangs", waited)
		}
	})
}

// What has ended while nobody ran, and what a kill left behind, ends after the
// next start; the index without a lease is cleared.
func TestRestartAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		storage := &logical.InmemStorage{}
		r := &revoked{}
		m := start(storage, r)
		add(t, m, secretLease("p/ended", time.Minute), secretLease("p/lost", time.Minute), secretLease("p/alive", 100*time.Hour))
		m.Close()
		if err := storage.Delete(ctx, "id/p/lost"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Hour)

		m = start(storage, r)
		defer m.Close()
		synctest.Wait()
		if got := r.all(); !slices.Equal(got, []string{"p/ended"}) {
			t.Errorf("revoked %q", got)
		}
		keys, err := logical.CollectKeys(ctx, storage)
		if err != nil {
			t.Fatal(err)
		}
		due := slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, "due/") })
		if len(due) != 1 {
			t.Errorf("ends in storage: %q, want only that of p/alive", due)
		}
	})
}

// Revoking and renewing at once: whoever is first, the lease doesn't live on
// after its secret.
func TestRenewalAndRevocationDontMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		r := &revoked{}
		m := start(&logical.InmemStorage{}, r)
		defer m.Close()
		for i := range 50 {
			id := fmt.Sprintf("p/%d", i)
			add(t, m, secretLease(id, time.Minute))
			var wg sync.WaitGroup
			wg.Go(func() {
				err := m.Change(ctx, id, func(l *lease.Lease) error {
					l.Ends = time.Now().Add(time.Hour)
					return nil
				})
				if err != nil && !errors.Is(err, lease.ErrNotFound) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if err := m.Revoke(ctx, id, false); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			if _, err := m.Get(ctx, id); !errors.Is(err, lease.ErrNotFound) {
				t.Errorf("%s is still there: %v", id, err)
			}
		}
		if got := len(r.all()); got != 50 {
			t.Errorf("%d revocations of 50 leases", got)
		}
	})
}

func TestRevokePrefixTakesWholeSegments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &revoked{}
		m := start(&logical.InmemStorage{}, r)
		defer m.Close()
		add(t, m, secretLease("a/b/1", time.Hour), secretLease("a/bc/2", time.Hour), secretLease("a/b/c/3", time.Hour))
		if err := m.RevokePrefix(context.Background(), "a/b", false, false); err != nil {
			t.Fatal(err)
		}
		if got := r.all(); !slices.Equal(got, []string{"a/b/1", "a/b/c/3"}) {
			t.Errorf("revoked %q", got)
		}
	})
}

// TestRevokePrefixOfAnUnreadableLease: what can't be read is not taken for a prefix that no
// lease has.
func TestRevokePrefixOfAnUnreadableLease(t *testing.T) {
	t.Parallel()
	r, storage := &revoked{}, &logical.InmemStorage{}
	m := start(storage, r)
	defer m.Close()
	add(t, m, secretLease("a/b/1", time.Hour))
	storage.FailGet(true)
	if err := m.RevokePrefix(t.Context(), "a/b/1", false, false); err == nil {
		t.Error("revoked without an error")
	}
	storage.FailGet(false)
	if err := m.RevokePrefix(t.Context(), "a/b/1", false, false); err != nil || !slices.Equal(r.all(), []string{"a/b/1"}) {
		t.Errorf("revoked %q: %v", r.all(), err)
	}
}
