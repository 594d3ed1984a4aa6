// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"context"
	"errors"
	"strings"
	"sync"
)

// Errors of transactions. The texts are those of OpenBao's sdk/physical/transactions.go.
var (
	ErrTransactionReadOnly = errors.New("transaction is read-only")
	ErrTransactionConflict = errors.New("transaction commit failed")
	ErrTransactionEnded    = errors.New("transaction has been committed or rolled back")
)

// errNoTransactions is returned where a Physical has none.
var errNoTransactions = errors.New("the storage has no transactions")

// TransactionLimit is how many transactions may be open at a time; the next one waits, as
// in OpenBao (sdk/physical/physical.go, DefaultParallelOperations).
const TransactionLimit = 128

// Transactional is a Physical with transactions.
type Transactional interface {
	Physical
	// Begin begins a transaction of the keys below prefix. It must be ended.
	Begin(ctx context.Context, prefix string, writable bool) (Transaction, error)
}

// Transaction is a consistent view of the storage, with writes that are made by Commit, or
// not at all. Keys are those of the Physical.
type Transaction interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, key string) error
	// ListPage returns those names directly below prefix that come behind after, sorted,
	// and no more than limit unless that is 0 or less.
	ListPage(ctx context.Context, prefix, after string, limit int) ([]string, error)
	// Commit ends the transaction. The error is ErrTransactionConflict if what was read or
	// written has been written by others since it began; nothing is written then. One that
	// wrote nothing always succeeds.
	Commit(ctx context.Context) error
	// Rollback ends the transaction without writing.
	Rollback(ctx context.Context) error
}

// Transactor gives a Physical transactions. It keeps what was there before a write for the
// transactions that began before it, so that nothing is copied when one begins, and nothing
// is done while none is open.
type Transactor struct {
	Physical
	// mu is held by writes for reading, and for writing by what must not see one half done.
	mu   sync.RWMutex
	open map[*transaction]struct{}
	// slots holds an element for each open transaction.
	slots chan struct{}
}

// NewTransactor returns p with transactions. All access to p must go through it.
func NewTransactor(p Physical) *Transactor {
	return &Transactor{Physical: p, open: map[*transaction]struct{}{}, slots: make(chan struct{}, TransactionLimit)}
}

// Put implements Physical.
func (t *Transactor) Put(ctx context.Context, key string, value []byte) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if err := t.remember(ctx, key); err != nil {
		return err
	}
	return t.Physical.Put(ctx, key, value)
}

// Delete implements Physical.
func (t *Transactor) Delete(ctx context.Context, key string) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if err := t.remember(ctx, key); err != nil {
		return err
	}
	return t.Physical.Delete(ctx, key)
}

// Clear implements Physical.
func (t *Transactor) Clear(ctx context.Context, prefix string) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.open) > 0 {
		keys, err := t.Keys(ctx, prefix)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := t.remember(ctx, key); err != nil {
				return err
			}
		}
	}
	return t.Physical.Clear(ctx, prefix)
}

// Apply implements Physical.
func (t *Transactor) Apply(ctx context.Context, writes map[string][]byte) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.apply(ctx, writes)
}

// apply is Apply for those who hold mu.
func (t *Transactor) apply(ctx context.Context, writes map[string][]byte) error {
	for key := range writes {
		if err := t.remember(ctx, key); err != nil {
			return err
		}
	}
	return t.Physical.Apply(ctx, writes)
}

// remember keeps the value of key for the open transactions that may see it. mu must be held
// until key is written.
func (t *Transactor) remember(ctx context.Context, key string) error {
	for tx := range t.open {
		if !strings.HasPrefix(key, tx.prefix) {
			continue
		}
		value, err := t.Get(ctx, key)
		if err != nil {
			return err
		}
		tx.keep(key, value)
	}
	return nil
}

// Begin implements Transactional.
func (t *Transactor) Begin(ctx context.Context, prefix string, writable bool) (Transaction, error) {
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	tx := &transaction{
		of: t, prefix: prefix, writable: writable,
		writes: map[string][]byte{}, reads: map[string]struct{}{}, lists: map[page][]string{}, before: map[string][]byte{},
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[tx] = struct{}{}
	return tx, nil
}

// forget ends a transaction. mu must be held for writing.
func (t *Transactor) forget(tx *transaction) {
	delete(t.open, tx)
	<-t.slots
}
