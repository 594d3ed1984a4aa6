// SPDX-License-Identifier: MPL-2.0

package core

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"
)

// StorageEntries returns the storage of the plugin at a mount, by key.
func (c *Core) StorageEntries(ctx context.Context, mount string) (map[string][]byte, error) {
	r, err := c.MountAt(ctx, mount)
	if err != nil {
		return nil, err
	}
	keys, err := logical.CollectKeys(ctx, r.Storage)
	if err != nil {
		return nil, err
	}
	entries := make(map[string][]byte, len(keys))
	for _, key := range keys {
		entry, err := r.Storage.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		if entry != nil { // else it was deleted meanwhile
			entries[key] = entry.Value
		}
	}
	return entries, nil
}

// ReplaceStorage makes the storage of the plugin at a mount what entries say, and calls
// the plugin's InvalidateKey with each key that changed. So does a standby that serves
// reads when the active server has written: the change comes past the plugin.
//
// Source: logical.Backend of vault/sdk.
func (c *Core) ReplaceStorage(ctx context.Context, mount string, entries map[string][]byte) error {
	r, err := c.MountAt(ctx, mount)
	if err != nil {
		return err
	}
	before, err := c.StorageEntries(ctx, mount)
	if err != nil {
		return err
	}
	backend, leave, err := r.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	var changed []string
	var failed []error
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, kept := entries[key]; !kept {
			changed = append(changed, key)
			failed = append(failed, r.Storage.Delete(ctx, key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if value, had := before[key]; !had || !bytes.Equal(value, entries[key]) {
			changed = append(changed, key)
			failed = append(failed, r.Storage.Put(ctx, &logical.StorageEntry{Key: key, Value: entries[key]}))
		}
	}
	for _, key := range changed {
		backend.InvalidateKey(ctx, key)
	}
	return errors.Join(failed...)
}
