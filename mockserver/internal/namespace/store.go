// SPDX-License-Identifier: MPL-2.0

package namespace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-secure-stdlib/base62"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/logical"
)

// ErrNotFound is returned for namespaces that don't exist.
var ErrNotFound = errors.New("namespace not found")

// Store holds the namespaces of a server, in storage and all of them in memory. It is
// safe for concurrent use.
type Store struct {
	storage  logical.Storage
	idLength int

	// changes makes changes happen one after the other; requests don't take it.
	changes sync.Mutex

	mu     sync.RWMutex // guards what follows
	byPath map[string]*Namespace
	byID   map[string]*Namespace
}

// Open reads the namespaces in storage. IDs of new ones have idLength characters.
func Open(ctx context.Context, storage logical.Storage, idLength int) (*Store, error) {
	s := &Store{storage: storage, idLength: idLength, byPath: map[string]*Namespace{}, byID: map[string]*Namespace{}}
	s.keep(Root())
	uuids, err := storage.List(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("list the namespaces: %w", err)
	}
	for _, id := range uuids {
		raw, err := storage.Get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read a namespace: %w", err)
		}
		if raw == nil {
			continue
		}
		n := &Namespace{}
		if err := raw.DecodeJSON(n); err != nil {
			return nil, fmt.Errorf("decode namespace %s: %w", id, err)
		}
		s.keep(n)
	}
	return s, nil
}

func (s *Store) keep(n *Namespace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byPath[n.Path], s.byID[n.ID] = n, n
}

// ByID returns a namespace by its ID. The error is ErrNotFound.
func (s *Store) ByID(id string) (*Namespace, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return found(s.byID[id])
}

// At returns the namespace at a whole canonical path. The error is ErrNotFound.
func (s *Store) At(path string) (*Namespace, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return found(s.byPath[path])
}

func found(n *Namespace) (*Namespace, error) {
	if n == nil {
		return nil, ErrNotFound
	}
	return n, nil
}

// Resolve returns the namespace of a request with that namespace header and path, and
// the path within it. The error is ErrNotFound when the header names no namespace.
func (s *Store) Resolve(header, path string) (*Namespace, string, error) {
	header = Canonical(Canonical(header)) // as servers do: once as they read it, once here
	n, rest := s.Longest(header + path)
	if !strings.HasPrefix(n.Path, header) {
		return nil, "", ErrNotFound
	}
	return n, rest, nil
}

// Longest returns the deepest namespace that a path leads into, and the path within it.
func (s *Store) Longest(path string) (*Namespace, string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	best, slashed := s.byPath[""], strings.TrimSuffix(path, "/")+"/"
	for end := range len(slashed) {
		if slashed[end] != '/' {
			continue
		}
		next, ok := s.byPath[slashed[:end+1]]
		if !ok {
			break
		}
		best = next
	}
	return best, strings.TrimPrefix(path, best.Path)
}

// Below returns the namespaces directly below n, or all with deep, sorted by path.
func (s *Store) Below(n *Namespace, deep bool) []*Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var below []*Namespace
	for path, child := range s.byPath {
		rest, ok := strings.CutPrefix(path, n.Path)
		if ok && rest != "" && (deep || strings.Count(rest, "/") == 1) {
			below = append(below, child)
		}
	}
	slices.SortFunc(below, func(a, b *Namespace) int { return cmp.Compare(a.Path, b.Path) })
	return below
}

// Locking returns the namespace that locks n: the highest locked one of n and those
// above it. The error is ErrNotFound if none is.
func (s *Store) Locking(n *Namespace) (*Namespace, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for end := range len(n.Path) {
		if n.Path[end] != '/' {
			continue
		}
		if above := s.byPath[n.Path[:end+1]]; above != nil && above.Locked() {
			return above, nil
		}
	}
	return nil, ErrNotFound
}

// Create stores a new namespace at a path that has none.
func (s *Store) Create(ctx context.Context, path string, metadata map[string]string) (*Namespace, error) {
	s.changes.Lock()
	defer s.changes.Unlock()
	if _, err := s.At(path); err == nil {
		return nil, errors.New("unable to update when a namespace with this path already exists")
	}
	id, err := s.newID()
	if err != nil {
		return nil, err
	}
	n := &Namespace{ID: id, Path: path, Metadata: metadata}
	if n.UUID, err = uuid.GenerateUUID(); err != nil {
		return nil, err
	}
	return n, s.put(ctx, n)
}

func (s *Store) newID() (string, error) {
	for {
		id, err := base62.Random(s.idLength)
		if err != nil {
			return "", fmt.Errorf("unable to generate namespace identifier: %w", err)
		}
		if _, err := s.ByID(id); err != nil {
			return id, nil
		}
	}
}

// Update stores what change makes of a namespace. Nothing changes if it returns an
// error. The error wraps ErrNotFound if the namespace is gone.
func (s *Store) Update(ctx context.Context, path string, change func(*Namespace) error) (*Namespace, error) {
	s.changes.Lock()
	defer s.changes.Unlock()
	old, err := s.At(path)
	if err != nil {
		return nil, err
	}
	changed := *old
	if err := change(&changed); err != nil {
		return nil, err
	}
	return &changed, s.put(ctx, &changed)
}

func (s *Store) put(ctx context.Context, n *Namespace) error {
	entry, err := logical.StorageEntryJSON(n.UUID, n)
	if err != nil {
		return fmt.Errorf("error marshalling storage entry: %w", err)
	}
	if err := s.storage.Put(ctx, entry); err != nil {
		return fmt.Errorf("error writing namespace: %w", err)
	}
	s.keep(n)
	return nil
}

// Delete removes a namespace of which nothing is left.
func (s *Store) Delete(ctx context.Context, n *Namespace) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	if err := s.storage.Delete(ctx, n.UUID); err != nil {
		return fmt.Errorf("failed to delete namespace storage entry: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byPath, n.Path)
	delete(s.byID, n.ID)
	return nil
}
