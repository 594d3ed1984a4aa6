// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-plugin"
)

// binary is a plugin's file that was compared with its digest. It stays open until
// the process runs, so that what was compared is what is executed, whatever happens
// to its path meanwhile. Real servers execute whatever has the path by then.
type binary struct {
	path   string
	file   *os.File
	hashed hashed
}

// close ends the use of the file, if there is one.
func (b *binary) close() {
	if b != nil {
		_ = b.file.Close() // it was only read
	}
}

// isScript reports whether the file is a script. Its interpreter opens it by its path
// and tells it that path, so that it can't be executed by another one.
func (b *binary) isScript() bool {
	var begin [2]byte
	n, _ := b.file.ReadAt(begin[:], 0)
	return n == 2 && begin == [2]byte{'#', '!'}
}

// verify returns an error if the file was written to since it was compared. It is
// called when the process has begun: the kernel lets nobody write to what is
// executed.
func (b *binary) verify() error {
	now, ok := identify(b.file)
	if !ok || !b.hashed.known || now == b.hashed.identity {
		return nil
	}
	// Its change time also tells that it lost a name, as by a build in its place.
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(b.file, 0, now.size)); err != nil {
		return fmt.Errorf("error verifying checksum: %w", err)
	}
	if [sha256.Size]byte(hash.Sum(nil)) != b.hashed.digest {
		return plugin.ErrChecksumsDoNotMatch
	}
	return nil
}
