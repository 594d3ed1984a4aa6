// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// linksOfOne is how often a file is linked before links are made of a copy.
const linksOfOne = 3

// pluginDirs are the plugin directories of servers that run one after the other.
// A directory that a server leaves as it was filled is given to a later one, with
// the plugins that are linked in it: every new link changes the change time of
// the file, after which each server would have to hash it again. Scenarios bear
// files of others in the directory, as they do on a server that they share.
//
// Links that other processes make have the same effect. A file that is placed often is
// therefore copied once, and the copy is linked.
//
// Its methods may be called by several goroutines.
type pluginDirs struct {
	mu   sync.Mutex
	root string // of all directories; empty before the first
	free []*pluginDir
	// originals are the files that were placed, by path.
	originals map[string]*original
}

// original is a file that was placed, as it was then.
type original struct {
	info os.FileInfo
	// links counts how often it was asked for, copied makes the copy, once.
	links  int
	copied func() (string, error)
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
	path, err := d.fresh()
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, err
	}
	return &pluginDir{path: path, placed: map[string]string{}}, nil
}

// fresh makes a directory below the root. d is locked.
func (d *pluginDirs) fresh() (string, error) {
	if d.root == "" {
		root, err := os.MkdirTemp("", "plugproof-plugins-")
		if err != nil {
			return "", err
		}
		d.root = root
	}
	return os.MkdirTemp(d.root, "")
}

// source returns the file to link for the one at path: it, or its copy.
func (d *pluginDirs) source(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	of := d.originals[path]
	if of == nil || !os.SameFile(of.info, info) || !of.info.ModTime().Equal(info.ModTime()) || of.info.Size() != info.Size() {
		of = &original{info: info, copied: sync.OnceValues(func() (string, error) { return d.copy(path) })}
		if d.originals == nil {
			d.originals = map[string]*original{}
		}
		d.originals[path] = of
	}
	of.links++
	often := of.links > linksOfOne
	d.mu.Unlock()
	if !often {
		return path, nil
	}
	return of.copied()
}

// copy copies a file to a directory below the root.
func (d *pluginDirs) copy(path string) (string, error) {
	d.mu.Lock()
	dir, err := d.fresh()
	d.mu.Unlock()
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, filepath.Base(path))
	return to, copyFile(path, to)
}

// release takes back a directory whose server has ended. One that holds anything
// but what was placed in it is removed.
func (d *pluginDirs) release(dir *pluginDir) error {
	if !dir.unchanged() {
		return digests().Link(func() error { return os.RemoveAll(dir.path) }, dir.sources()...)
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
	root, placed := d.root, slices.Collect(maps.Keys(d.originals))
	d.root, d.free, d.originals = "", nil, nil
	if root == "" {
		return nil
	}
	return digests().Link(func() error { return os.RemoveAll(root) }, placed...)
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

// sources returns the files that are linked in the directory.
func (d *pluginDir) sources() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.placed))
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
