// SPDX-License-Identifier: MPL-2.0

package storage_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// eachTransactor runs a test with transactions of every Physical.
func eachTransactor(t *testing.T, test func(t *testing.T, p *storage.Transactor)) {
	t.Helper()
	each(t, func(t *testing.T, p storage.Physical) { test(t, storage.NewTransactor(p)) })
}

func begin(t *testing.T, p storage.Transactional, writable bool) storage.Transaction {
	t.Helper()
	tx, err := p.Begin(t.Context(), "", writable)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// ok fails the test for an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, from interface {
	Get(ctx context.Context, key string) ([]byte, error)
}, key, want string,
) {
	t.Helper()
	got, err := from.Get(t.Context(), key)
	if err != nil || string(got) != want {
		t.Errorf("%s is %q %v, want %q", key, got, err, want)
	}
}

func wantPage(t *testing.T, tx storage.Transaction, prefix, after string, limit int, want ...string) {
	t.Helper()
	got, err := tx.ListPage(t.Context(), prefix, after, limit)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d of %q after %q: %q %v, want %q", limit, prefix, after, got, err, want)
	}
}

// TestTransactionSeesItsBeginning: others' writes are not seen, one's own are.
func TestTransactionSeesItsBeginning(t *testing.T) {
	t.Parallel()
	eachTransactor(t, func(t *testing.T, p *storage.Transactor) {
		ctx := t.Context()
		put(t, p, "a", "b/x", "b/y", "c/x", "d")
		tx := begin(t, p, true)
		put(t, p, "b-new", "new/x", "c/y")
		ok(t, p.Delete(ctx, "d"))
		ok(t, p.Clear(ctx, "b/"))
		ok(t, p.Put(ctx, "a", []byte("other")))
		wantPage(t, tx, "", "", 0, "a", "b/", "c/", "d")
		wantPage(t, tx, "b/", "", -1, "x", "y")
		wantPage(t, tx, "", "a", 2, "b/", "c/")
		wantPage(t, tx, "", "b", 1, "b/")
		wantPage(t, tx, "", "d", 1)
		wantValue(t, tx, "a", "value of a")
		wantValue(t, tx, "d", "value of d")
		wantValue(t, tx, "new/x", "")
		ok(t, tx.Put(ctx, "e/f", nil))
		ok(t, tx.Delete(ctx, "b/x"))
		wantPage(t, tx, "", "b/", 0, "c/", "d", "e/")
		ok(t, tx.Delete(ctx, "b/y"))
		ok(t, tx.Put(ctx, "a", []byte("own")))
		wantPage(t, tx, "", "", 0, "a", "c/", "d", "e/")
		wantValue(t, tx, "a", "own")
		if value, err := tx.Get(ctx, "e/f"); err != nil || value == nil {
			t.Errorf("an empty value is %v %v", value, err)
		}
		if value, err := tx.Get(ctx, "b/x"); err != nil || value != nil {
			t.Errorf("a deleted value is %v %v", value, err)
		}
		wantValue(t, p, "a", "other")
		ok(t, tx.Rollback(ctx))
		wantValue(t, p, "a", "other")
	})
}

// TestCommit: all writes are made, or none where anything that was read has changed.
func TestCommit(t *testing.T) {
	t.Parallel()
	type step = func(ctx context.Context, tx storage.Transaction) error
	type write = func(ctx context.Context, p *storage.Transactor) error
	get := func(key string) step {
		return func(ctx context.Context, tx storage.Transaction) error { _, err := tx.Get(ctx, key); return err }
	}
	list := func(prefix, after string, limit int) step {
		return func(ctx context.Context, tx storage.Transaction) error {
			_, err := tx.ListPage(ctx, prefix, after, limit)
			return err
		}
	}
	otherPut := func(key string) write {
		return func(ctx context.Context, p *storage.Transactor) error {
			return p.Put(ctx, key, []byte("value of "+key))
		}
	}
	otherDelete := func(key string) write {
		return func(ctx context.Context, p *storage.Transactor) error { return p.Delete(ctx, key) }
	}
	for name, c := range map[string]struct {
		do        []step
		meanwhile []write
		conflict  bool
	}{
		"nobody else":                  {do: []step{get("a"), list("", "", 0)}},
		"a value is changed":           {do: []step{get("a")}, meanwhile: []write{otherPut("a")}, conflict: true},
		"a value is deleted":           {do: []step{get("a")}, meanwhile: []write{otherDelete("a")}, conflict: true},
		"a value is made anew":         {do: []step{get("a")}, meanwhile: []write{otherDelete("a"), otherPut("a")}, conflict: true},
		"another value is changed":     {do: []step{get("a")}, meanwhile: []write{otherPut("b/x")}},
		"what was not there is made":   {do: []step{get("n")}, meanwhile: []write{otherPut("n")}, conflict: true},
		"it is made and deleted":       {do: []step{get("n")}, meanwhile: []write{otherPut("n"), otherDelete("n")}},
		"nothing is deleted":           {do: []step{get("n")}, meanwhile: []write{otherDelete("n")}},
		"what it writes is written":    {meanwhile: []write{otherPut("own")}, conflict: true},
		"what it writes is cleared":    {do: []step{func(ctx context.Context, tx storage.Transaction) error { return tx.Delete(ctx, "a") }}, meanwhile: []write{func(ctx context.Context, p *storage.Transactor) error { return p.Clear(ctx, "a") }}, conflict: true},
		"a list grows":                 {do: []step{list("", "", 0)}, meanwhile: []write{otherPut("n")}, conflict: true},
		"a folder of the list grows":   {do: []step{list("", "", 0)}, meanwhile: []write{otherPut("b/n")}},
		"the same key is listed":       {do: []step{list("", "", 0)}, meanwhile: []write{otherPut("a")}},
		"another list grows":           {do: []step{list("b/", "", 0)}, meanwhile: []write{otherPut("n")}},
		"behind the page":              {do: []step{list("", "", 1)}, meanwhile: []write{otherPut("n")}},
		"before the page":              {do: []step{list("", "a", 1)}, meanwhile: []write{otherPut("0")}},
		"in the page":                  {do: []step{list("", "a", 1)}, meanwhile: []write{otherPut("a0")}, conflict: true},
		"a list of a folder that goes": {do: []step{list("", "", 0)}, meanwhile: []write{otherDelete("b/x")}, conflict: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachTransactor(t, func(t *testing.T, p *storage.Transactor) {
				ctx := t.Context()
				put(t, p, "a", "b/x")
				tx := begin(t, p, true)
				for _, do := range c.do {
					ok(t, do(ctx, tx))
				}
				ok(t, tx.Put(ctx, "own", []byte("1")))
				ok(t, tx.Put(ctx, "own/2", []byte("2")))
				for _, do := range c.meanwhile {
					ok(t, do(ctx, p))
				}
				err := tx.Commit(ctx)
				if errors.Is(err, storage.ErrTransactionConflict) != c.conflict || (err != nil) != c.conflict {
					t.Fatalf("commit: %v, a conflict: %v", err, c.conflict)
				}
				want := "2"
				if c.conflict {
					want = ""
				}
				wantValue(t, p, "own/2", want)
				for what, err := range map[string]error{
					"commit": tx.Commit(ctx), "rollback": tx.Rollback(ctx), "put": tx.Put(ctx, "a", nil), "delete": tx.Delete(ctx, "a"),
					"get": get("a")(ctx, tx), "list": list("", "", 0)(ctx, tx),
				} {
					if !errors.Is(err, storage.ErrTransactionEnded) {
						t.Errorf("%s of an ended transaction: %v", what, err)
					}
				}
			})
		})
	}
}

// TestTransactionWithoutWrites never conflicts, and one that is read-only refuses them.
func TestTransactionWithoutWrites(t *testing.T) {
	t.Parallel()
	eachTransactor(t, func(t *testing.T, p *storage.Transactor) {
		ctx := t.Context()
		put(t, p, "a")
		for _, writable := range []bool{true, false} {
			tx := begin(t, p, writable)
			wantValue(t, tx, "a", "value of a")
			put(t, p, "a")
			ok(t, tx.Commit(ctx))
		}
		tx := begin(t, p, false)
		for _, err := range []error{tx.Put(ctx, "a", nil), tx.Delete(ctx, "a")} {
			if !errors.Is(err, storage.ErrTransactionReadOnly) {
				t.Errorf("a write: %v", err)
			}
		}
		ok(t, tx.Rollback(ctx))
	})
}

// TestTransactionsOfOthers: of two that read what the other writes, the second fails.
func TestTransactionsOfOthers(t *testing.T) {
	t.Parallel()
	eachTransactor(t, func(t *testing.T, p *storage.Transactor) {
		ctx := t.Context()
		put(t, p, "a", "b")
		first, second, third := begin(t, p, true), begin(t, p, true), begin(t, p, true)
		ok(t, third.Put(ctx, "c", nil))
		wantValue(t, first, "a", "value of a")
		ok(t, first.Put(ctx, "b", []byte("1")))
		wantValue(t, second, "b", "value of b")
		ok(t, second.Put(ctx, "a", []byte("2")))
		ok(t, first.Commit(ctx))
		wantValue(t, second, "b", "value of b")
		if err := second.Commit(ctx); !errors.Is(err, storage.ErrTransactionConflict) {
			t.Errorf("the second: %v", err)
		}
		ok(t, third.Commit(ctx))
		wantValue(t, p, "a", "value of a")
		wantValue(t, p, "b", "1")
	})
}

// TestConcurrentTransactions: no increment of a counter is lost, and none is seen half done.
func TestConcurrentTransactions(t *testing.T) {
	t.Parallel()
	const each, workers = 20, 4
	p := storage.NewTransactor(storage.NewMemory())
	ctx := t.Context()
	increment := func() error {
		tx, err := p.Begin(ctx, "", true)
		if err != nil {
			return err
		}
		for _, key := range []string{"one", "two"} {
			value, err := tx.Get(ctx, key)
			if err != nil {
				return err
			}
			n, _ := strconv.Atoi(string(value))
			if err := tx.Put(ctx, key, []byte(strconv.Itoa(n+1))); err != nil {
				return err
			}
		}
		return tx.Commit(ctx)
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for done := 0; done < each; {
				switch err := increment(); {
				case err == nil:
					done++
				case !errors.Is(err, storage.ErrTransactionConflict):
					t.Error(err)
					return
				}
				tx, err := p.Begin(ctx, "", false)
				if err != nil {
					t.Error(err)
					return
				}
				one, _ := tx.Get(ctx, "one")
				two, _ := tx.Get(ctx, "two")
				if string(one) != string(two) {
					t.Errorf("one is %s, two is %s", one, two)
				}
				if err := tx.Rollback(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	wantValue(t, p, "one", strconv.Itoa(each*workers))
}

// TestTransactionLimit: the next one waits until another one ends.
func TestTransactionLimit(t *testing.T) {
	t.Parallel()
	p := storage.NewTransactor(storage.NewMemory())
	var open []storage.Transaction
	for range storage.TransactionLimit {
		open = append(open, begin(t, p, true))
	}
	put(t, p, "a") // all else goes on
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Begin(ended, "", true); !errors.Is(err, context.Canceled) {
		t.Fatalf("one too many: %v", err)
	}
	begun := make(chan error)
	go func() {
		tx, err := p.Begin(t.Context(), "", true)
		if err == nil {
			err = tx.Rollback(t.Context())
		}
		begun <- err
	}()
	ok(t, open[0].Commit(t.Context()))
	ok(t, <-begun)
}

// TestFaultyTransaction: a transaction fails as the storage does, and ends.
func TestFaultyTransaction(t *testing.T) {
	t.Parallel()
	faults := fault.New(1)
	p := storage.NewFaulty(storage.NewTransactor(storage.NewMemory()), faults)
	put(t, p, "a")
	tx := begin(t, p, true)
	ok(t, tx.Put(t.Context(), "b", nil))
	faults.Begin(func(fault.Faults) {})
	ok(t, faults.Set("storage-failures=1"))
	if _, err := tx.Get(t.Context(), "a"); err == nil {
		t.Error("a read does not fail")
	}
	if _, err := tx.ListPage(t.Context(), "", "", 0); err == nil {
		t.Error("a list does not fail")
	}
	if _, err := p.Begin(t.Context(), "", true); err == nil {
		t.Error("another one begins")
	}
	ok(t, faults.Set("storage-failures=0", "storage-full=true"))
	wantValue(t, tx, "a", "value of a")
	if err := tx.Commit(t.Context()); err == nil {
		t.Error("it writes to a full storage")
	}
	if err := tx.Rollback(t.Context()); !errors.Is(err, storage.ErrTransactionEnded) {
		t.Errorf("it goes on: %v", err)
	}
	reading := begin(t, p, false)
	ok(t, reading.Commit(t.Context()))
}

// TestViewTransaction: the rules of a view hold in its transactions.
func TestViewTransaction(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	root := storage.NewView(storage.NewTransactor(storage.NewMemory()), "")
	view, beside := root.Sub("a/"), root.Sub("ab/")
	ok(t, beside.Put(ctx, &logical.StorageEntry{Key: "other"}))
	view.SetReadOnly(logical.ErrSetupReadOnly)
	during, err := view.Begin(ctx, true)
	ok(t, err)
	reading, err := view.Begin(ctx, false)
	ok(t, err)
	view.SetReadOnly(nil)
	if err := during.Put(ctx, &logical.StorageEntry{Key: "k"}); !errors.Is(err, logical.ErrSetupReadOnly) {
		t.Errorf("a write to what began while the view was read-only: %v", err)
	}
	if err := during.Commit(ctx); !errors.Is(err, logical.ErrSetupReadOnly) {
		t.Errorf("its commit: %v", err)
	}
	ok(t, reading.Commit(ctx))
	tx, err := view.Begin(ctx, true)
	ok(t, err)
	if err := tx.Put(ctx, nil); !errors.Is(err, storage.ErrNilEntry) {
		t.Errorf("no entry: %v", err)
	}
	if _, err := tx.Get(ctx, "../b"); !errors.Is(err, logical.ErrRelativePath) {
		t.Errorf("a key outside: %v", err)
	}
	for key, want := range map[string]string{
		"a\x01": "key contains non-printable characters", "a\xff": "key contains invalid UTF-8 characters", "../b": logical.ErrRelativePath.Error(),
	} {
		for _, s := range []logical.Storage{tx, view} {
			for _, err := range []error{s.Put(ctx, &logical.StorageEntry{Key: key}), s.Delete(ctx, key)} {
				if err == nil || err.Error() != want {
					t.Errorf("%T: a write of %q: %v, want %s", s, key, err, want)
				}
			}
		}
	}
	ok(t, tx.Put(ctx, &logical.StorageEntry{Key: "k", Value: []byte("v")}))
	if entry, err := tx.Get(ctx, "k"); err != nil || entry == nil || entry.Key != "k" || string(entry.Value) != "v" {
		t.Errorf("k is %v %v", entry, err)
	}
	if names, err := tx.List(ctx, ""); err != nil || !slices.Equal(names, []string{"k"}) {
		t.Errorf("the list: %q %v", names, err)
	}
	ok(t, tx.Commit(ctx))
	if names, err := view.ListPage(ctx, "", "a", 5); err != nil || !slices.Equal(names, []string{"k"}) {
		t.Errorf("the page: %q %v", names, err)
	}
	if _, err := storage.NewView(storage.NewMemory(), "").Begin(ctx, true); err == nil {
		t.Error("a transaction of a storage that has none")
	}
}
