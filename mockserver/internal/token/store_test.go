// SPDX-License-Identifier: MPL-2.0

package token_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

func open(t testing.TB, storage logical.Storage) *token.Store {
	t.Helper()
	s, err := token.New(context.Background(), storage, logical.NewStorageView(storage, "role/"), token.Format{Service: "hvs.", Batch: "hvb.", Signed: true}, clock.New())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t testing.TB, s *token.Store, te logical.TokenEntry) *token.Entry {
	t.Helper()
	e, err := s.Create(context.Background(), te)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTokensSurviveAndAreFound(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := &logical.InmemStorage{}
	s := open(t, storage)
	parent := create(t, s, logical.TokenEntry{Policies: []string{"a"}, Path: "auth/x/login"})
	child := create(t, s, logical.TokenEntry{Parent: parent.Key, Meta: map[string]string{"k": "v"}})
	batch := create(t, s, logical.TokenEntry{Type: logical.TokenTypeBatch, Policies: []string{"b"}, TTL: time.Hour, CreationTime: time.Now().Unix()})

	s = open(t, storage)
	for _, want := range []*token.Entry{parent, child, batch} {
		got, err := s.Lookup(ctx, want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != want.ID || got.Key != want.Key || got.Parent != want.Parent || !slices.Equal(got.Policies, want.Policies) {
			t.Errorf("found %+v, want %+v", got, want)
		}
	}
	got, err := s.ByAccessor(ctx, child.Accessor)
	if err != nil || got.Key != child.Key || got.ID != "" {
		t.Errorf("by accessor: %v", err)
	}
	if keys, err := s.Children(ctx, parent.Key); err != nil || !slices.Equal(keys, []string{child.Key}) {
		t.Errorf("children %q, %v", keys, err)
	}
}

func TestWhatIsNotATokenIsNotFound(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, &logical.InmemStorage{})
	e := create(t, s, logical.TokenEntry{})
	batch := create(t, s, logical.TokenEntry{Type: logical.TokenTypeBatch, TTL: time.Hour, CreationTime: time.Now().Unix()})
	others := create(t, open(t, &logical.InmemStorage{}), logical.TokenEntry{Type: logical.TokenTypeBatch, TTL: time.Hour, CreationTime: time.Now().Unix()})
	for _, id := range []string{
		"x", "hvs.", "hvb.", "hvb.!", e.ID + "x", strings.ToUpper(e.ID), e.Key, e.Accessor, batch.ID[:len(batch.ID)-2], others.ID, "../secrets", "secrets",
	} {
		if _, err := s.Lookup(ctx, id); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("a wrong token was found, or: %v", err)
		}
	}
	for _, accessor := range []string{"", "nope", "../id/" + e.Key, "a/b"} {
		if _, err := s.ByAccessor(ctx, accessor); !errors.Is(err, token.ErrNotFound) {
			t.Errorf("accessor %q: %v", accessor, err)
		}
	}
}

func TestBatchTokensGoWithTheirParent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, &logical.InmemStorage{})
	parent := create(t, s, logical.TokenEntry{})
	batch := create(t, s, logical.TokenEntry{Type: logical.TokenTypeBatch, Parent: parent.Key, TTL: time.Hour, CreationTime: time.Now().Unix()})
	if _, err := s.Lookup(ctx, batch.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, parent); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(ctx, batch.ID); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("without its parent: %v", err)
	}
}

// However many requests come at once, a token has no more uses than it has.
func TestUsesAreCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, &logical.InmemStorage{})
	e := create(t, s, logical.TokenEntry{NumUses: 5})
	var used, last atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			now, err := s.Use(ctx, e)
			if err != nil {
				if !errors.Is(err, token.ErrNotFound) {
					t.Error(err)
				}
				return
			}
			used.Add(1)
			if now.NumUses == token.Pending {
				last.Add(1)
			}
		})
	}
	wg.Wait()
	if used.Load() != 5 || last.Load() != 1 {
		t.Errorf("used %d times, %d of them the last", used.Load(), last.Load())
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	storage := &logical.InmemStorage{}
	s := open(t, storage)
	before, err := logical.CollectKeys(ctx, storage)
	if err != nil {
		t.Fatal(err)
	}
	parent := create(t, s, logical.TokenEntry{})
	child := create(t, s, logical.TokenEntry{Parent: parent.Key})
	if err := errors.Join(s.Delete(ctx, child), s.Delete(ctx, parent)); err != nil {
		t.Fatal(err)
	}
	if after, err := logical.CollectKeys(ctx, storage); err != nil || !slices.Equal(after, before) {
		t.Errorf("storage has %q, had %q, %v", after, before, err)
	}
}

func TestIDFormats(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tt := range map[string]struct {
		format                 token.Format
		prefix, rootPrefix     string
		length, rootLength     int
		chosen, chosenErrBegin string
	}{
		"signed": {token.Format{Service: "hvs.", Signed: true}, "hvs.CAES", "hvs.", 95, 28, "hvs.x", "custom token ID cannot have the 'hvs.' prefix"},
		"short":  {token.Format{Service: "s."}, "s.", "s.", 26, 26, "s.x", "custom token ID cannot have the 's.' prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := token.New(ctx, &logical.InmemStorage{}, &logical.InmemStorage{}, tt.format, clock.New())
			if err != nil {
				t.Fatal(err)
			}
			e := create(t, s, logical.TokenEntry{Policies: []string{"default"}})
			if !strings.HasPrefix(e.ID, tt.prefix) || len(e.ID) != tt.length {
				t.Errorf("token of %d characters", len(e.ID))
			}
			root := create(t, s, logical.TokenEntry{Policies: []string{"root"}})
			if !strings.HasPrefix(root.ID, tt.rootPrefix) || len(root.ID) != tt.rootLength {
				t.Errorf("root token of %d characters", len(root.ID))
			}
			if _, err := s.Create(ctx, logical.TokenEntry{ID: tt.chosen}); err == nil || err.Error() != tt.chosenErrBegin {
				t.Errorf("chosen ID: %v", err)
			}
		})
	}
}
