// SPDX-License-Identifier: MPL-2.0

// Package identity knows who logs in: each alias, a name at an auth mount,
// belongs to an entity, which its logins' tokens carry. That is as far as it
// goes, but for the keys that mounts name; groups, merging and identity tokens aren't
// emulated.
package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage/cache"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

// ErrNotFound is returned for entities that don't exist.
var ErrNotFound = errors.New("no such entity")

// The keys below the store's storage.
const (
	entityPrefix = "entity/" // by ID
	namePrefix   = "name/"   // by name: the ID
	aliasPrefix  = "alias/"  // mount accessor / encoded name: the entity's ID
)

// cacheLimit bounds the entities in memory.
const cacheLimit = 4096

// Entity is somebody who logs in.
type Entity struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Aliases []Alias   `json:"aliases"`
	Created time.Time `json:"creation_time"`
}

// Alias is the name under which an entity logs in at one mount.
type Alias struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	MountAccessor string            `json:"mount_accessor"`
	MountType     string            `json:"mount_type"`
	MountPath     string            `json:"mount_path"`
	Metadata      map[string]string `json:"metadata"`
	Local         bool              `json:"local"`
	Created       time.Time         `json:"creation_time"`
}

// NamespaceID is the ID of the entity's namespace.
func (e *Entity) NamespaceID() string {
	if mark := namespace.MarkOf(e.ID); mark != "" {
		return mark
	}
	return namespace.RootID
}

// ForPolicies is the entity as policies and plugins see it.
func (e *Entity) ForPolicies() *logical.Entity {
	out := &logical.Entity{ID: e.ID, Name: e.Name, NamespaceID: e.NamespaceID()}
	for _, a := range e.Aliases {
		out.Aliases = append(out.Aliases, &logical.Alias{
			ID: a.ID, Name: a.Name, MountAccessor: a.MountAccessor, MountType: a.MountType,
			Metadata: a.Metadata, Local: a.Local, NamespaceID: e.NamespaceID(),
		})
	}
	return out
}

// Store keeps entities in storage. It is safe for concurrent use.
type Store struct {
	storage logical.Storage
	// marked: made up names end in the ID of their namespace, also of the root.
	marked bool
	// mountsWithKey returns the mounts that name a key.
	mountsWithKey func(ctx context.Context, key string) []string
	// entities are by ID, which says the namespace.
	entities *cache.Cache[*Entity]
	locks    keylock.Locks
}

// NewStore returns the entities in that storage, those of the namespace of the context
// with which they are asked for if it is namespace.Scoped. If marked, the names made up
// for them end in the ID of their namespace. Keys that mountsWithKey returns mounts for
// cannot be deleted.
func NewStore(storage logical.Storage, marked bool, mountsWithKey func(ctx context.Context, key string) []string) *Store {
	return &Store{storage: storage, marked: marked, mountsWithKey: mountsWithKey, entities: cache.New[*Entity](cacheLimit)}
}

// ForAlias returns the entity of an alias, which is made on its first login.
// The alias's mount and name tell it from others.
func (s *Store) ForAlias(ctx context.Context, alias Alias) (entity *Entity, created bool, err error) {
	if alias.Name == "" {
		return nil, false, errors.New("missing name in alias")
	}
	key := aliasPrefix + alias.MountAccessor + "/" + base64.RawURLEncoding.EncodeToString([]byte(alias.Name))
	unlock, err := s.locks.Lock(ctx, namespace.From(ctx).ID+"/"+key)
	if err != nil {
		return nil, false, err
	}
	defer unlock()
	raw, err := s.storage.Get(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("read an alias: %w", err)
	}
	if raw != nil {
		entity, err = s.Get(ctx, string(raw.Value))
		return entity, false, err
	}
	entity, err = s.create(ctx, alias, key)
	return entity, err == nil, err
}

func (s *Store) create(ctx context.Context, alias Alias, key string) (*Entity, error) {
	id, err := uuid.GenerateUUID()
	if err != nil {
		return nil, err
	}
	if alias.ID, err = uuid.GenerateUUID(); err != nil {
		return nil, err
	}
	ns := namespace.From(ctx)
	id, alias.ID = ns.Mark(id), ns.Mark(alias.ID)
	random, err := uuid.GenerateRandomBytes(4)
	if err != nil {
		return nil, err
	}
	alias.Created = time.Now().UTC()
	name := fmt.Sprintf("entity_%x", random)
	if s.marked {
		name += "." + ns.ID
	}
	e := &Entity{ID: id, Name: name, Aliases: []Alias{alias}, Created: alias.Created}
	raw, err := logical.StorageEntryJSON(entityPrefix+id, e)
	if err != nil {
		return nil, err
	}
	// The alias comes last: it is what finds the others.
	for _, entry := range []*logical.StorageEntry{
		raw, {Key: namePrefix + e.Name, Value: []byte(id)}, {Key: key, Value: []byte(id)},
	} {
		if err := s.storage.Put(ctx, entry); err != nil {
			return nil, fmt.Errorf("store an entity: %w", err)
		}
	}
	return e, nil
}

// Get returns an entity by ID. It is shared and must not be changed.
func (s *Store) Get(ctx context.Context, id string) (*Entity, error) {
	if !namespace.From(ctx).Owns(id) {
		return nil, ErrNotFound
	}
	return s.entities.Get(id, func() (*Entity, error) {
		raw, err := s.storage.Get(ctx, entityPrefix+id)
		if err != nil {
			return nil, fmt.Errorf("read an entity: %w", err)
		}
		if raw == nil {
			return nil, ErrNotFound
		}
		e := &Entity{}
		if err := raw.DecodeJSON(e); err != nil {
			return nil, fmt.Errorf("decode an entity: %w", err)
		}
		return e, nil
	})
}

// byKey follows a name or an alias to its entity.
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

// ByName returns an entity by its name.
func (s *Store) ByName(ctx context.Context, name string) (*Entity, error) {
	return s.byKey(ctx, namePrefix+name)
}

// ByAlias returns the entity that logs in under a name at a mount.
func (s *Store) ByAlias(ctx context.Context, accessor, name string) (*Entity, error) {
	return s.byKey(ctx, aliasPrefix+accessor+"/"+base64.RawURLEncoding.EncodeToString([]byte(name)))
}
