// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// changeDefects are those of updates, removals, lists and of many requests.
func changeDefects() map[string]defect {
	return map[string]defect{
		"ignoring-updates": onInput(func(req *logical.Request) bool {
			return req.Operation == logical.UpdateOperation && req.Path == "role/b"
		}, nothingDone),
		"ignoring-deletes": onInput(func(req *logical.Request) bool {
			return req.Operation == logical.DeleteOperation && req.Path == "role/b"
		}, nothingDone),
		"listing-paths": {request: listingPaths},
		"enormous-list": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if keys, ok := listed(req, resp); ok {
				resp.Data["keys"] = append(keys, strings.Repeat("x", 5<<20))
			}
			return resp, err
		})},
		"always-existing":    {exists: func(context.Context, *logical.Request) (bool, bool, error) { return true, true, nil }},
		"never-existing":     {exists: func(context.Context, *logical.Request) (bool, bool, error) { return true, false, nil }},
		"writing-at-the-end": writingAtTheEnd(),
		"other-keys":         otherKeys(),
		"renaming-secrets":   renamingSecrets(),
		"racing":             {request: racing},
		"leaking-files":      {request: leakingFiles},
	}
}

func nothingDone(context.Context, *logical.Request) (*logical.Response, error) { return nil, nil }

// listed returns the names that a list is answered with.
func listed(req *logical.Request, resp *logical.Response) ([]string, bool) {
	if req.Operation != logical.ListOperation || resp == nil {
		return nil, false
	}
	keys, ok := resp.Data["keys"].([]string)
	return keys, ok
}

// listingPaths lists paths where names are wanted.
func listingPaths() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if keys, ok := listed(req, resp); ok {
			for i := range keys {
				keys[i] = strings.TrimSuffix(req.Path, "/") + "/" + keys[i]
			}
		}
		return resp, err
	}
}

// writingAtTheEnd keeps the role b in memory and writes it to storage when the
// backend ends in good order, which it does not when it is killed.
func writingAtTheEnd() defect {
	var mu sync.Mutex
	var pending []*delayed
	return defect{
		request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			var d *delayed
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				if req.Path != "role/b" && req.Operation != logical.ListOperation {
					return next(ctx, req)
				}
				mu.Lock()
				if d == nil {
					d = &delayed{Storage: req.Storage, changed: map[string]*logical.StorageEntry{}}
					pending = append(pending, d)
				}
				mu.Unlock()
				req.Storage = d
				return next(ctx, req)
			}
		},
		backend: func(b *framework.Backend) {
			b.Clean = func(ctx context.Context) {
				mu.Lock()
				defer mu.Unlock()
				for _, d := range pending {
					d.flush(ctx)
				}
			}
		},
	}
}

// older reports whether this is the build of the older version.
func older() bool { return version != "v1.0.0" }

// otherKeys keeps roles under other keys than the older version did.
func otherKeys() defect {
	if older() {
		return defect{}
	}
	return defect{request: storingIn(func() func(*logical.Request) logical.Storage {
		return func(req *logical.Request) logical.Storage { return logical.NewStorageView(req.Storage, "v2/") }
	})}
}

// renamingSecrets gives the type of its secrets another name than the older version
// did.
func renamingSecrets() defect {
	if older() {
		return defect{}
	}
	const renamed = "account-2"
	return defect{
		backend: func(b *framework.Backend) {
			for _, secret := range b.Secrets {
				secret.Type = renamed
			}
		},
		request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				resp, err := next(ctx, req)
				if resp != nil && resp.Secret != nil && resp.Secret.InternalData["secret_type"] != nil {
					resp.Secret.InternalData["secret_type"] = renamed
				}
				return resp, err
			}
		},
	}
}

// delayed is storage that is written to later.
type delayed struct {
	logical.Storage
	mu      sync.Mutex
	changed map[string]*logical.StorageEntry
}

// Get implements logical.Storage.
func (d *delayed) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if entry, ok := d.changed[key]; ok {
		return entry, nil
	}
	return d.Storage.Get(ctx, key)
}

// Put implements logical.Storage.
func (d *delayed) Put(_ context.Context, entry *logical.StorageEntry) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed[entry.Key] = entry
	return nil
}

// Delete implements logical.Storage.
func (d *delayed) Delete(ctx context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.changed, key)
	return d.Storage.Delete(ctx, key)
}

// List implements logical.Storage.
func (d *delayed) List(ctx context.Context, prefix string) ([]string, error) {
	d.flush(ctx)
	return d.Storage.List(ctx, prefix)
}

func (d *delayed) flush(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, entry := range d.changed {
		_ = d.Storage.Put(ctx, entry)
	}
	clear(d.changed)
}

// racing refuses a request to a role while another one is under way.
func racing() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var busy atomic.Bool
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if !strings.HasPrefix(req.Path, "role/") || req.Operation == logical.HelpOperation {
			return next(ctx, req)
		}
		if !busy.CompareAndSwap(false, true) {
			return logical.ErrorResponse("busy"), nil
		}
		defer busy.Store(false)
		return next(ctx, req)
	}
}

// leakingFiles opens a file a request.
func leakingFiles() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var open []*os.File
	var mu sync.Mutex
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		if file, err := os.Open(os.Args[0]); err == nil {
			mu.Lock()
			open = append(open, file)
			mu.Unlock()
		}
		return next(ctx, req)
	}
}
