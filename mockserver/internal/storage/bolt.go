// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// format is the version of what is in the file. A change that earlier versions of
// this program can't read raises it.
const format = 1

// bucket returns the name of the bucket with the state.
func bucket() []byte { return []byte("plugproof") }

// formatBucket and formatKey return where format is written.
func formatBucket() []byte { return []byte("format") }
func formatKey() []byte    { return []byte("version") }

// Bolt is a Physical in a file of the data directory. A Put is on the disk
// when it returns, so that a kill loses nothing that was answered.
type Bolt struct{ db *bbolt.DB }

// OpenBolt opens or makes the file state.db in dir, which is made if it isn't
// there. The error is ErrInUse when another process has it, and a *FileError for a
// file that is damaged, of another program, or of a newer version.
func OpenBolt(dir string) (*Bolt, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	path := filepath.Join(dir, "state.db")
	if err := checkFile(path); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, openError(err)
	}
	db.MaxBatchDelay = batchDelay
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(bucket()); err != nil {
			return err
		}
		b, err := tx.CreateBucketIfNotExists(formatBucket())
		if err != nil {
			return err
		}
		return b.Put(formatKey(), []byte(strconv.Itoa(format)))
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open data directory: %w", err), db.Close())
	}
	return &Bolt{db: db}, nil
}

// checkFile returns a *FileError for a file that can't be used. It changes nothing.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("open data directory: %w", err)
	case !info.Mode().IsRegular():
		return &FileError{Path: path, Err: errors.New("it is not a file")}
	case info.Size() == 0: // as a server leaves it that was killed when it had made it
		return nil
	}
	// bbolt's lock shows whether another process writes to the file.
	db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout), errors.Is(err, fs.ErrPermission):
		return openError(err)
	case err != nil:
		// Why bbolt refuses a file is said better below.
		return checkContent(path, nil)
	}
	return errors.Join(checkContent(path, db), db.Close())
}

// checkContent checks a file, which is open as db unless bbolt refused it.
func checkContent(path string, db *bbolt.DB) error {
	err := readContent(path)
	if err == nil && db == nil {
		err = errors.New("it can't be opened")
	}
	if err == nil {
		err = db.View(checkBuckets)
	}
	if err != nil {
		return &FileError{Path: path, Newer: errors.Is(err, errNewer), Err: err}
	}
	return nil
}

func readContent(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return checkBolt(file, info.Size())
}

// checkBuckets returns an error for a file of another program, or of a newer
// version of this one.
func checkBuckets(tx *bbolt.Tx) error {
	err := tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		if b == nil {
			return fmt.Errorf("%q is not a bucket", name)
		}
		if !bytes.Equal(name, bucket()) && !bytes.Equal(name, formatBucket()) {
			return fmt.Errorf("it has a bucket %q", name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	b := tx.Bucket(formatBucket())
	if b == nil { // before the format was written down
		return nil
	}
	written, err := strconv.Atoi(string(b.Get(formatKey())))
	switch {
	case err != nil:
		return errors.New("its format is not a number")
	case written > format:
		return fmt.Errorf("%w: its format is %d, this program knows %d", errNewer, written, format)
	}
	return nil
}

// openError returns the error for a file that bbolt can't open.
func openError(err error) error {
	if errors.Is(err, bolterrors.ErrTimeout) {
		return ErrInUse
	}
	return fmt.Errorf("open data directory: %w", err)
}

// Get implements Physical.
func (b *Bolt) Get(_ context.Context, key string) (value []byte, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		// A value is only valid within its transaction; nil stays nil.
		value = slices.Clone(tx.Bucket(bucket()).Get([]byte(key)))
		return nil
	})
	return value, err
}

// Put implements Physical.
func (b *Bolt) Put(_ context.Context, key string, value []byte) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket()).Put([]byte(key), value)
	})
}

// Delete implements Physical.
func (b *Bolt) Delete(_ context.Context, key string) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket()).Delete([]byte(key))
	})
}

// List implements Physical.
func (b *Bolt) List(_ context.Context, prefix string) (names []string, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		p := []byte(prefix)
		c := tx.Bucket(bucket()).Cursor()
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

// Keys implements Physical.
func (b *Bolt) Keys(_ context.Context, prefix string) (keys []string, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		p := []byte(prefix)
		c := tx.Bucket(bucket()).Cursor()
		for k, _ := c.Seek(p); k != nil && bytes.HasPrefix(k, p); k, _ = c.Next() {
			keys = append(keys, string(k))
		}
		return nil
	})
	return keys, err
}

// Apply implements Physical.
func (b *Bolt) Apply(_ context.Context, writes map[string][]byte) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		for key, value := range writes {
			var err error
			if value == nil {
				err = tx.Bucket(bucket()).Delete([]byte(key))
			} else {
				err = tx.Bucket(bucket()).Put([]byte(key), value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Clear implements Physical.
func (b *Bolt) Clear(_ context.Context, prefix string) error {
	return b.db.Batch(func(tx *bbolt.Tx) error {
		p := []byte(prefix)
		c := tx.Bucket(bucket()).Cursor()
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
