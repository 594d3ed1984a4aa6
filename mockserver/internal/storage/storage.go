// SPDX-License-Identifier: MPL-2.0

// Package storage keeps what the server must remember: in memory, or in a file
// that survives a restart and a kill. Mounts and the server's own parts see it
// as logical.Storage through a View each.
package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/vault/sdk/logical"
)

// Physical is where keys and values are. Keys are paths with slashes. All
// methods may be called concurrently; a Put that returned is durable as far as
// the implementation is.
type Physical interface {
	// Get returns the value, or nil without an error when there is none, as
	// logical.Storage has it.
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, key string) error
	// List returns the names directly below prefix, sorted; folders end in a
	// slash.
	List(ctx context.Context, prefix string) ([]string, error)
	// Keys returns all keys that begin with prefix.
	Keys(ctx context.Context, prefix string) ([]string, error)
	// Clear deletes everything below prefix.
	Clear(ctx context.Context, prefix string) error
	// Apply makes all writes or none; a nil value deletes its key.
	Apply(ctx context.Context, writes map[string][]byte) error
	Close() error
}

// ErrNilEntry is returned for a write without an entry. The text is that of the
// barrier view of Vault and OpenBao.
var ErrNilEntry = errors.New("cannot write nil entry")

// Errors of keys that can't be written. The texts are those of sdk/physical/encoding.go in
// Vault and OpenBao.
var (
	errNotUTF8      = errors.New("key contains invalid UTF-8 characters")
	errNotPrintable = errors.New("key contains non-printable characters")
)

// GetJSON decodes the JSON under a key into v. It reports false if there is nothing.
func GetJSON(ctx context.Context, s logical.Storage, key string, v any) (bool, error) {
	entry, err := s.Get(ctx, key)
	if err != nil || entry == nil {
		return false, err
	}
	return true, entry.DecodeJSON(v)
}

// PutJSON writes a value as JSON.
func PutJSON(ctx context.Context, s logical.Storage, key string, value any) error {
	entry, err := logical.StorageEntryJSON(key, value)
	if err != nil {
		return err
	}
	return s.Put(ctx, entry)
}

// View is the part of a Physical below a prefix, as a logical.Storage.
type View struct {
	// Dotted lets keys have two dots within a part of their path, and is passed
	// on to parts of the view. It must be set before the first use.
	Dotted bool

	physical Physical
	prefix   string
	// readOnly is the error of every write; nil while writes are possible.
	readOnly atomic.Pointer[error]
	// unreadable is the error of every read; nil while reads are possible.
	unreadable atomic.Pointer[error]
	// unreadableAt counts down to the one read that fails with onceUnreadable; below 1 none
	// does.
	unreadableAt   atomic.Int64
	onceUnreadable atomic.Pointer[error]
	// refused counts what failed with one of them.
	refused atomic.Int64
	// held makes accesses wait; nil while they need not.
	held atomic.Pointer[hold]
}

// NewView returns the part of p below prefix, which ends in a slash.
func NewView(p Physical, prefix string) *View {
	return &View{physical: p, prefix: prefix}
}

// Sub returns the part of the view below prefix, which ends in a slash.
func (v *View) Sub(prefix string) *View {
	return &View{physical: v.physical, prefix: v.prefix + prefix, Dotted: v.Dotted}
}

// SetReadOnly makes every write return err; nil makes writes possible again.
// Clear is not affected. The state is not shared with parts of the view.
func (v *View) SetReadOnly(err error) {
	if err == nil {
		v.readOnly.Store(nil)
		return
	}
	v.readOnly.Store(&err)
}

// SetUnreadable makes every read return err; nil makes reads possible again. The
// state is not shared with parts of the view.
func (v *View) SetUnreadable(err error) {
	if err == nil {
		v.unreadable.Store(nil)
		return
	}
	v.unreadable.Store(&err)
}

// SetUnreadableAt makes the nth read from now on return err, and no other; with 0 none does.
// The state is not shared with parts of the view.
func (v *View) SetUnreadableAt(nth int, err error) {
	v.onceUnreadable.Store(&err)
	v.unreadableAt.Store(int64(nth))
}

// Refused returns how many accesses failed with the error of SetReadOnly or
// SetUnreadable.
func (v *View) Refused() int64 { return v.refused.Load() }

// Clear deletes everything in the view.
func (v *View) Clear(ctx context.Context) error { return v.physical.Clear(ctx, v.prefix) }

// Get implements logical.Storage: nil without an error when there is no entry.
func (v *View) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if err := v.checkRead(ctx, key); err != nil {
		return nil, err
	}
	value, err := v.physical.Get(ctx, v.prefix+key)
	if err != nil || value == nil {
		return nil, err
	}
	return &logical.StorageEntry{Key: key, Value: value}, nil
}

// Put implements logical.Storage.
func (v *View) Put(ctx context.Context, entry *logical.StorageEntry) error {
	if entry == nil {
		return ErrNilEntry
	}
	if err := v.checkWrite(ctx, entry.Key, v.readOnly.Load); err != nil {
		return err
	}
	return v.physical.Put(ctx, v.prefix+entry.Key, entry.Value)
}

// Delete implements logical.Storage.
func (v *View) Delete(ctx context.Context, key string) error {
	if err := v.checkWrite(ctx, key, v.readOnly.Load); err != nil {
		return err
	}
	return v.physical.Delete(ctx, v.prefix+key)
}

// List implements logical.Storage.
func (v *View) List(ctx context.Context, prefix string) ([]string, error) {
	if err := v.checkRead(ctx, prefix); err != nil {
		return nil, err
	}
	return v.physical.List(ctx, v.prefix+prefix)
}

// checkRead returns the error for a read of key; it waits while accesses are held.
func (v *View) checkRead(ctx context.Context, key string) error {
	if err := v.wait(ctx); err != nil {
		return err
	}
	if err := v.check(key); err != nil {
		return err
	}
	if v.unreadableAt.Load() > 0 && v.unreadableAt.Add(-1) == 0 {
		return v.refuse(v.onceUnreadable.Load())
	}
	return v.refuse(v.unreadable.Load())
}

// checkWrite returns the error for a write of key; it waits while accesses are held.
// readOnly returns the error of a read-only view.
func (v *View) checkWrite(ctx context.Context, key string, readOnly func() *error) error {
	if err := v.wait(ctx); err != nil {
		return err
	}
	if err := v.refuse(readOnly()); err != nil {
		return err
	}
	if err := v.check(key); err != nil {
		return err
	}
	switch {
	case !utf8.ValidString(key):
		return errNotUTF8
	case strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errNotPrintable
	}
	return nil
}

// refuse returns the error of SetReadOnly or SetUnreadable, and counts it.
func (v *View) refuse(err *error) error {
	if err == nil {
		return nil
	}
	v.refused.Add(1)
	return *err
}

// check refuses keys that would leave the view, with the SDK's own error.
func (v *View) check(key string) error {
	if v.Dotted && !slices.Contains(strings.Split(key, "/"), "..") {
		return nil
	}
	if strings.Contains(key, "..") {
		return logical.ErrRelativePath
	}
	return nil
}
