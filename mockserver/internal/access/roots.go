// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// rootsKey is where the accessors of the root tokens that the server made at its
// starts are written down.
const rootsKey = "roots"

// noteRoot writes down the root token of this start, and returns the accessors of
// those of earlier starts that are still valid.
func (a *Authority) noteRoot(ctx context.Context, storage logical.Storage) (earlier []string, err error) {
	raw, err := storage.Get(ctx, rootsKey)
	if err != nil {
		return nil, fmt.Errorf("read the root tokens: %w", err)
	}
	var noted []string
	if raw != nil {
		if err := raw.DecodeJSON(&noted); err != nil {
			return nil, fmt.Errorf("read the root tokens: %w", err)
		}
	}
	own, err := a.tokens.Lookup(ctx, a.rootToken)
	if err != nil {
		return nil, err
	}
	for _, accessor := range noted {
		_, err := a.tokens.ByAccessor(ctx, accessor)
		switch {
		case errors.Is(err, token.ErrNotFound):
		case err != nil:
			return nil, err
		case accessor != own.Accessor:
			earlier = append(earlier, accessor)
		}
	}
	now := append(slices.Clone(earlier), own.Accessor)
	if slices.Equal(now, noted) {
		return earlier, nil
	}
	entry, err := logical.StorageEntryJSON(rootsKey, now)
	if err != nil {
		return nil, err
	}
	return earlier, storage.Put(ctx, entry)
}

// EarlierRoots returns the accessors of the root tokens of earlier starts that were
// valid at this one.
func (a *Authority) EarlierRoots() []string { return a.earlierRoots }
