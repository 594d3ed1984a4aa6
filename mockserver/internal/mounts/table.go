// SPDX-License-Identifier: MPL-2.0

// Package mounts holds the mount table and finds the mount that a request
// belongs to. The table is a radix tree in memory: a lookup walks the request's
// path once, however many mounts there are, and a change touches one entry.
package mounts

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/armon/go-radix"
)

// ErrNotFound says that no mount has the path.
var ErrNotFound = errors.New("no matching mount")

// InUseError says that a mount has the path already, or lies inside or above
// it. Path is that mount's own path, in its namespace.
type InUseError struct{ Namespace, Path, TablePath string }

func (e *InUseError) Error() string { return "path is already in use at " + e.Path }

// Table is all mounts of a server. All methods may be called concurrently.
type Table struct {
	mu        sync.RWMutex
	tree      *radix.Tree
	accessors map[string]*Route
}

// NewTable returns an empty table.
func NewTable() *Table { return &Table{tree: radix.New(), accessors: map[string]*Route{}} }

// Table paths are those of Entry.TablePath.

// Reserve puts a route in the table. Requests find it only after Ready, so that
// two mounts of one path can't race while their plugins start. The error is an
// *InUseError.
func (t *Table) Reserve(r *Route) error {
	path := r.Entry().TablePath()
	t.mu.Lock()
	defer t.mu.Unlock()
	if other := t.conflict(path); other != nil {
		return inUse(other)
	}
	t.tree.Insert(path, r)
	t.accessors[r.Entry().Accessor] = r
	return nil
}

func inUse(r *Route) *InUseError {
	e := r.Entry()
	return &InUseError{Namespace: e.Namespace, Path: e.Path, TablePath: e.TablePath()}
}

// Conflict returns the mount at, inside or above the full path, or nil.
func (t *Table) Conflict(path string) *Route {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.conflict(path)
}

func (t *Table) conflict(path string) (found *Route) {
	if _, v, ok := t.tree.LongestPrefix(path); ok {
		return v.(*Route)
	}
	t.tree.WalkPrefix(path, func(_ string, v any) bool {
		found = v.(*Route)
		return true
	})
	return found
}

// Ready lets requests reach the route.
func (t *Table) Ready(r *Route) { r.ready.Store(true) }

// Remove takes the route out of the table, unless another one has its place.
func (t *Table) Remove(r *Route) {
	path := r.Entry().TablePath()
	t.mu.Lock()
	defer t.mu.Unlock()
	if v, ok := t.tree.Get(path); ok && v.(*Route) == r {
		t.tree.Delete(path)
		delete(t.accessors, r.Entry().Accessor)
	}
}

// Move makes the route reachable at the full path to instead of from, in one
// step. Its entry is the caller's to change. The error is an *InUseError, or
// wraps ErrNotFound if the route is not at from.
func (t *Table) Move(r *Route, from, to string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v, ok := t.tree.Get(from); !ok || v.(*Route) != r {
		return fmt.Errorf("%w: %q", ErrNotFound, from)
	}
	t.tree.Delete(from)
	if other := t.conflict(to); other != nil {
		t.tree.Insert(from, r)
		return inUse(other)
	}
	t.tree.Insert(to, r)
	return nil
}

// WithAccessor returns the mount with that accessor. The error wraps ErrNotFound.
func (t *Table) WithAccessor(accessor string) (*Route, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if r, ok := t.accessors[accessor]; ok && r.ready.Load() {
		return r, nil
	}
	return nil, fmt.Errorf("%w: accessor %q", ErrNotFound, accessor)
}

// Match returns the mount that a request's path belongs to and its full path.
// A path that names a mount without its slash belongs to it too. The error
// wraps ErrNotFound.
func (t *Table) Match(path string) (*Route, string, error) {
	t.mu.RLock()
	mount, v, ok := t.tree.LongestPrefix(path)
	if !ok && !strings.HasSuffix(path, "/") {
		mount, v, ok = t.tree.LongestPrefix(path + "/")
	}
	t.mu.RUnlock()
	if !ok || !v.(*Route).ready.Load() {
		return nil, "", fmt.Errorf("%w: %q", ErrNotFound, path)
	}
	return v.(*Route), mount, nil
}

// Exact returns the mount at exactly the full path. The error wraps
// ErrNotFound.
func (t *Table) Exact(path string) (*Route, error) {
	r, mount, err := t.Match(path)
	if err != nil || mount != path {
		return nil, fmt.Errorf("%w: %q", ErrNotFound, path)
	}
	return r, nil
}

// All returns the mounts that requests can reach, sorted by full path.
func (t *Table) All() []*Route {
	t.mu.RLock()
	defer t.mu.RUnlock()
	routes := make([]*Route, 0, t.tree.Len())
	t.tree.Walk(func(_ string, v any) bool {
		if r := v.(*Route); r.ready.Load() {
			routes = append(routes, r)
		}
		return false
	})
	return routes
}

// Root reports whether a request's path is one of its backend's root paths, which
// need sudo. The route's backend must have been started.
func (b *Backend) Root(path string) bool { return b.root.has(path) }

// Login reports whether a request's path, without the mount's own, needs no
// token.
func (b *Backend) Login(path string) bool { return b.login.has(path) }
