// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
)

// How long a file must have been left alone before its digest is kept. Time
// stamps of files move in steps, and a file that is changed twice within a step
// looks the same afterwards. The steps are a tick of the kernel's clock, 10 ms
// at most, where stamps have fractions of a second (ext4, xfs, btrfs, tmpfs),
// and up to 2 s elsewhere.
const (
	fineStep     = 10 * time.Millisecond
	fineMinAge   = 30 * time.Millisecond
	coarseMinAge = 3 * time.Second
)

// identity distinguishes versions of a file. ctime, unlike mtime, cannot be set by
// the writer of the file.
type identity struct {
	device, inode uint64
	size          int64
	modified      int64 // nanoseconds since 1970, as changed
	changed       int64
}

// stable reports whether the file was old enough at a time for a later change to
// show in its identity.
func (i identity) stable(at time.Time) bool {
	minAge := coarseMinAge
	if i.changed%int64(fineStep) != 0 {
		minAge = fineMinAge
	}
	return at.Sub(time.Unix(0, i.changed)) > minAge
}

// Digests compares binaries with their registered digest. Hashing a plugin of
// 20 MB costs about as much as a third of its start, so digests are kept by the
// file's identity, in a way that can't be outrun: a digest is kept only if the
// file was stable when hashing began, and the identity was the same when it
// ended. Every change since then got a change time after the one that was kept.
// Its methods may be called concurrently.
type Digests struct {
	linking sync.Mutex // held while a file is linked

	mu    sync.Mutex
	known map[identity][sha256.Size]byte
}

// NewDigests returns Digests that know no binary yet.
func NewDigests() *Digests {
	return &Digests{known: make(map[identity][sha256.Size]byte)}
}

// Of returns the digest of a file.
func (d *Digests) Of(path string) (digest [sha256.Size]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return digest, err
	}
	sum, err := d.sum(file)
	return sum.digest, errors.Join(err, file.Close())
}

// Link calls change, which makes or removes links of the files at paths, and keeps their
// known digests: either changes the change time. A write to a file within the change is
// not noticed if its modification time is set back.
func (d *Digests) Link(change func() error, paths ...string) error {
	d.linking.Lock()
	defer d.linking.Unlock()
	var linked []*linkedFile
	for _, path := range paths {
		file, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // it is gone, and nobody will ask for its digest
		}
		if err != nil {
			return err
		}
		defer file.Close()
		before, known := identify(file)
		if known {
			linked = append(linked, &linkedFile{file, before})
		}
	}
	if err := change(); err != nil {
		return err
	}
	for _, l := range linked {
		d.keep(l)
	}
	return nil
}

// linkedFile is an open file and its identity before links of it were changed.
type linkedFile struct {
	file   *os.File
	before identity
}

// keep makes the file's digest that of its identity now, if only the change time differs.
func (d *Digests) keep(l *linkedFile) {
	after, _ := identify(l.file)
	d.mu.Lock()
	defer d.mu.Unlock()
	digest, found := d.known[l.before]
	if l.before.changed = after.changed; found && after == l.before {
		d.known[after] = digest
	}
}

// open opens a binary that has the digest. The texts of the errors are go-plugin's.
func (d *Digests) open(path string, want []byte) (*binary, error) {
	if len(want) == 0 {
		return nil, fmt.Errorf("error verifying checksum: %w", plugin.ErrSecureConfigNoChecksum)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("error verifying checksum: %w", err)
	}
	sum, err := d.sum(file)
	switch {
	case err != nil:
		err = fmt.Errorf("error verifying checksum: %w", err)
	case subtle.ConstantTimeCompare(sum.digest[:], want) != 1:
		err = plugin.ErrChecksumsDoNotMatch
	default:
		return &binary{path: path, file: file, hashed: sum}, nil
	}
	_ = file.Close() // it was only read
	return nil, err
}

// hashed is a digest and the file's identity when hashing began; known is false where
// files have none.
type hashed struct {
	digest [sha256.Size]byte
	identity
	known bool
}

func (d *Digests) sum(file *os.File) (sum hashed, err error) {
	begin := time.Now()
	sum.identity, sum.known = identify(file)
	if sum.known {
		d.mu.Lock()
		digest, found := d.known[sum.identity]
		d.mu.Unlock()
		if found {
			sum.digest = digest
			return sum, nil
		}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return sum, err
	}
	hash.Sum(sum.digest[:0])
	if after, ok := identify(file); sum.known && ok && after == sum.identity && after.stable(begin) {
		d.mu.Lock()
		d.known[after] = sum.digest
		d.mu.Unlock()
	}
	return sum, nil
}
