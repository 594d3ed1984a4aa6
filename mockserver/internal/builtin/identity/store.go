// SPDX-License-Identifier: MPL-2.0

// Package identity knows who logs in: each alias, a name at an auth mount, belongs to an
// entity, which its logins' tokens carry. Entities and groups have policies, which those
// tokens get beside their own; groups have entities and groups as members, or those that
// an auth method says. Keys have names, which mounts use; identity tokens aren't emulated.
//
// The rules and the texts of errors are those of vault/identity in OpenBao 2.6.2, which
// has them from Vault 1.14.
package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage/cache"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

var (
	// ErrNotFound is returned for entities and groups that don't exist.
	ErrNotFound = errors.New("no such entity or group")
	// ErrDisabled says that nothing may be done with an entity's tokens.
	ErrDisabled = errors.New("the entity is disabled")
)

// The keys below the store's storage. Names are looked up in lower case.
const (
	entityPrefix = "entity/" // by ID
	namePrefix   = "name/"   // by name: the ID
	aliasPrefix  = "alias/"  // mount accessor / encoded name: the entity's ID
	mergedPrefix = "merged/" // by ID of what is gone: that of the entity it became part of
	groupPrefix  = "group/"  // by ID
)

// cacheLimit bounds the entities, and the groups, in memory.
const cacheLimit = 4096

// Mount is what the store needs to know about a mount.
type Mount struct {
	// Path is how requests to its namespace begin: "auth/jwt/".
	Path, Type string
	// NamespaceID is the ID of its namespace.
	NamespaceID string
	// Local mounts aren't replicated.
	Local bool
}

// Mounts is what the store needs of the server.
type Mounts interface {
	// MountsWithKey returns the sorted paths of the mounts of ctx's namespace whose
	// identity_token_key that is.
	MountsWithKey(ctx context.Context, key string) []string
	// MountByAccessor returns the mount with that accessor, of any namespace.
	MountByAccessor(accessor string) (Mount, bool)
}

// Store keeps entities and groups in storage. It is safe for concurrent use.
type Store struct {
	storage logical.Storage
	// differs says what differs between servers.
	differs dialect.Entities
	mounts  Mounts
	clock   *clock.Clock
	// changed is told the IDs of entities of which something was changed; none where it
	// may be any entity's groups.
	changed func(entity string)
	// entities and groups are by ID, which says the namespace.
	entities *cache.Cache[*Entity]
	groups   *cache.Cache[*Group]
	// rights are what Rights returned, by the ID of the entity: every request asks.
	rights *cache.Cache[Rights]
	// locks are those of namespaces: one change at a time.
	locks keylock.Locks
}

// NewStore returns the entities and groups in that storage, those of the namespace of the
// context with which they are asked for if it is namespace.Scoped.
// It calls changed for each entity that
// was changed or deleted, and without one for each group.
// The times are those of clk.
func NewStore(storage logical.Storage, differs dialect.Entities, mounts Mounts, clk *clock.Clock, changed func(entity string)) *Store {
	return &Store{
		storage: storage, differs: differs, mounts: mounts, clock: clk, changed: changed,
		entities: cache.New[*Entity](cacheLimit), groups: cache.New[*Group](cacheLimit), rights: cache.New[Rights](cacheLimit),
	}
}

// lock waits until nothing else is changed in the namespace.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	return s.locks.Lock(ctx, namespace.From(ctx).ID)
}

// ForAlias returns the entity of an alias, which is made on its first login.
// The alias's mount and name tell it from others; its metadata are those of the last login.
func (s *Store) ForAlias(ctx context.Context, alias Alias) (entity *Entity, created bool, err error) {
	if alias.Name == "" {
		return nil, false, errors.New("missing name in alias")
	}
	if e, err := s.byAlias(ctx, alias.MountAccessor, alias.Name); !errors.Is(err, ErrNotFound) {
		if err != nil || e.aliasAt(alias.MountAccessor, alias.Name).hasMetadata(alias.Metadata) {
			return e, false, err
		}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	before, err := s.byAlias(ctx, alias.MountAccessor, alias.Name)
	switch {
	case err == nil:
		entity = before.clone()
		known := entity.aliasAt(alias.MountAccessor, alias.Name)
		known.Metadata, known.Updated = alias.Metadata, s.now()
	case errors.Is(err, ErrNotFound):
		created = true
		if entity, err = s.newEntity(ctx); err != nil {
			return nil, false, err
		}
		if err := s.giveID(ctx, &alias); err != nil {
			return nil, false, err
		}
		entity.Aliases = []Alias{alias}
	default:
		return nil, false, err
	}
	return entity, created, s.put(ctx, entity, before)
}

// newEntity returns an entity that is not stored yet.
func (s *Store) newEntity(ctx context.Context) (*Entity, error) {
	id, name, err := s.madeUp(ctx, "entity")
	return &Entity{ID: id, Name: name, Created: s.now()}, err
}

// giveID completes a new alias.
func (s *Store) giveID(ctx context.Context, alias *Alias) error {
	id, err := uuid.GenerateUUID()
	alias.ID, alias.Created = namespace.From(ctx).Mark(id), s.now()
	return err
}

// madeUp returns an ID and a name for something new.
func (s *Store) madeUp(ctx context.Context, kind string) (id, name string, err error) {
	ns := namespace.From(ctx)
	if id, err = uuid.GenerateUUID(); err != nil {
		return "", "", err
	}
	random, err := uuid.GenerateRandomBytes(4)
	if err != nil {
		return "", "", err
	}
	name = fmt.Sprintf("%s_%x", kind, random)
	if s.differs.NamedAfterNamespace {
		name += "." + ns.ID
	}
	return ns.Mark(id), name, nil
}

func (s *Store) now() time.Time { return s.clock.Now().UTC() }

// put stores an entity in place of before, which is nil for a new one. What finds it
// comes after it, so that nothing is found that isn't there.
func (s *Store) put(ctx context.Context, e, before *Entity) error {
	raw, err := logical.StorageEntryJSON(entityPrefix+e.ID, e)
	if err != nil {
		return err
	}
	if err := s.storage.Put(ctx, raw); err != nil {
		return fmt.Errorf("store an entity: %w", err)
	}
	s.forget(e.ID)
	old := before.indexKeys()
	for key := range e.indexKeys() {
		if old[key] {
			delete(old, key)
			continue
		}
		if err := s.storage.Put(ctx, &logical.StorageEntry{Key: key, Value: []byte(e.ID)}); err != nil {
			return fmt.Errorf("store an entity: %w", err)
		}
	}
	return s.drop(ctx, old, e.ID)
}

// drop deletes keys that found an entity, and no other one since.
func (s *Store) drop(ctx context.Context, keys map[string]bool, id string) error {
	for key := range keys {
		raw, err := s.storage.Get(ctx, key)
		if err == nil && raw != nil && string(raw.Value) == id {
			err = s.storage.Delete(ctx, key)
		}
		if err != nil {
			return fmt.Errorf("store an entity: %w", err)
		}
	}
	return nil
}

// forget is for an entity whose original was changed.
func (s *Store) forget(id string) {
	s.entities.Forget(id)
	s.rights.Forget(id)
	s.changed(id)
}

// delete removes an entity, also from its groups.
func (s *Store) delete(ctx context.Context, e *Entity) error {
	groups, err := s.groupsWith(ctx, e.ID)
	if err != nil {
		return err
	}
	for _, g := range groups {
		g = g.clone()
		g.removeEntity(e.ID)
		if err := s.putGroup(ctx, g); err != nil {
			return err
		}
	}
	if err := s.storage.Delete(ctx, entityPrefix+e.ID); err != nil {
		return fmt.Errorf("delete an entity: %w", err)
	}
	s.forget(e.ID)
	return s.drop(ctx, e.indexKeys(), e.ID)
}

// Get returns an entity by ID. It is shared and must not be changed.
func (s *Store) Get(ctx context.Context, id string) (*Entity, error) {
	if !namespace.From(ctx).Owns(id) {
		return nil, ErrNotFound
	}
	return load(ctx, s.storage, s.entities, entityPrefix, id)
}

// load returns a value of that type by ID, from the cache or from storage.
func load[V any](ctx context.Context, storage logical.Storage, kept *cache.Cache[*V], prefix, id string) (*V, error) {
	return kept.Get(id, func() (*V, error) {
		raw, err := storage.Get(ctx, prefix+id)
		if err != nil {
			return nil, fmt.Errorf("read %s%s: %w", prefix, id, err)
		}
		if raw == nil {
			return nil, ErrNotFound
		}
		v := new(V)
		if err := raw.DecodeJSON(v); err != nil {
			return nil, fmt.Errorf("decode %s%s: %w", prefix, id, err)
		}
		return v, nil
	})
}

// Current returns an entity by ID, or the one that it was merged into.
func (s *Store) Current(ctx context.Context, id string) (*Entity, error) {
	e, err := s.Get(ctx, id)
	if !errors.Is(err, ErrNotFound) {
		return e, err
	}
	e, err = s.byKey(ctx, mergedPrefix+id)
	if err == nil && !e.wasMerged(id) {
		return nil, ErrNotFound
	}
	return e, err
}

// all returns the entities of a namespace by their IDs, sorted.
func (s *Store) all(ctx context.Context) ([]*Entity, error) {
	return loadAll(ctx, s.storage, entityPrefix, s.Get)
}

// loadAll returns everything below a prefix that get still finds.
func loadAll[V any](ctx context.Context, storage logical.Storage, prefix string, get func(context.Context, string) (*V, error)) ([]*V, error) {
	ids, err := storage.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var all []*V
	for _, id := range ids {
		v, err := get(ctx, id)
		if errors.Is(err, ErrNotFound) { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// first returns the first entity that a condition holds for.
func (s *Store) first(ctx context.Context, holds func(*Entity) bool) (*Entity, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if holds(e) {
			return e, nil
		}
	}
	return nil, ErrNotFound
}

// byName returns an entity by its name.
func (s *Store) byName(ctx context.Context, name string) (*Entity, error) {
	e, err := s.byKey(ctx, nameKey(name))
	if err == nil && !strings.EqualFold(e.Name, name) {
		return nil, ErrNotFound // it was renamed
	}
	return e, err
}

// byAlias returns the entity that logs in under a name at a mount.
func (s *Store) byAlias(ctx context.Context, accessor, name string) (*Entity, error) {
	e, err := s.byKey(ctx, aliasKey(accessor, name))
	if err == nil && e.aliasAt(accessor, name) == nil {
		return nil, ErrNotFound // it was moved
	}
	return e, err
}

// byAliasID returns the entity with an alias, and the alias.
func (s *Store) byAliasID(ctx context.Context, id string) (*Entity, *Alias, error) {
	e, err := s.first(ctx, func(e *Entity) bool { return e.alias(id) != nil })
	if err != nil {
		return nil, nil, err
	}
	return e, e.alias(id), nil
}

// byKey follows one of the keys of an entity that find it.
func (s *Store) byKey(ctx context.Context, key string) (*Entity, error) {
	raw, err := s.storage.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("look up an entity: %w", err)
	}
	if raw == nil {
		return nil, ErrNotFound
	}
	return s.Get(ctx, string(raw.Value))
}

func nameKey(name string) string { return namePrefix + strings.ToLower(name) }

func aliasKey(accessor, name string) string {
	return aliasPrefix + accessor + "/" + base64.RawURLEncoding.EncodeToString([]byte(strings.ToLower(name)))
}
