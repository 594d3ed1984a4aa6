// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// page is what a list was asked for.
type page struct {
	prefix, after string
	limit         int
}

// cut returns the names of the page.
func (p page) cut(names []string) []string {
	if p.after != "" {
		i, found := slices.BinarySearch(names, p.after)
		if found {
			i++
		}
		names = names[i:]
	}
	if p.limit > 0 && len(names) > p.limit {
		names = names[:p.limit]
	}
	return names
}

// transaction is the Transaction of a Transactor.
type transaction struct {
	of       *Transactor
	prefix   string
	writable bool

	mu    sync.Mutex
	ended bool
	// writes are what Commit writes; a nil value deletes.
	writes map[string][]byte
	// reads and lists are what Commit compares.
	reads map[string]struct{}
	lists map[page][]string

	beforeMu sync.Mutex
	// before are the values that others have replaced since the beginning; nil was none.
	before map[string][]byte
}

// keep records the value of a key that is about to be written, unless it is known.
func (tx *transaction) keep(key string, value []byte) {
	tx.beforeMu.Lock()
	defer tx.beforeMu.Unlock()
	if _, known := tx.before[key]; !known {
		tx.before[key] = value
	}
}

// replaced returns the values below prefix that others have replaced.
func (tx *transaction) replaced(prefix string) map[string][]byte {
	tx.beforeMu.Lock()
	defer tx.beforeMu.Unlock()
	return below(tx.before, prefix)
}

// below returns what of a map is below prefix.
func below(all map[string][]byte, prefix string) map[string][]byte {
	part := map[string][]byte{}
	for key, value := range all {
		if strings.HasPrefix(key, prefix) {
			part[key] = value
		}
	}
	return part
}

// Get implements Transaction.
func (tx *transaction) Get(ctx context.Context, key string) ([]byte, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return nil, ErrTransactionEnded
	}
	if value, written := tx.writes[key]; written {
		return slices.Clone(value), nil
	}
	value, err := tx.original(ctx, key)
	if err == nil {
		tx.reads[key] = struct{}{}
	}
	return value, err
}

// original returns the value at the beginning. What others write is kept before it is
// written, so that it is looked for in the other order.
func (tx *transaction) original(ctx context.Context, key string) ([]byte, error) {
	value, err := tx.of.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	tx.beforeMu.Lock()
	defer tx.beforeMu.Unlock()
	if before, replaced := tx.before[key]; replaced {
		return slices.Clone(before), nil
	}
	return value, nil
}

// Put implements Transaction.
func (tx *transaction) Put(_ context.Context, key string, value []byte) error {
	return tx.write(key, append([]byte{}, value...))
}

// Delete implements Transaction.
func (tx *transaction) Delete(_ context.Context, key string) error { return tx.write(key, nil) }

// write records a write. What it replaces counts as read.
func (tx *transaction) write(key string, value []byte) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	switch {
	case !tx.writable:
		return ErrTransactionReadOnly
	case tx.ended:
		return ErrTransactionEnded
	}
	tx.reads[key] = struct{}{}
	tx.writes[key] = value
	return nil
}

// ListPage implements Transaction.
func (tx *transaction) ListPage(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return nil, ErrTransactionEnded
	}
	p := page{prefix, after, max(limit, 0)}
	names, err := tx.of.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	own, others := below(tx.writes, prefix), tx.replaced(prefix)
	if len(own)+len(others) == 0 {
		tx.lists[p] = p.cut(names)
		return slices.Clone(tx.lists[p]), nil
	}
	keys, err := tx.of.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, key := range keys {
		there[key] = true
	}
	// What others have replaced meanwhile is right in spite of the keys read above.
	overlay(there, tx.replaced(prefix))
	tx.lists[p] = p.cut(directlyBelow(there, prefix))
	overlay(there, own)
	return p.cut(directlyBelow(there, prefix)), nil
}

// overlay changes which keys there are: those with a value are, the others are not.
func overlay(there map[string]bool, values map[string][]byte) {
	for key, value := range values {
		there[key] = value != nil
	}
}

// directlyBelow returns the names directly below prefix, sorted, as Physical.List does.
func directlyBelow(there map[string]bool, prefix string) []string {
	names := map[string]struct{}{}
	for key, is := range there {
		if is {
			names[nameBelow(key, prefix)] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// nameBelow returns the name of a key, or of its folder, directly below prefix.
func nameBelow(key, prefix string) string {
	name := strings.TrimPrefix(key, prefix)
	if i := strings.IndexByte(name, '/'); i >= 0 {
		name = name[:i+1]
	}
	return name
}

// Commit implements Transaction.
func (tx *transaction) Commit(ctx context.Context) error {
	return tx.end(func() error {
		if len(tx.writes) == 0 {
			return nil
		}
		if err := tx.verify(ctx); err != nil {
			return err
		}
		return tx.of.apply(ctx, tx.writes)
	})
}

// Rollback implements Transaction.
func (tx *transaction) Rollback(context.Context) error {
	return tx.end(func() error { return nil })
}

// end ends the transaction, unless it has ended, and does the last thing while nobody else
// writes.
func (tx *transaction) end(last func() error) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.ended {
		return ErrTransactionEnded
	}
	tx.ended = true
	tx.of.mu.Lock()
	defer tx.of.mu.Unlock()
	tx.of.forget(tx)
	return last()
}

// verify returns ErrTransactionConflict if what was read is not what is there now. A value
// that was written anew is another one even if it is the same, because servers compare what
// they have encrypted; only what was not there before and is not there now is the same.
func (tx *transaction) verify(ctx context.Context) error {
	if len(tx.before) == 0 {
		return nil
	}
	for key := range tx.reads {
		before, replaced := tx.before[key]
		if !replaced {
			continue
		}
		now, err := tx.of.Get(ctx, key)
		if err != nil {
			return err
		}
		if before != nil || now != nil {
			return ErrTransactionConflict
		}
	}
	for p, seen := range tx.lists {
		names, err := tx.of.List(ctx, p.prefix)
		if err != nil {
			return err
		}
		if !slices.Equal(p.cut(names), seen) {
			return ErrTransactionConflict
		}
	}
	return nil
}
