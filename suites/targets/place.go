// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// placeFile brings the file at path into dir under name with its permissions.
// A file of that name is replaced in one step, so that processes running it keep
// theirs.
//
// It links where it can: a copy would have to be written, and a process that
// another goroutine forks meanwhile inherits the open file, which makes the
// server's start of the plugin fail with "text file busy". Nobody may therefore
// write into a placed file.
func placeFile(dir, name, path string) error {
	if err := checkName(name, path); err != nil {
		return err
	}
	target := filepath.Join(dir, name)
	if sameFile(path, target) {
		return nil
	}
	// A directory of its own gives a free name for the link.
	fresh, err := os.MkdirTemp(dir, ".place-")
	if err != nil {
		return fmt.Errorf("place %s: %w", path, err)
	}
	defer os.RemoveAll(fresh)
	temporary := filepath.Join(fresh, name)
	if err := linkOrCopy(path, temporary); err != nil {
		return fmt.Errorf("place %s: %w", path, err)
	}
	if err := os.Rename(temporary, target); err != nil {
		return fmt.Errorf("place %s: %w", path, err)
	}
	return nil
}

func checkName(name, path string) error {
	if name == "" || name != filepath.Base(name) {
		return fmt.Errorf("place %s as %q: a name in the plugin directory has no slash", path, name)
	}
	return nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

func linkOrCopy(from, to string) error {
	// Link would link a symbolic link itself, which leaves the directory.
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	if err := os.Link(from, to); err == nil {
		return nil
	}
	return copyFile(from, to)
}

// copyFile copies a file to a path where nothing is, with its permissions.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	// No process is forked while the copy is open for writing; see placeFile.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// unreplaced places a file and returns its digest. A file that is replaced meanwhile, as
// a build does, is placed again, so that the digest is that of what was placed.
func unreplaced(digest func() (string, error), place func() error) (string, error) {
	before, err := digest()
	for err == nil {
		if err = place(); err != nil {
			break
		}
		var after string
		if after, err = digest(); after == before {
			break
		}
		before = after
	}
	return before, err
}

// checksums remembers the sha256 of files that did not change since: scenarios place
// the same few plugins hundreds of times. It may be used by several goroutines.
type checksums struct {
	mu    sync.Mutex
	known map[string]knownChecksum // by path
}

type knownChecksum struct {
	info os.FileInfo
	sum  string
}

func newChecksums() *checksums { return &checksums{known: map[string]knownChecksum{}} }

// of returns the file's sha256 in hex.
func (s *checksums) of(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	before, ok := s.known[path]
	s.mu.Unlock()
	if ok && os.SameFile(info, before.info) && info.Size() == before.info.Size() && info.ModTime().Equal(before.info.ModTime()) {
		return before.sum, nil
	}
	sum, err := fileChecksum(path)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.known[path] = knownChecksum{info: info, sum: sum}
	s.mu.Unlock()
	return sum, nil
}

func fileChecksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
