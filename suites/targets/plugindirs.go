// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"os"
	"path/filepath"
	"sync"
)

// pluginDirs are the plugin directories of servers that run one after the other.
// A directory that a server leaves as it was filled is given to a later one, with
// the plugins that are linked in it: every new link changes the change time of
// the file, after which each server would have to hash it again. Scenarios bear
// files of others in the directory, as they do on a server that they share.
//
// Its methods may be called by several goroutines.
type pluginDirs struct {
	mu   sync.Mutex
	root string // of all directories; empty before the first
	free []*pluginDir
}

// pluginDir is the plugin directory of one server.
type pluginDir struct {
	path string

	mu     sync.Mutex
	placed map[string]string // the file that a name links to
}

// lease returns a directory that no server uses.
func (d *pluginDirs) lease() (*pluginDir, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.free); n > 0 {
		dir := d.free[n-1]
		d.free = d.free[:n-1]
		return dir, nil
	}
	if d.root == "" {
		root, err := os.MkdirTemp("", "plugproof-plugins-")
		if err != nil {
			return nil, err
		}
		d.root = root
	}
	path, err := os.MkdirTemp(d.root, "")
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, err
	}
	return &pluginDir{path: path, placed: map[string]string{}}, nil
}

// release takes back a directory whose server has ended. One that holds anything
// but what was placed in it is removed.
func (d *pluginDirs) release(dir *pluginDir) error {
	if !dir.unchanged() {
		return os.RemoveAll(dir.path)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = append(d.free, dir)
	return nil
}

// close removes all directories.
func (d *pluginDirs) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	root := d.root
	d.root, d.free = "", nil
	if root == "" {
		return nil
	}
	return os.RemoveAll(root)
}

// place brings the file at path into the directory under name.
func (d *pluginDir) place(name, path string) error {
	if err := placeFile(d.path, name, path); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.placed[name] = path
	return nil
}

// unchanged reports whether the directory holds what was placed in it, as links to
// the files that were placed, and nothing else.
func (d *pluginDir) unchanged() bool {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, entry := range entries {
		if from, ok := d.placed[entry.Name()]; !ok || !entry.Type().IsRegular() || !sameFile(from, filepath.Join(d.path, entry.Name())) {
			return false
		}
	}
	return len(entries) == len(d.placed)
}
