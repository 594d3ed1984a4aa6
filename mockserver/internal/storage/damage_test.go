// SPDX-License-Identifier: MPL-2.0

package storage_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.etcd.io/bbolt"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// writtenState is a state file with some depth: keys that were written, overwritten
// and deleted in a random order, some with values of many pages.
func writtenState(t testing.TB, random *rand.Rand) []byte {
	t.Helper()
	dir := t.TempDir()
	p, err := storage.OpenBolt(dir)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		for range 60 {
			key := fmt.Sprintf("logical/%d/%d", random.IntN(5), random.IntN(150))
			var err error
			switch random.IntN(4) {
			case 0:
				err = p.Delete(t.Context(), key)
			case 1:
				err = p.Put(t.Context(), key, make([]byte, random.IntN(20_000)))
			default:
				err = p.Put(t.Context(), key, fmt.Append(nil, "value ", round))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if p, err = storage.OpenBolt(dir); err != nil { // a check of what is whole
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// damages are ways of damage; each changes a copy of a whole file. 4096 is the
// size of its pages.
func damages() map[string]func(*rand.Rand, []byte) []byte {
	page := func(random *rand.Rand, raw []byte) []byte {
		begin := 4096 * random.IntN(len(raw)/4096)
		return raw[begin : begin+4096]
	}
	return map[string]func(*rand.Rand, []byte) []byte{
		"truncated":     func(r *rand.Rand, raw []byte) []byte { return raw[:1+r.IntN(len(raw)-1)] },
		"a page zeroed": func(r *rand.Rand, raw []byte) []byte { clear(page(r, raw)); return raw },
		"a page copied over another": func(r *rand.Rand, raw []byte) []byte {
			copy(page(r, raw), page(r, raw))
			return raw
		},
		"noise on a page": func(r *rand.Rand, raw []byte) []byte {
			for p := page(r, raw); len(p) > 0; p = p[1:] {
				p[0] = byte(r.Uint32())
			}
			return raw
		},
		"some bytes": func(r *rand.Rand, raw []byte) []byte {
			for range 1 + r.IntN(8) {
				raw[r.IntN(len(raw))] = byte(r.Uint32())
			}
			return raw
		},
		"the beginning of a page": func(r *rand.Rand, raw []byte) []byte {
			p := page(r, raw)
			p[r.IntN(64)] ^= 1 << r.IntN(8)
			return raw
		},
		"the length of a page's first key": func(r *rand.Rand, raw []byte) []byte {
			page(r, raw)[16+8] ^= 1 << r.IntN(4)
			return raw
		},
		"one beginning over the other": func(r *rand.Rand, raw []byte) []byte {
			from := r.IntN(2)
			copy(raw[4096*(1-from):], raw[4096*from:4096*(from+1)])
			return raw
		},
	}
}

// use opens a file and uses all of it, as a server does in the course of time.
func use(dir string) error {
	p, err := storage.OpenBolt(dir)
	if err != nil {
		return err
	}
	defer p.Close()
	var walk func(prefix string) error
	walk = func(prefix string) error {
		names, err := p.List(nil, prefix) //nolint:staticcheck // it takes no notice of the context
		for _, name := range names {
			if strings.HasSuffix(name, "/") && name != "/" {
				err = errors.Join(err, walk(prefix+name))
			}
			_, getErr := p.Get(nil, prefix+name) //nolint:staticcheck // as above
			err = errors.Join(err, getErr)
		}
		return err
	}
	if err := walk(""); err != nil {
		return err
	}
	for i := range 6 {
		if err := p.Put(nil, fmt.Sprintf("logical/0/%d", i*7), make([]byte, 5000)); err != nil { //nolint:staticcheck // as above
			return err
		}
	}
	return p.Clear(nil, "logical/1/") //nolint:staticcheck // as above
}

// TestDamagedFile damages a state file in twenty ways of each kind. It is refused
// and left as it is, or its structure is whole and all of it can be used: bbolt
// itself panics, faults, or never returns.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	whole := writtenState(t, rand.New(rand.NewPCG(seed, 0))) //nolint:gosec // repeatable
	for kind, damage := range damages() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			refused := 0
			for i := range 20 {
				g := NewWithT(t)
				random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // repeatable
				damaged := damage(random, append([]byte(nil), whole...))
				dir := t.TempDir()
				path := filepath.Join(dir, "state.db")
				g.Expect(os.WriteFile(path, damaged, 0o600)).To(Succeed())
				err := use(dir)
				if err == nil { // unused pages, or values
					continue
				}
				refused++
				g.Expect(errors.As(err, new(*storage.FileError))).To(BeTrue(), "%v", err)
				g.Expect(err).To(MatchError(And(ContainSubstring(path), ContainSubstring("move it away"))))
				after, err := os.ReadFile(path)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(string(after) == string(damaged)).To(BeTrue(), "the file was changed")
			}
			t.Logf("%d of 20 refused", refused)
		})
	}
}

// TestForeignFile: what is not a state file of this version is refused, and said.
func TestForeignFile(t *testing.T) {
	t.Parallel()
	whole := writtenState(t, rand.New(rand.NewPCG(1, 1))) //nolint:gosec // repeatable
	newer := append([]byte(nil), whole...)
	for _, meta := range [][]byte{newer[16:80], newer[4096+16 : 4096+80]} {
		binary.NativeEndian.PutUint32(meta[4:], 3)
		sum := fnv.New64a()
		sum.Write(meta[:56])
		binary.NativeEndian.PutUint64(meta[56:], sum.Sum64())
	}
	bucketed := func(bucket, key, value string) func(string) error {
		return func(path string) error {
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				return err
			}
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				return err
			}
			return errors.Join(db.Update(func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucketIfNotExists([]byte(bucket))
				if err != nil {
					return err
				}
				return b.Put([]byte(key), []byte(value))
			}), db.Close())
		}
	}
	written := func(raw []byte) func(string) error {
		return func(path string) error { return os.WriteFile(path, raw, 0o600) }
	}
	for name, test := range map[string]struct {
		make func(path string) error
		want string
	}{
		"a text":               {written([]byte("hello")), "its beginning can't be read"},
		"a longer text":        {written(make([]byte, 20_000)), "does not begin as a state file does"},
		"a newer bbolt":        {written(newer), "newer version"},
		"a newer format":       {bucketed("format", "version", "2"), "newer version: its format is 2, this program knows 1: use that version"},
		"another program":      {bucketed("raft", "a", "b"), `it has a bucket "raft"`},
		"a directory":          {func(path string) error { return os.Mkdir(path, 0o700) }, "it is not a file"},
		"a link to nothing":    {func(path string) error { return os.Symlink("/nowhere/at/all", path) }, "no such file"},
		"an empty file is new": {written(nil), ""},
		"a whole file":         {written(whole), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			dir := t.TempDir()
			g.Expect(test.make(filepath.Join(dir, "state.db"))).To(Succeed())
			p, err := storage.OpenBolt(dir)
			if test.want == "" {
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(p.Close()).To(Succeed())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
		})
	}
}
