// SPDX-License-Identifier: MPL-2.0

// Package turn lets one goroutine at a time work on one thing of many, such
// as one lease, while work on the others goes on. It is not a lock over shared
// state: a holder may call plugins and storage, and a waiter may give up.
package turn

import (
	"context"
	"sync"
)

// Turns hands out turns by key. The zero value is ready; it is safe for
// concurrent use.
type Turns struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// Take waits until nobody else holds the key, or until ctx ends. The caller
// ends its turn by calling done, once.
func (t *Turns) Take(ctx context.Context, key string) (done func(), err error) {
	for {
		free, ok := t.try(key)
		if ok {
			return func() { t.end(key) }, nil
		}
		select {
		case <-free:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// try takes the key if it is free; otherwise the channel closes when it is.
func (t *Turns) try(key string) (<-chan struct{}, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if free, taken := t.held[key]; taken {
		return free, false
	}
	if t.held == nil {
		t.held = make(map[string]chan struct{})
	}
	t.held[key] = make(chan struct{})
	return nil, true
}

func (t *Turns) end(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.held[key])
	delete(t.held, key)
}
