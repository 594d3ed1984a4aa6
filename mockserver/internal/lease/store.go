// SPDX-License-Identifier: MPL-2.0

package lease

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage/cache"
)

// The keys below the leases' storage.
const (
	idPrefix     = "id/"     // by lease ID, for the root namespace
	foreign      = "in/"     // ID of a namespace / lease ID, for others
	holderPrefix = "holder/" // holder's key / encoded lease ID
	duePrefix    = "due/"    // hour / end and encoded lease ID
)

// cacheLimit bounds the leases in memory.
const cacheLimit = 8192

// store is the stored part of a Manager.
type store struct {
	storage logical.Storage
	leases  *cache.Cache[*Lease]
}

func newStore(storage logical.Storage) store {
	return store{storage: storage, leases: cache.New[*Lease](cacheLimit)}
}

// get returns the lease, which is shared and must not be changed.
func (s *store) get(ctx context.Context, id string) (*Lease, error) {
	return s.leases.Get(id, func() (*Lease, error) {
		if strings.HasSuffix(id, "/") || id == "" {
			return nil, ErrNotFound
		}
		raw, err := s.storage.Get(ctx, leaseKey(id))
		if err != nil {
			return nil, fmt.Errorf("failed to read lease entry %s: %w", id, err)
		}
		if raw == nil {
			return nil, ErrNotFound
		}
		l := &Lease{}
		if err := raw.DecodeJSON(l); err != nil {
			return nil, fmt.Errorf("failed to decode lease entry %s: %w", id, err)
		}
		return l, nil
	})
}

// put writes a lease over what was there, nil if it is new. The entry for its
// end goes first: one that leads nowhere does no harm, a lease without it
// would never end.
func (s *store) put(ctx context.Context, l, old *Lease) error {
	defer s.leases.Forget(l.ID)
	if !l.Ends.IsZero() && l.Failure == "" {
		if err := s.storage.Put(ctx, &logical.StorageEntry{Key: dueKey(l.Ends, l.ID)}); err != nil {
			return fmt.Errorf("store a lease's end: %w", err)
		}
	}
	if old == nil && l.Secret != nil && l.Holder != "" {
		if err := s.storage.Put(ctx, &logical.StorageEntry{Key: holderKey(l)}); err != nil {
			return fmt.Errorf("store a lease's holder: %w", err)
		}
	}
	raw, err := logical.StorageEntryJSON(leaseKey(l.ID), l)
	if err != nil {
		return fmt.Errorf("encode a lease: %w", err)
	}
	if err := s.storage.Put(ctx, raw); err != nil {
		return fmt.Errorf("failed to persist lease entry: %w", err)
	}
	if old != nil && !old.Ends.IsZero() && (!old.Ends.Equal(l.Ends) || l.Failure != "") {
		return s.storage.Delete(ctx, dueKey(old.Ends, old.ID))
	}
	return nil
}

func (s *store) remove(ctx context.Context, l *Lease) error {
	defer s.leases.Forget(l.ID)
	keys := []string{leaseKey(l.ID)}
	if l.Secret != nil && l.Holder != "" {
		keys = append(keys, holderKey(l))
	}
	if !l.Ends.IsZero() {
		keys = append(keys, dueKey(l.Ends, l.ID))
	}
	for _, key := range keys {
		if err := s.storage.Delete(ctx, key); err != nil {
			return fmt.Errorf("failed to delete lease entry: %w", err)
		}
	}
	return nil
}

// leaseKey is the key of a lease: below that of its namespace, which its ID says.
func leaseKey(id string) string {
	if mark := namespace.MarkOf(id); mark != "" {
		return foreign + mark + "/" + id
	}
	return idPrefix + id
}

// prefixOf is what the keys of the leases of the namespace of ctx begin with.
func prefixOf(ctx context.Context) string {
	if n := namespace.From(ctx); !n.IsRoot() {
		return foreign + n.ID + "/"
	}
	return idPrefix
}

// below lists the IDs of all leases of the namespace of ctx whose ID begins with the
// prefix, which ends in a slash or is empty.
func (s *store) below(ctx context.Context, prefix string) ([]string, error) {
	keys, err := logical.CollectKeysWithPrefix(ctx, s.storage, prefixOf(ctx)+prefix)
	if err != nil {
		return nil, fmt.Errorf("failed to scan for leases: %w", err)
	}
	for i, key := range keys {
		keys[i] = strings.TrimPrefix(key, prefixOf(ctx))
	}
	return keys, nil
}

func (s *store) heldBy(ctx context.Context, holder string) ([]string, error) {
	names, err := s.storage.List(ctx, holderPrefix+holder+"/")
	if err != nil {
		return nil, fmt.Errorf("failed to scan for leases: %w", err)
	}
	ids := make([]string, 0, len(names))
	for _, name := range names {
		if id, err := decodeID(name); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// hours lists the hours in which stored leases end.
func (s *store) hours(ctx context.Context) ([]string, error) {
	names, err := s.storage.List(ctx, duePrefix)
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, "/")
	}
	return names, err
}

// due lists the ends in one hour.
func (s *store) due(ctx context.Context, hour string) ([]end, error) {
	names, err := s.storage.List(ctx, duePrefix+hour+"/")
	if err != nil {
		return nil, err
	}
	ends := make([]end, 0, len(names))
	for _, name := range names {
		at, encoded, _ := strings.Cut(name, ".")
		nanos, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			continue
		}
		when := time.Unix(0, nanos)
		if id, err := decodeID(encoded); err == nil {
			ends = append(ends, end{at: when, id: id})
		}
	}
	return ends, nil
}

// forgetEnd removes the index entry of an end that has come to nothing.
func (s *store) forgetEnd(ctx context.Context, e end) error {
	return s.storage.Delete(ctx, dueKey(e.at, e.id))
}

// The end of a lease in storage: its hour is a folder, and names in it sort by
// time, which is in nanoseconds since 1970.
const hourLayout = "2006-01-02T15"

func hourOf(t time.Time) string { return t.UTC().Format(hourLayout) }

func dueKey(t time.Time, id string) string {
	return duePrefix + hourOf(t) + "/" + strconv.FormatInt(t.UnixNano(), 10) + "." + encodeID(id)
}

func holderKey(l *Lease) string { return holderPrefix + l.Holder + "/" + encodeID(l.ID) }

// encodeID makes a name without slashes of a lease ID.
func encodeID(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

func decodeID(name string) (string, error) {
	id, err := base64.RawURLEncoding.DecodeString(name)
	return string(id), err
}
