// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage/cache"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

// ErrNotFound is returned for policies that don't exist.
var ErrNotFound = errors.New("no such policy")

// cacheLimit bounds the parsed policies and the ACLs in memory.
const cacheLimit = 4096

// Stored is a policy as it lies in storage.
type Stored struct {
	Name string `json:"name"`
	Raw  string `json:"raw"`
	// Version counts the writes, the first is 1.
	Version int `json:"version"`
	// CASRequired: writes must name the version they replace.
	CASRequired bool      `json:"cas_required"`
	Modified    time.Time `json:"modified"`
	// Expiration is when the policy is removed; zero for never.
	Expiration time.Time `json:"expiration,omitzero"`
	// AllowSlashes and AllowWildcards are about values from identity templates.
	AllowSlashes   bool `json:"allow_slashes_in_identity_templates,omitempty"`
	AllowWildcards bool `json:"allow_wildcards_in_identity_templates,omitempty"`
}

// Store holds policies by name, in lower case, and the ACLs made of them. It is
// safe for concurrent use. A change counts from the next request on.
type Store struct {
	storage logical.Storage
	extras  Extras
	// policies and acls are by namespace and name or names.
	policies *cache.Cache[*Policy]
	acls     *cache.Cache[*ACL]
	locks    keylock.Locks
}

// NewStore opens the store and writes the default policy if there is none. Policies
// are those of the namespace of the context with which they are asked for, if storage
// is namespace.Scoped.
func NewStore(ctx context.Context, storage logical.Storage, extras Extras) (*Store, error) {
	s := &Store{
		storage: storage, extras: extras,
		policies: cache.New[*Policy](cacheLimit), acls: cache.New[*ACL](cacheLimit),
	}
	return s, s.Open(ctx)
}

// Open writes the default policy of a namespace if there is none.
func (s *Store) Open(ctx context.Context) error {
	_, err := s.Get(ctx, Default)
	if errors.Is(err, ErrNotFound) {
		return s.Put(ctx, Stored{Name: Default, Raw: withoutPaths(defaultPolicy, s.extras.DefaultLacks)}, nil)
	}
	return err
}

// key is the name of a policy, or of several, among those of all namespaces.
func key(ctx context.Context, name string) string {
	return namespace.From(ctx).ID + "\x00" + name
}

// Normal is a policy's name as the store uses it.
func Normal(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Check parses a policy without storing it.
func (s *Store) Check(text string) error {
	_, err := Parse("", text, s.extras)
	return err
}

// Get returns a policy's text, also of the built-in ones.
func (s *Store) Get(ctx context.Context, name string) (Stored, error) {
	name = Normal(name)
	switch name {
	case Root:
		return Stored{Name: Root}, nil
	case Wrapping:
		return Stored{Name: Wrapping, Raw: wrappingPolicy, Version: 1}, nil
	}
	raw, err := s.storage.Get(ctx, name)
	if err != nil {
		return Stored{}, fmt.Errorf("failed to read policy: %w", err)
	}
	if raw == nil {
		return Stored{}, ErrNotFound
	}
	var stored Stored
	if err := raw.DecodeJSON(&stored); err != nil {
		return Stored{}, fmt.Errorf("failed to parse policy: %w", err)
	}
	if over(stored.Expiration, s.extras.now()) {
		if err := s.storage.Delete(ctx, name); err != nil {
			return Stored{}, fmt.Errorf("failed to remove expired policy: %w", err)
		}
		return Stored{}, ErrNotFound
	}
	return stored, nil
}

// Put writes a policy. With cas the policy must have that version; -1 means
// that it must not exist.
func (s *Store) Put(ctx context.Context, p Stored, cas *int) error {
	p.Name = Normal(p.Name)
	if p.Name == Root || p.Name == Wrapping {
		return fmt.Errorf("cannot update %q policy", p.Name)
	}
	unlock, err := s.locks.Lock(ctx, key(ctx, p.Name))
	if err != nil {
		return err
	}
	defer unlock()
	old, err := s.Get(ctx, p.Name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := checkVersion(old, p, cas, err == nil); err != nil {
		return err
	}
	p.Version, p.Modified = old.Version+1, s.extras.now()
	raw, err := logical.StorageEntryJSON(p.Name, p)
	if err != nil {
		return fmt.Errorf("failed to create entry: %w", err)
	}
	defer s.forget(ctx, p.Name)
	if err := s.storage.Put(ctx, raw); err != nil {
		return fmt.Errorf("failed to persist policy: %w", err)
	}
	return nil
}

func checkVersion(old, p Stored, cas *int, exists bool) error {
	switch {
	case cas == nil && (old.CASRequired || p.CASRequired):
		return errors.New("check-and-set parameter required for this call")
	case cas == nil:
		return nil
	case *cas == -1 && exists:
		return errors.New("check-and-set parameter set to -1 on existing entry")
	case *cas != -1 && *cas != old.Version:
		return errors.New("check-and-set parameter did not match the current version")
	}
	return nil
}

// Delete removes a policy, if it exists and isn't built in.
func (s *Store) Delete(ctx context.Context, name string) error {
	name = Normal(name)
	switch name {
	case Root, Wrapping:
		return fmt.Errorf("cannot delete %q policy", name)
	case Default:
		return errors.New("cannot delete default policy")
	}
	defer s.forget(ctx, name)
	if err := s.storage.Delete(ctx, name); err != nil {
		return fmt.Errorf("failed to delete policy: %w", err)
	}
	return nil
}

// forget drops everything that was made of a policy, also ACLs that were made
// while it didn't exist.
func (s *Store) forget(ctx context.Context, name string) {
	s.policies.Forget(key(ctx, name))
	path := namespace.From(ctx).Path
	s.acls.ForgetIf(func(a *ACL) bool { return a.home == path && slices.Contains(a.names, name) })
}

// ForgetEntity drops the ACLs that were filled in with an entity; without an ID, with any
// entity.
func (s *Store) ForgetEntity(id string) {
	s.acls.ForgetIf(func(a *ACL) bool { return a.entity != "" && (id == "" || a.entity == id) })
}

// List returns the names below a prefix, without root.
func (s *Store) List(ctx context.Context, prefix string) ([]string, error) {
	return logical.CollectKeysWithPrefix(ctx, s.storage, prefix)
}

// Caller is what templates of policies know of whom an ACL is for.
type Caller struct {
	// Entity is nil for one without.
	Entity *logical.Entity
	// Groups are those of the entity.
	Groups []*logical.Group
}

// ACL returns the sum of the named policies for a caller. Names without a policy allow
// nothing. It allows nothing outside of the namespace of ctx.
func (s *Store) ACL(ctx context.Context, names []string, caller Caller) (*ACL, error) {
	sum := key(ctx, strings.Join(names, "\x00"))
	if caller.Entity != nil {
		sum += "\x00\x00" + caller.Entity.ID
	}
	load := func() (*ACL, error) {
		var policies []*Policy
		for _, name := range names {
			p, err := s.parsed(ctx, Normal(name))
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			policies = append(policies, p)
		}
		acl := newACL(namespace.From(ctx), policies, caller, s.extras)
		acl.names = slices.Clone(names)
		return acl, nil
	}
	acl, err := s.acls.Get(sum, load)
	if err == nil && over(acl.ends, s.extras.now()) {
		for _, name := range names {
			s.policies.Forget(key(ctx, Normal(name)))
		}
		s.acls.Forget(sum)
		acl, err = s.acls.Get(sum, load)
	}
	return acl, err
}

func (s *Store) parsed(ctx context.Context, name string) (*Policy, error) {
	return s.policies.Get(key(ctx, name), func() (*Policy, error) {
		stored, err := s.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		p, err := Parse(name, stored.Raw, s.extras)
		if err != nil {
			return nil, err
		}
		p.expires, p.blocked = stored.Expiration, s.extras.blocked(stored)
		return p, nil
	})
}
