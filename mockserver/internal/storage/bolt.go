// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrInUse says that another process has the data directory open.
var ErrInUse = errors.New("data directory is in use by another process: stop it or choose another --data-dir")

// lockTimeout is how long OpenBolt waits for another process to leave the
// file, as a server that is just being restarted does.
const lockTimeout = 2 * time.Second

// batchDelay is how long a write waits for others that can share its fsync.
const batchDelay = 500 * time.Microsecond

var bucket = []byte("plugproof")

// Bolt is a Physical in a file of the data directory. A Put is on the disk
// when it returns, so that a kill loses nothing that was answered.
type Bolt struct{ db *bbolt.DB }

// OpenBolt opens or makes the file state.db in dir, which is made if it isn't
// there. The error is ErrInUse when another process has it.
func OpenBolt(dir string) (*Bolt, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, &bbolt.Options{Timeout: lockTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrInUse
	case err != nil:
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	db.MaxBatchDelay = batchDelay
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open data directory: %w", err), db.Close())
	}
	return &Bolt{db: db}, nil
}

// Get implements Physical.
func (b *Bolt) Get(_ context.Context, key string) (value []byte, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		// A value is only valid within its transaction; nil stays nil.
		value = slices.Clone(tx.Bucket(bucket).Get([]byte(key)))
		return nil
	})
	return value, err
}

// Put implements Physical.
func (b *Bolt) Put(_ context.Context, key string, value []byte) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).Put([]byte(key), value)
	})
}

// Delete implements Physical.
func (b *Bolt) Delete(_ context.Context, key string) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).Delete([]byte(key))
	})
}

// List implements Physical.
func (b *Bolt) List(_ context.Context, prefix string) (names []string, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		p := []byte(prefix)
		c := tx.Bucket(bucket).Cursor()
		k, _ := c.Seek(p)
		for k != nil && bytes.HasPrefix(k, p) {
			name := k[len(p):]
			i := bytes.IndexByte(name, '/')
			if i < 0 {
				names = append(names, string(name))
				k, _ = c.Next()
				continue
			}
			// Step over everything in the folder: '0' follows '/'.
			names = append(names, string(name[:i+1]))
			k, _ = c.Seek(append(slices.Clone(k[:len(p)+i]), '/'+1))
		}
		return nil
	})
	return names, err
}

// Clear implements Physical.
func (b *Bolt) Clear(_ context.Context, prefix string) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		p := []byte(prefix)
		c := tx.Bucket(bucket).Cursor()
		for k, _ := c.Seek(p); k != nil && bytes.HasPrefix(k, p); k, _ = c.Seek(p) {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close implements Physical.
func (b *Bolt) Close() error { return b.db.Close() }
