// SPDX-License-Identifier: MPL-2.0

package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/base62"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage/cache"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

// The keys below the store's storage.
const (
	secretsKey     = "secrets"
	entryPrefix    = "id/"       // by token key
	accessorPrefix = "accessor/" // by accessor: the token's key
	childPrefix    = "child/"    // parent's key / child's key
)

// cacheLimit is how many decoded tokens are kept in memory.
const cacheLimit = 8192

// Store holds tokens in storage and keeps the recently used ones decoded. It is
// safe for concurrent use.
type Store struct {
	storage logical.Storage
	// roles are by name, in each namespace.
	roles   logical.Storage
	format  Format
	secrets secrets
	entries *cache.Cache[*Entry]
	locks   keylock.Locks
	clock   *clock.Clock
}

// New opens the store, making its keys if the storage has none. Roles are in a storage
// of their own. Batch tokens expire by the clock.
func New(ctx context.Context, storage, roles logical.Storage, format Format, clk *clock.Clock) (*Store, error) {
	s := &Store{storage: storage, roles: roles, format: format, entries: cache.New[*Entry](cacheLimit), clock: clk}
	found, err := s.get(ctx, secretsKey, &s.secrets)
	if err != nil || found {
		return s, err
	}
	if s.secrets, err = newSecrets(); err != nil {
		return nil, err
	}
	return s, s.put(ctx, secretsKey, s.secrets)
}

// Key is the name of a service token in storage, whether it exists or not.
func (s *Store) Key(id string) string { return s.secrets.key(id) }

// Create stores a new token of the namespace of ctx. It fills ID (unless one was
// chosen), Accessor, CubbyholeID, NamespaceID and Type, and returns the entry. Parent is the parent's key. The
// error for a chosen ID that can't be had is meant for the user.
func (s *Store) Create(ctx context.Context, te logical.TokenEntry) (*Entry, error) {
	ns := namespace.From(ctx)
	te.NamespaceID = ns.ID
	if te.Type == logical.TokenTypeBatch {
		id, err := s.secrets.sealBatch(s.format.Batch, te)
		te.ID = ns.Mark(id)
		return &Entry{TokenEntry: te}, err
	}
	te.Type = logical.TokenTypeService
	var err error
	if te.ID == "" {
		te.ID, err = s.format.newServiceID(te.IsRoot(), ns)
	} else {
		err = s.checkFree(ctx, te.ID)
	}
	if err != nil {
		return nil, err
	}
	if te.Accessor, err = base62.Random(idLength); err != nil {
		return nil, fmt.Errorf("make an accessor: %w", err)
	}
	te.Accessor = ns.Mark(te.Accessor)
	if te.CubbyholeID, err = base62.Random(idLength); err != nil {
		return nil, fmt.Errorf("make a cubbyhole: %w", err)
	}
	e := &Entry{TokenEntry: te, Key: s.Key(te.ID)}
	return e, s.write(ctx, e)
}

func (s *Store) checkFree(ctx context.Context, id string) error {
	if err := CheckChosen(id); err != nil {
		return err
	}
	switch _, err := s.ByKey(ctx, s.Key(id)); {
	case err == nil:
		return errors.New("cannot create a token with a duplicate ID")
	case errors.Is(err, ErrNotFound):
		return nil
	default:
		return err
	}
}

// write puts the indexes before the entry: an index that leads nowhere does no
// harm, a token that its parent can't reach would outlive it.
func (s *Store) write(ctx context.Context, e *Entry) error {
	if e.Parent != "" {
		if err := s.storage.Put(ctx, &logical.StorageEntry{Key: childPrefix + e.Parent + "/" + e.Key}); err != nil {
			return fmt.Errorf("store a token's parent: %w", err)
		}
	}
	if err := s.storage.Put(ctx, &logical.StorageEntry{Key: accessorPrefix + e.Accessor, Value: []byte(e.Key)}); err != nil {
		return fmt.Errorf("store an accessor: %w", err)
	}
	return s.update(ctx, e.Key, e.TokenEntry)
}

func (s *Store) update(ctx context.Context, key string, te logical.TokenEntry) error {
	te.ID = ""
	defer s.entries.Forget(key)
	return s.put(ctx, entryPrefix+key, te)
}

// Lookup finds a token by its ID, also one in its last use (see Pending). It
// is ErrNotFound if there is none. Service tokens' expiry is their lease's
// matter; expired batch tokens aren't found, nor those whose parent is gone.
func (s *Store) Lookup(ctx context.Context, id string) (*Entry, error) {
	if isBatch(id) {
		return s.lookupBatch(ctx, id)
	}
	e, err := s.ByKey(ctx, s.Key(id))
	if err != nil {
		return nil, err
	}
	copied := *e
	copied.ID = id
	return &copied, nil
}

func (s *Store) lookupBatch(ctx context.Context, id string) (*Entry, error) {
	e, err := s.secrets.openBatch(id)
	if err != nil {
		return nil, err
	}
	if s.clock.Now().After(time.Unix(e.CreationTime, 0).Add(e.TTL)) {
		return nil, ErrNotFound
	}
	if e.Parent != "" {
		if _, err := s.ByKey(ctx, e.Parent); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// ByKey finds a service token by its key; the entry has no ID.
func (s *Store) ByKey(ctx context.Context, key string) (*Entry, error) {
	return s.entries.Get(key, func() (*Entry, error) {
		e := &Entry{Key: key}
		found, err := s.get(ctx, entryPrefix+key, &e.TokenEntry)
		if err == nil && !found {
			err = ErrNotFound
		}
		return e, err
	})
}

// ByAccessor finds a service token by its accessor; the entry has no ID.
func (s *Store) ByAccessor(ctx context.Context, accessor string) (*Entry, error) {
	if accessor == "" || strings.Contains(accessor, "/") {
		return nil, ErrNotFound
	}
	raw, err := s.storage.Get(ctx, accessorPrefix+accessor)
	if err != nil {
		return nil, fmt.Errorf("read an accessor: %w", err)
	}
	if raw == nil {
		return nil, ErrNotFound
	}
	return s.ByKey(ctx, string(raw.Value))
}

// Accessors lists the accessors of the service tokens of the namespace of ctx.
func (s *Store) Accessors(ctx context.Context) ([]string, error) {
	ns := namespace.From(ctx)
	accessors, err := s.storage.List(ctx, accessorPrefix)
	return slices.DeleteFunc(accessors, func(a string) bool { return !ns.Owns(a) }), err
}

// Children lists the keys of a token's children.
func (s *Store) Children(ctx context.Context, key string) ([]string, error) {
	return s.storage.List(ctx, childPrefix+key+"/")
}

// Use counts one use of a token and returns what is left of it: an entry with
// NumUses Pending in its last use, ErrNotFound if it had none left.
func (s *Store) Use(ctx context.Context, e *Entry) (*Entry, error) {
	if e.NumUses == 0 || e.Batch() {
		return e, nil
	}
	return s.change(ctx, e.Key, func(te *logical.TokenEntry) error {
		te.ID = e.ID
		switch {
		case te.NumUses < 0:
			return ErrNotFound
		case te.NumUses == 1:
			te.NumUses = Pending
		default:
			te.NumUses--
		}
		return nil
	})
}

// Close makes a token unusable at once, before its revocation has run through.
func (s *Store) Close(ctx context.Context, key string) error {
	_, err := s.change(ctx, key, func(te *logical.TokenEntry) error {
		te.NumUses = Pending
		return nil
	})
	return err
}

// Orphan cuts a token from its parent.
func (s *Store) Orphan(ctx context.Context, key string) error {
	var parent string
	_, err := s.change(ctx, key, func(te *logical.TokenEntry) error {
		parent, te.Parent = te.Parent, ""
		return nil
	})
	if err != nil || parent == "" {
		return err
	}
	return s.storage.Delete(ctx, childPrefix+parent+"/"+key)
}

func (s *Store) change(ctx context.Context, key string, apply func(*logical.TokenEntry) error) (*Entry, error) {
	unlock, err := s.locks.Lock(ctx, key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	e, err := s.ByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	changed := *e
	if err := apply(&changed.TokenEntry); err != nil {
		return nil, err
	}
	return &changed, s.update(ctx, key, changed.TokenEntry)
}

// Delete removes a token and its indexes; without Key just the accessor. Its
// children stay, see Orphan.
func (s *Store) Delete(ctx context.Context, e *Entry) error {
	defer s.entries.Forget(e.Key)
	keys := []string{accessorPrefix + e.Accessor}
	if e.Key != "" {
		keys = append(keys, entryPrefix+e.Key)
	}
	if e.Parent != "" {
		keys = append(keys, childPrefix+e.Parent+"/"+e.Key)
	}
	for _, key := range keys {
		if err := s.storage.Delete(ctx, key); err != nil {
			return fmt.Errorf("delete a token: %w", err)
		}
	}
	return nil
}

func (s *Store) get(ctx context.Context, key string, into any) (bool, error) {
	return get(ctx, s.storage, key, into)
}

func (s *Store) put(ctx context.Context, key string, value any) error {
	return put(ctx, s.storage, key, value)
}

func get(ctx context.Context, storage logical.Storage, key string, into any) (bool, error) {
	raw, err := storage.Get(ctx, key)
	if err != nil {
		return false, fmt.Errorf("read from the token store: %w", err)
	}
	if raw == nil {
		return false, nil
	}
	if err := raw.DecodeJSON(into); err != nil {
		return false, fmt.Errorf("decode from the token store: %w", err)
	}
	return true, nil
}

func put(ctx context.Context, storage logical.Storage, key string, value any) error {
	raw, err := logical.StorageEntryJSON(key, value)
	if err != nil {
		return fmt.Errorf("encode for the token store: %w", err)
	}
	if err := storage.Put(ctx, raw); err != nil {
		return fmt.Errorf("write to the token store: %w", err)
	}
	return nil
}
