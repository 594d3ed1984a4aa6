// SPDX-License-Identifier: MPL-2.0

package password

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// ErrNotFound is returned for a policy that does not exist.
var ErrNotFound = errors.New("no password policy found")

// Store keeps policies by name. It has no state but its storage.
type Store struct{ storage logical.Storage }

// NewStore returns the store over its part of the storage.
func NewStore(storage logical.Storage) *Store { return &Store{storage} }

type stored struct {
	Policy string `json:"policy"`
}

// Names returns the names of all policies.
func (s *Store) Names(ctx context.Context) ([]string, error) {
	return logical.CollectKeys(ctx, s.storage)
}

// Raw returns a policy as it was written. The error wraps ErrNotFound.
func (s *Store) Raw(ctx context.Context, name string) (string, error) {
	entry, err := s.storage.Get(ctx, name)
	if err != nil {
		return "", fmt.Errorf("failed to retrieve password policy: %w", err)
	}
	if entry == nil {
		return "", ErrNotFound
	}
	var p stored
	if err := entry.DecodeJSON(&p); err != nil {
		return "", fmt.Errorf("failed to retrieve password policy: %w", err)
	}
	return p.Policy, nil
}

// Put stores a policy that Parse accepts.
func (s *Store) Put(ctx context.Context, name, raw string) error {
	return storage.PutJSON(ctx, s.storage, name, stored{raw})
}

// Delete removes a policy; one that does not exist is not an error.
func (s *Store) Delete(ctx context.Context, name string) error { return s.storage.Delete(ctx, name) }

// Generate returns a password after a policy. The error wraps ErrNotFound.
func (s *Store) Generate(ctx context.Context, name string) (string, error) {
	raw, err := s.Raw(ctx, name)
	if err != nil {
		return "", err
	}
	p, err := Parse(raw)
	if err != nil {
		return "", fmt.Errorf("stored password policy is invalid: %w", err)
	}
	return p.Generate()
}
