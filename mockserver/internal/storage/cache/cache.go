// SPDX-License-Identifier: MPL-2.0

// Package cache keeps decoded copies of what storage holds. A copy is
// forgotten as soon as its original is written, and a load that was under way
// meanwhile is not kept, so that nothing stale outlives a write.
package cache

import "sync"

// Cache holds values by key. Values are shared between callers and must not
// be changed. It is safe for concurrent use; no lock is held while loading.
type Cache[V any] struct {
	limit int

	mu     sync.RWMutex
	values map[string]V
	// writes counts what was forgotten: a load that saw another count before it
	// began may have read something older than the last write.
	writes uint64
}

// New returns a cache of at most limit values.
func New[V any](limit int) *Cache[V] {
	return &Cache[V]{limit: limit, values: make(map[string]V)}
}

// Get returns the value, calling load if it isn't kept. Errors aren't kept.
func (c *Cache[V]) Get(key string, load func() (V, error)) (V, error) {
	c.mu.RLock()
	v, ok := c.values[key]
	before := c.writes
	c.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, err := load()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes == before {
		c.makeRoom()
		c.values[key] = v
	}
	return v, nil
}

// makeRoom drops an arbitrary value when the cache is full: what is dropped by
// mistake is only loaded again.
func (c *Cache[V]) makeRoom() {
	if len(c.values) < c.limit {
		return
	}
	for key := range c.values {
		delete(c.values, key)
		return
	}
}

// Forget drops a value. Call it after the write to storage.
func (c *Cache[V]) Forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	delete(c.values, key)
}

// ForgetIf drops every value that stale reports.
func (c *Cache[V]) ForgetIf(stale func(V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	for key, v := range c.values {
		if stale(v) {
			delete(c.values, key)
		}
	}
}
