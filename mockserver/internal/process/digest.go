// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/sha256"
	"crypto/subtle"
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
	fineStep   = 10 * time.Millisecond
	fineSettle = 100 * time.Millisecond
	settleTime = 3 * time.Second
)

// identity tells versions of a file apart. Of its times, the change time can't
// be set by who writes the file.
type identity struct {
	device, inode uint64
	size          int64
	modified      int64 // nanoseconds since 1970, as changed
	changed       int64
}

// settled tells whether a file was old enough at a time for a later change to
// show.
func (i identity) settled(at time.Time) bool {
	settle := settleTime
	if i.changed%int64(fineStep) != 0 {
		settle = fineSettle
	}
	return at.Sub(time.Unix(0, i.changed)) > settle
}

// digests compares binaries with their registered digest. Hashing a plugin of
// 20 MB costs about as much as a third of its start, so digests are kept by the
// file's identity, in a way that can't be outrun: a digest is kept only if the
// file had settled when hashing began, and the identity
// was the same when it ended. Every change since then got a change time after
// the one that was kept. What remains is what the server has too: a file that
// is replaced between the comparison and exec.
type digests struct {
	mu    sync.Mutex
	known map[identity][sha256.Size]byte
}

func newDigests() *digests {
	return &digests{known: make(map[identity][sha256.Size]byte)}
}

// check returns nil if the file has the digest. The texts are go-plugin's.
func (d *digests) check(path string, want []byte) error {
	if len(want) == 0 {
		return fmt.Errorf("error verifying checksum: %w", plugin.ErrSecureConfigNoChecksum)
	}
	sum, err := d.sum(path)
	if err != nil {
		return fmt.Errorf("error verifying checksum: %w", err)
	}
	if subtle.ConstantTimeCompare(sum[:], want) != 1 {
		return plugin.ErrChecksumsDoNotMatch
	}
	return nil
}

func (d *digests) sum(path string) (sum [sha256.Size]byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	begin := time.Now()
	before, known := identify(file)
	if known {
		d.mu.Lock()
		sum, found := d.known[before]
		d.mu.Unlock()
		if found {
			return sum, nil
		}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return sum, err
	}
	hash.Sum(sum[:0])
	if after, ok := identify(file); known && ok && after == before && before.settled(begin) {
		d.mu.Lock()
		d.known[before] = sum
		d.mu.Unlock()
	}
	return sum, nil
}
