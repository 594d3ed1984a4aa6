// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import "sync"

// table is what a breaker remembers of one server. It may be used by several
// goroutines.
type table struct {
	mu      sync.Mutex
	entries map[string]any
}

func (t *table) put(key string, value any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entries == nil {
		t.entries = map[string]any{}
	}
	t.entries[key] = value
}

func (t *table) get(key string) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.entries[key]
}

func (t *table) drop(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.entries, key)
}
