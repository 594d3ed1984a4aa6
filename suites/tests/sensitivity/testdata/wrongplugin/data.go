// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// dataDefects are those of what is stored.
func dataDefects() map[string]defect {
	shared := &logical.InmemStorage{}
	outside := func(req *logical.Request) logical.Storage {
		return fileStorage{filepath.Join(os.Getenv("WRONG_DIR"), strings.ReplaceAll(req.MountPoint, "/", "-"))}
	}
	return map[string]defect{
		"process-state": {request: storingIn(func() func(*logical.Request) logical.Storage {
			// A reload keeps it, since another mount keeps the process.
			return func(*logical.Request) logical.Storage { return shared }
		})},
		"mount-state": {request: storingIn(func() func(*logical.Request) logical.Storage {
			own := &logical.InmemStorage{}
			return func(*logical.Request) logical.Storage { return own }
		})},
		"outside-state": {request: storingIn(func() func(*logical.Request) logical.Storage { return outside })},
		"no-existence-check": {backend: func(b *framework.Backend) {
			for _, path := range b.Paths {
				path.ExistenceCheck = nil
			}
		}},
		"deadlock": {request: func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
			return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
				if req.Path == "role/b" && req.Operation == logical.CreateOperation {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return next(ctx, req)
			}
		}},
		"failing-existence-check": {exists: func(_ context.Context, req *logical.Request) (bool, bool, error) {
			if req.Path == "role/b" {
				return false, false, fmt.Errorf("no such table")
			}
			return true, false, nil
		}},
	}
}

// storingIn returns a handling of requests in which roles are read and
// written elsewhere.
func storingIn(make func() func(*logical.Request) logical.Storage) func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
		storage := make()
		return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if !strings.HasPrefix(req.Path, "role/") {
				return next(ctx, req)
			}
			right := *req // for the accounts of the role
			req.Storage = storage(req)
			resp, err := next(ctx, req)
			if err != nil || resp.IsError() || req.Operation == logical.ReadOperation || req.Operation == logical.ListOperation {
				return resp, err
			}
			return next(ctx, &right)
		}
	}
}

// fileStorage keeps entries in files of a directory that nobody removes.
type fileStorage struct{ dir string }

// fileStorageLock guards the files.
var fileStorageLock sync.Mutex

func (f fileStorage) file(key string) string {
	return filepath.Join(f.dir, fmt.Sprintf("%x", sha256.Sum256([]byte(key))))
}

// Put implements logical.Storage.
func (f fileStorage) Put(_ context.Context, entry *logical.StorageEntry) error {
	fileStorageLock.Lock()
	defer fileStorageLock.Unlock()
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(f.file(entry.Key), entry.Value, 0o600)
}

// Get implements logical.Storage.
func (f fileStorage) Get(_ context.Context, key string) (*logical.StorageEntry, error) {
	text, err := os.ReadFile(f.file(key))
	if os.IsNotExist(err) {
		return nil, nil
	}
	return &logical.StorageEntry{Key: key, Value: text}, err
}

// Delete implements logical.Storage.
func (f fileStorage) Delete(_ context.Context, key string) error {
	err := os.Remove(f.file(key))
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// List implements logical.Storage.
func (f fileStorage) List(context.Context, string) ([]string, error) { return nil, nil }
