// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/plugproof/plugproof/mockserver/fault"
)

// errFault is the error of an access that is made to fail.
var errFault = errors.New("plugproof: the storage is made to fail")

// Faulty is a Physical that fails as its faults say.
type Faulty struct {
	Physical
	faults *fault.Injector
}

// NewFaulty returns p with faults.
func NewFaulty(p Physical, faults *fault.Injector) *Faulty { return &Faulty{p, faults} }

// access waits as long as the storage is slow and returns its error, if it has one.
func (f *Faulty) access(ctx context.Context, write bool) error {
	now := f.faults.Now()
	if now.StorageDelay > 0 {
		timer := time.NewTimer(now.StorageDelay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case write && now.StorageReadOnly:
		return fmt.Errorf("%w: %w", errFault, syscall.EROFS)
	case write && now.StorageFull:
		return fmt.Errorf("%w: %w", errFault, syscall.ENOSPC)
	case f.faults.Happens(now.StorageFailures):
		return errFault
	}
	return nil
}

// Get implements Physical.
func (f *Faulty) Get(ctx context.Context, key string) ([]byte, error) {
	if err := f.access(ctx, false); err != nil {
		return nil, err
	}
	return f.Physical.Get(ctx, key)
}

// Put implements Physical.
func (f *Faulty) Put(ctx context.Context, key string, value []byte) error {
	if err := f.access(ctx, true); err != nil {
		return err
	}
	return f.Physical.Put(ctx, key, value)
}

// Delete implements Physical.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	if err := f.access(ctx, true); err != nil {
		return err
	}
	return f.Physical.Delete(ctx, key)
}

// List implements Physical.
func (f *Faulty) List(ctx context.Context, prefix string) ([]string, error) {
	if err := f.access(ctx, false); err != nil {
		return nil, err
	}
	return f.Physical.List(ctx, prefix)
}

// Keys implements Physical.
func (f *Faulty) Keys(ctx context.Context, prefix string) ([]string, error) {
	if err := f.access(ctx, false); err != nil {
		return nil, err
	}
	return f.Physical.Keys(ctx, prefix)
}

// Apply implements Physical.
func (f *Faulty) Apply(ctx context.Context, writes map[string][]byte) error {
	if err := f.access(ctx, true); err != nil {
		return err
	}
	return f.Physical.Apply(ctx, writes)
}

// Begin implements Transactional.
func (f *Faulty) Begin(ctx context.Context, prefix string, writable bool) (Transaction, error) {
	t, ok := f.Physical.(Transactional)
	if !ok {
		return nil, errNoTransactions
	}
	if err := f.access(ctx, false); err != nil {
		return nil, err
	}
	tx, err := t.Begin(ctx, prefix, writable)
	if err != nil {
		return nil, err
	}
	return &faultyTransaction{Transaction: tx, faulty: f, writable: writable}, nil
}

// faultyTransaction is a Transaction that fails as the storage does: its reads, and its
// writes when it is committed, which is when they are made.
type faultyTransaction struct {
	Transaction

	faulty   *Faulty
	writable bool
}

// Get implements Transaction.
func (t *faultyTransaction) Get(ctx context.Context, key string) ([]byte, error) {
	if err := t.faulty.access(ctx, false); err != nil {
		return nil, err
	}
	return t.Transaction.Get(ctx, key)
}

// ListPage implements Transaction.
func (t *faultyTransaction) ListPage(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	if err := t.faulty.access(ctx, false); err != nil {
		return nil, err
	}
	return t.Transaction.ListPage(ctx, prefix, after, limit)
}

// Commit implements Transaction. A failed one ends the transaction, as any other does.
func (t *faultyTransaction) Commit(ctx context.Context) error {
	if t.writable {
		if err := t.faulty.access(ctx, true); err != nil {
			_ = t.Rollback(ctx) // it may have been ended before
			return err
		}
	}
	return t.Transaction.Commit(ctx)
}

// Clear implements Physical.
func (f *Faulty) Clear(ctx context.Context, prefix string) error {
	if err := f.access(ctx, true); err != nil {
		return err
	}
	return f.Physical.Clear(ctx, prefix)
}
