// SPDX-License-Identifier: MPL-2.0

package memdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// User is one user of the database.
type User struct {
	Password  string    `json:"password,omitempty"`
	PublicKey string    `json:"public_key,omitempty"`
	Grants    []string  `json:"grants,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
}

// file is the database. Connections of one process to the same file share it.
type file struct {
	// path is empty for a database in memory, whose users are in kept.
	path string
	mu   sync.Mutex
	kept map[string]User
}

// files are those that are open in this process.
type files struct {
	mu     sync.Mutex
	byPath map[string]*file
}

// open returns the file, or with the host memory one that ends with the process.
func (f *files) open(host, path string) *file {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byPath == nil {
		f.byPath = map[string]*file{}
	}
	name := host + path
	if f.byPath[name] == nil {
		f.byPath[name] = &file{path: path}
		if host == inMemory {
			f.byPath[name] = &file{}
		}
	}
	return f.byPath[name]
}

// change reads the users, lets f change them and writes them back. Nothing is written
// if f fails.
func (f *file) change(change func(users map[string]User) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.path == "" {
		users := maps.Clone(f.kept)
		if users == nil {
			users = map[string]User{}
		}
		if err := change(users); err != nil {
			return err
		}
		f.kept = users
		return nil
	}
	unlock, err := lock(f.path)
	if err != nil {
		return err
	}
	defer unlock()
	users := map[string]User{}
	raw, err := os.ReadFile(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &users); err != nil {
			return fmt.Errorf("%s is not a database: %w", f.path, err)
		}
	}
	if err := change(users); err != nil {
		return err
	}
	raw, err = json.MarshalIndent(users, "", "  ")
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(raw)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}
