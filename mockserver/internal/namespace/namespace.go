// SPDX-License-Identifier: MPL-2.0

// Package namespace keeps the namespaces of a server. A namespace is a prefix of the
// paths of its mounts and has tokens, policies and entities of its own. Requests carry
// theirs in their context.
package namespace

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RootID is the ID of the root namespace.
const RootID = "root"

// Namespace is one namespace. It is a value and never changed; see Store.Update.
type Namespace struct {
	// ID ends the IDs of tokens, leases and entities of the namespace.
	ID   string `json:"id"`
	UUID string `json:"uuid"`
	// Path is the whole path with a slash at its end; empty for the root.
	Path     string            `json:"path"`
	Metadata map[string]string `json:"custom_metadata"`
	// UnlockKey unlocks a locked namespace; empty for one that is not locked.
	UnlockKey string `json:"unlock_key"`
	// Tainted namespaces are being deleted: requests are refused.
	Tainted bool `json:"tainted"`
}

// Root returns the root namespace.
func Root() *Namespace {
	return &Namespace{ID: RootID, UUID: "00000000-0000-0000-0000-000000000000", Metadata: map[string]string{}}
}

// IsRoot reports whether n is the root namespace.
func (n *Namespace) IsRoot() bool { return n.ID == RootID }

// Locked reports whether n itself is locked.
func (n *Namespace) Locked() bool { return n.UnlockKey != "" }

// Contains reports whether other is n or lies below it.
func (n *Namespace) Contains(other *Namespace) bool { return strings.HasPrefix(other.Path, n.Path) }

// Mark returns an ID as IDs of the namespace are: with its own ID at the end, unless it
// is the root.
func (n *Namespace) Mark(id string) string {
	if n.IsRoot() {
		return id
	}
	return id + "." + n.ID
}

// Owns reports whether an ID is marked as one of the namespace.
func (n *Namespace) Owns(id string) bool {
	mark := MarkOf(id)
	return mark == n.ID || mark == "" && n.IsRoot()
}

// MarkOf returns the ID of the namespace that ends a token, an accessor or a lease ID;
// empty for none (SplitIDFromString in OpenBao's helper/namespace/namespace.go).
func MarkOf(id string) string {
	last := id[strings.LastIndex(id, "/")+1:]
	for _, prefix := range []string{"b.", "s.", "hvb.", "hvs."} {
		if rest, ok := strings.CutPrefix(last, prefix); ok {
			last = rest
			break
		}
	}
	_, mark := lastCut(last)
	return mark
}

// Unmark returns an ID without the namespace's at its end.
func Unmark(id string) string {
	if mark := MarkOf(id); mark != "" {
		return strings.TrimSuffix(id, "."+mark)
	}
	return id
}

func lastCut(s string) (before, after string) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// Canonical returns a path as namespaces have it: no slash at the start, one at the
// end; empty for the root.
func Canonical(p string) string {
	p = path.Clean(strings.TrimPrefix(p, "/"))
	if p == "." {
		return ""
	}
	return strings.TrimSuffix(p, "/") + "/"
}

// reserved returns the words that no namespace may have as its name.
func reserved() []string {
	return []string{"", ".", "..", "root", "sys", "audit", "auth", "cubbyhole", "identity"}
}

// CheckName returns what is wrong with the name of a new namespace, a canonical path of
// one segment.
func CheckName(name string) error {
	segment := strings.TrimSuffix(name, "/")
	for _, r := range segment {
		switch {
		case !utf8.ValidRune(r):
			return fmt.Errorf("%q contains invalid utf-8 characters that cannot be used in a namespace name: %q", segment, r)
		case !unicode.IsGraphic(r):
			return fmt.Errorf("%q contains unicode characters that cannot be used in a namespace name: %q", segment, r)
		case unicode.IsSpace(r):
			return fmt.Errorf("%q contains space characters that cannot be used in a namespace name", segment)
		case r == '+' || r == '*':
			return fmt.Errorf("%q contains wildcard characters that cannot be used in a namespace name: %q", segment, r)
		}
	}
	return nil
}

// ParseName returns the canonical form of the name of a namespace within another.
func ParseName(input string) (string, error) {
	name := Canonical(input)
	switch segment := strings.TrimSuffix(name, "/"); {
	case name == "":
		return "", fmt.Errorf("namespace name cannot be empty")
	case strings.Contains(segment, "/"):
		return "", fmt.Errorf("namespace name cannot contain /")
	case slices.Contains(reserved(), segment):
		return "", fmt.Errorf("%q is a reserved path and cannot be used as a namespace name", name)
	}
	return name, nil
}

// Covers reports whether a path is one of those listed or lies below one.
func Covers(list []string, path string) bool {
	return slices.ContainsFunc(list, func(listed string) bool {
		return path == listed || strings.HasPrefix(path, listed+"/")
	})
}

type contextKey struct{}

// With returns a context of a request to the namespace.
func With(ctx context.Context, n *Namespace) context.Context {
	return context.WithValue(ctx, contextKey{}, n)
}

// From returns the namespace of a request; the root where none is given.
func From(ctx context.Context) *Namespace {
	if n, ok := ctx.Value(contextKey{}).(*Namespace); ok {
		return n
	}
	return Root()
}
