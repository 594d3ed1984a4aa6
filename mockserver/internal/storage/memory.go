// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"context"
	"slices"
	"sync"

	"github.com/armon/go-radix"
)

// Memory is a Physical that is gone with the process. The zero value is not
// usable; see NewMemory.
type Memory struct {
	mu   sync.RWMutex
	tree *radix.Tree
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{tree: radix.New()} }

// Get implements Physical.
func (m *Memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, ok := m.tree.Get(key)
	if !ok {
		return nil, nil
	}
	return slices.Clone(value.([]byte)), nil
}

// Put implements Physical.
func (m *Memory) Put(_ context.Context, key string, value []byte) error {
	value = append([]byte{}, value...)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tree.Insert(key, value)
	return nil
}

// Delete implements Physical.
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tree.Delete(key)
	return nil
}

// List implements Physical.
func (m *Memory) List(_ context.Context, prefix string) ([]string, error) {
	var names []string
	m.mu.RLock()
	defer m.mu.RUnlock()
	m.tree.WalkPrefix(prefix, func(key string, _ any) bool {
		name := nameBelow(key, prefix)
		// The tree walks in order, so that a folder's keys are neighbours.
		if n := len(names); n == 0 || names[n-1] != name {
			names = append(names, name)
		}
		return false
	})
	return names, nil
}

// Keys implements Physical.
func (m *Memory) Keys(_ context.Context, prefix string) ([]string, error) {
	var keys []string
	m.mu.RLock()
	defer m.mu.RUnlock()
	m.tree.WalkPrefix(prefix, func(key string, _ any) bool {
		keys = append(keys, key)
		return false
	})
	return keys, nil
}

// Apply implements Physical.
func (m *Memory) Apply(_ context.Context, writes map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, value := range writes {
		if value == nil {
			m.tree.Delete(key)
			continue
		}
		m.tree.Insert(key, append([]byte{}, value...))
	}
	return nil
}

// Clear implements Physical.
func (m *Memory) Clear(_ context.Context, prefix string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tree.DeletePrefix(prefix)
	return nil
}

// Close implements Physical; a closed Memory goes on working.
func (m *Memory) Close() error { return nil }
