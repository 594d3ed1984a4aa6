// SPDX-License-Identifier: MPL-2.0

// Package keylock locks one of many keys, such as one lease, while work on the
// others goes on. Unlike a mutex, a lock may be held during calls of plugins and
// storage, and whoever waits for it may give up.
package keylock

import (
	"context"
	"sync"
)

// Locks are locks by key. The zero value is ready; it is safe for concurrent
// use.
type Locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// Lock waits until nobody else holds the key, or until ctx ends. The caller
// must call unlock once.
func (l *Locks) Lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		free, ok := l.try(key)
		if ok {
			return func() { l.unlock(key) }, nil
		}
		select {
		case <-free:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// try locks the key if it is free; otherwise the channel closes when it is.
func (l *Locks) try(key string) (<-chan struct{}, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if free, locked := l.held[key]; locked {
		return free, false
	}
	if l.held == nil {
		l.held = make(map[string]chan struct{})
	}
	l.held[key] = make(chan struct{})
	return nil, true
}

func (l *Locks) unlock(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[key])
	delete(l.held, key)
}
