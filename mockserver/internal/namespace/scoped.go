// SPDX-License-Identifier: MPL-2.0

package namespace

import (
	"context"

	"github.com/hashicorp/vault/sdk/logical"
)

// scoped is a storage of which each namespace has a part of its own, that of the
// context with which it is asked.
type scoped struct {
	base   logical.Storage
	folder string
}

// Scoped returns a folder, with its slash at the end, that each namespace has for
// itself. The root's is at its name in base, those of others below namespaces/.
func Scoped(base logical.Storage, folder string) logical.Storage { return scoped{base, folder} }

// Clear removes what the namespace of ctx has in all of its folders below base. There
// is nothing to clear in the root.
func Clear(ctx context.Context, base logical.Storage) error {
	if From(ctx).IsRoot() {
		return nil
	}
	return logical.ClearView(ctx, logical.NewStorageView(base, scoped{}.prefix(ctx)))
}

func (s scoped) prefix(ctx context.Context) string {
	if n := From(ctx); !n.IsRoot() {
		return "namespaces/" + n.UUID + "/" + s.folder
	}
	return s.folder
}

func (s scoped) view(ctx context.Context) logical.Storage {
	return logical.NewStorageView(s.base, s.prefix(ctx))
}

// List implements logical.Storage.
func (s scoped) List(ctx context.Context, prefix string) ([]string, error) {
	return s.view(ctx).List(ctx, prefix)
}

// Get implements logical.Storage.
func (s scoped) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	return s.view(ctx).Get(ctx, key)
}

// Put implements logical.Storage.
func (s scoped) Put(ctx context.Context, entry *logical.StorageEntry) error {
	return s.view(ctx).Put(ctx, entry)
}

// Delete implements logical.Storage.
func (s scoped) Delete(ctx context.Context, key string) error {
	return s.view(ctx).Delete(ctx, key)
}
