// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
)

// ListPage returns those names of List that come behind after, and no more than limit
// unless that is 0 or less.
func (v *View) ListPage(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	names, err := v.List(ctx, prefix)
	return page{prefix, after, max(limit, 0)}.cut(names), err
}

// Begin begins a transaction of the view. It must be ended.
func (v *View) Begin(ctx context.Context, writable bool) (*ViewTransaction, error) {
	t, ok := v.physical.(Transactional)
	if !ok {
		return nil, errNoTransactions
	}
	if err := v.wait(ctx); err != nil {
		return nil, err
	}
	tx, err := t.Begin(ctx, v.prefix, writable)
	if err != nil {
		return nil, err
	}
	return &ViewTransaction{view: v, tx: tx, writable: writable, readOnly: v.readOnly.Load()}, nil
}

// ViewTransaction is a transaction of a View, as a logical.Storage. Where the view was
// read-only when it began, it stays so (vault/barrier/view.go of OpenBao).
type ViewTransaction struct {
	view     *View
	tx       Transaction
	writable bool
	readOnly *error
}

// Get implements logical.Storage.
func (t *ViewTransaction) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if err := t.view.checkRead(ctx, key); err != nil {
		return nil, err
	}
	value, err := t.tx.Get(ctx, t.view.prefix+key)
	if err != nil || value == nil {
		return nil, err
	}
	return &logical.StorageEntry{Key: key, Value: value}, nil
}

// Put implements logical.Storage.
func (t *ViewTransaction) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if entry == nil {
		return ErrNilEntry
	}
	if err := t.checkWrite(ctx, entry.Key); err != nil {
		return err
	}
	return t.tx.Put(ctx, t.view.prefix+entry.Key, entry.Value)
}

// Delete implements logical.Storage.
func (t *ViewTransaction) Delete(ctx context.Context, key string) error {
	if err := t.checkWrite(ctx, key); err != nil {
		return err
	}
	return t.tx.Delete(ctx, t.view.prefix+key)
}

// List implements logical.Storage.
func (t *ViewTransaction) List(ctx context.Context, prefix string) ([]string, error) {
	return t.ListPage(ctx, prefix, "", 0)
}

// ListPage is View.ListPage within the transaction.
func (t *ViewTransaction) ListPage(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	if err := t.view.checkRead(ctx, prefix); err != nil {
		return nil, err
	}
	return t.tx.ListPage(ctx, t.view.prefix+prefix, after, limit)
}

// checkWrite returns the error for a write of key.
func (t *ViewTransaction) checkWrite(ctx context.Context, key string) error {
	return t.view.checkWrite(ctx, key, func() *error { return t.readOnly })
}

// Commit ends the transaction and makes its writes, as Transaction.Commit. A writable one of
// a view that was read-only is refused.
func (t *ViewTransaction) Commit(ctx context.Context) error {
	err := t.view.wait(ctx)
	if err == nil && t.writable {
		err = t.view.refuse(t.readOnly)
	}
	if err != nil {
		_ = t.tx.Rollback(ctx) // it may have been ended before
		return err
	}
	return t.tx.Commit(ctx)
}

// Rollback ends the transaction without writing.
func (t *ViewTransaction) Rollback(ctx context.Context) error { return t.tx.Rollback(ctx) }
