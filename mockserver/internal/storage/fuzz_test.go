// SPDX-License-Identifier: MPL-2.0

package storage_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// FuzzStateFile overwrites bytes of a state file, and cuts it: it is refused, or all
// of it can be used. bbolt itself ends the process for much of that.
func FuzzStateFile(f *testing.F) {
	whole := writtenState(f, rand.New(rand.NewPCG(1, 2))) //nolint:gosec // repeatable
	f.Add(uint32(0), []byte{1}, uint32(0))
	f.Add(uint32(16), []byte{0, 0, 0, 0}, uint32(0))
	f.Add(uint32(2*4096+8), []byte{1, 0, 255, 255}, uint32(0))
	f.Add(uint32(3*4096), []byte{2, 0, 0, 0, 0, 0, 0, 0, 1}, uint32(0))
	f.Add(uint32(0), []byte{}, uint32(9000))
	f.Fuzz(func(t *testing.T, at uint32, over []byte, cut uint32) {
		damaged := append([]byte(nil), whole...)
		copy(damaged[int(at)%len(damaged):], over)
		damaged = damaged[:len(damaged)-int(cut)%len(damaged)]
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "state.db"), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(dir); err != nil && !errors.As(err, new(*storage.FileError)) {
			t.Error(err)
		}
	})
}
