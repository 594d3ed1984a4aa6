// SPDX-License-Identifier: MPL-2.0

package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// FileError says why a state file is not used. The file is left as it is.
type FileError struct {
	Path string
	// Newer: the file is whole, but of a later version of Plugproof.
	Newer bool
	Err   error
}

func (e *FileError) Error() string {
	if e.Newer {
		return fmt.Sprintf("state file %s: %v: use that version, or choose another data directory; the file was left as it is", e.Path, e.Err)
	}
	return fmt.Sprintf("state file %s is damaged or not one of this program: %v: restore it from a copy, or move it away to begin anew; it was left as it is", e.Path, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// errNewer is wrapped by the error for a file of a later version.
var errNewer = errors.New("it was written by a newer version")

// The layout of a file, of bbolt's internal/common: page.go, meta.go, bucket.go.
const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	pageHeader     = 16
	metaLength     = 64 // of which the last 8 bytes are the checksum of the others
	elementLength  = 16
	bucketHeader   = 16
	branchPage     = 0x01
	leafPage       = 0x02
	metaPage       = 0x04
	freelistPage   = 0x10
	bucketElement  = 0x01
	noFreelist     = math.MaxUint64
	maxPageSize    = 16 << 20
	maxTreeDepth   = 64
	minimumPages   = 2
	smallestPage   = 512
	freelistLength = 8 // of the id of a page
)

// boltFile checks the structure of a file before bbolt maps it into memory: bbolt
// takes what it finds there for true, and ends the process by a panic, a fault or
// an endless recursion if it is not.
type boltFile struct {
	io.ReaderAt
	pageSize uint64
	// pages is how many pages the file has in use.
	pages uint64
	seen  map[uint64]struct{}
}

// boltMeta is what one of the two first pages says.
type boltMeta struct{ pageSize, root, freelist, pages, tx uint64 }

// checkBolt returns what is wrong with a file of that size, or nil.
func checkBolt(file io.ReaderAt, size int64) error {
	f := &boltFile{ReaderAt: file, seen: map[uint64]struct{}{}}
	first, err := f.meta(0, 0)
	if err != nil {
		return err
	}
	second, err := f.meta(1, int64(first.pageSize)) //nolint:gosec // at most maxPageSize
	if err != nil {
		return err
	}
	older, newest := first, second
	if first.tx > second.tx {
		older, newest = second, first
	}
	// They are written in turn, one at each change.
	if older.pageSize != newest.pageSize || older.tx+1 != newest.tx {
		return errors.New("its two first pages disagree")
	}
	f.pageSize, f.pages = newest.pageSize, newest.pages
	if f.pages < minimumPages || f.pages > uint64(size)/f.pageSize { //nolint:gosec // sizes are not negative
		return fmt.Errorf("it has %d bytes, and should have %d pages of %d bytes: its end is missing", size, f.pages, f.pageSize)
	}
	if newest.freelist != noFreelist {
		if _, _, err := f.page(newest.freelist, freelistPage); err != nil {
			return err
		}
	}
	return f.bucket(newest.root, 0)
}

// meta reads one of the two pages that say where the rest is. Both must be right:
// bbolt would go back to the older one, and lose what was acknowledged last.
func (f *boltFile) meta(id uint64, at int64) (boltMeta, error) {
	raw := make([]byte, pageHeader+metaLength)
	if _, err := f.ReadAt(raw, at); err != nil {
		return boltMeta{}, fmt.Errorf("its beginning can't be read: %w", err)
	}
	order := binary.NativeEndian
	m := raw[pageHeader:]
	if order.Uint32(m) != boltMagic {
		return boltMeta{}, errors.New("it does not begin as a state file does")
	}
	sum := fnv.New64a()
	_, _ = sum.Write(m[:metaLength-8]) // never fails
	if sum.Sum64() != order.Uint64(m[metaLength-8:]) || order.Uint16(raw[8:]) != metaPage {
		return boltMeta{}, errors.New("the checksum of its beginning is wrong")
	}
	if version := order.Uint32(m[4:]); version > boltVersion {
		return boltMeta{}, fmt.Errorf("%w: its format is %d, this program knows %d", errNewer, version, boltVersion)
	}
	meta := boltMeta{
		pageSize: uint64(order.Uint32(m[8:])), root: order.Uint64(m[16:]),
		freelist: order.Uint64(m[32:]), pages: order.Uint64(m[40:]), tx: order.Uint64(m[48:]),
	}
	if order.Uint64(raw) != id || meta.tx%2 != id {
		return boltMeta{}, errors.New("its two first pages are one and the same")
	}
	if meta.pageSize < smallestPage || meta.pageSize > maxPageSize {
		return boltMeta{}, fmt.Errorf("its pages have %d bytes", meta.pageSize)
	}
	return meta, nil
}

// page reads a page of one of the kinds with what follows it, once.
func (f *boltFile) page(id uint64, kinds uint16) (raw []byte, kind uint16, err error) {
	if id < minimumPages || id >= f.pages {
		return nil, 0, fmt.Errorf("it refers to page %d of %d", id, f.pages)
	}
	header := make([]byte, pageHeader)
	if _, err := f.ReadAt(header, int64(id*f.pageSize)); err != nil { //nolint:gosec // within the file
		return nil, 0, fmt.Errorf("page %d can't be read: %w", id, err)
	}
	order := binary.NativeEndian
	kind = order.Uint16(header[8:])
	more := uint64(order.Uint32(header[12:]))
	switch {
	case order.Uint64(header) != id, kind&kinds == 0 || kind&(kind-1) != 0:
		return nil, 0, fmt.Errorf("page %d is not what should be there", id)
	case more >= f.pages-id:
		return nil, 0, fmt.Errorf("page %d reaches beyond the end", id)
	}
	for i := id; i <= id+more; i++ {
		if _, twice := f.seen[i]; twice {
			return nil, 0, fmt.Errorf("page %d is referred to twice", i)
		}
		f.seen[i] = struct{}{}
	}
	raw = make([]byte, (1+more)*f.pageSize)
	if _, err := f.ReadAt(raw, int64(id*f.pageSize)); err != nil { //nolint:gosec // within the file
		return nil, 0, fmt.Errorf("page %d can't be read: %w", id, err)
	}
	length := elementLength
	if kind == freelistPage {
		length = freelistLength
	}
	if count := int(order.Uint16(header[10:])); pageHeader+count*length > len(raw) {
		return nil, 0, fmt.Errorf("page %d has no room for its %d elements", id, count)
	}
	return raw, kind, nil
}

// bucket checks the tree of a bucket.
func (f *boltFile) bucket(root uint64, depth int) error {
	return f.tree(root, depth, keyRange{})
}

// keyRange is where the keys of a subtree lie: the first of them, and a key that all
// are before; nil means no bound. A page whose first key is not the one that the page
// above has for it would be entered there a second time when it changes, and freed
// twice (bbolt's node.spill).
type keyRange struct{ first, before []byte }

// check returns an error for keys that are not in order or not in the range.
func (r keyRange) check(keys [][]byte) error {
	if r.first != nil && (len(keys) == 0 || !bytes.Equal(keys[0], r.first)) {
		return errors.New("the keys do not begin with the one that it is found by")
	}
	for i, key := range keys {
		if r.before != nil && bytes.Compare(key, r.before) >= 0 || i > 0 && bytes.Compare(keys[i-1], key) >= 0 {
			return errors.New("the keys are not in order")
		}
	}
	return nil
}

// tree checks a page and all below it.
func (f *boltFile) tree(id uint64, depth int, within keyRange) error {
	if depth > maxTreeDepth {
		return fmt.Errorf("page %d is too deep", id)
	}
	raw, kind, err := f.page(id, branchPage|leafPage)
	if err != nil {
		return err
	}
	if kind == leafPage {
		return f.leaf(raw, id, depth, within, false)
	}
	keys, err := elements(raw, id, branchKey, within)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return fmt.Errorf("page %d is an empty branch", id)
	}
	for i, key := range keys {
		below := keyRange{first: key, before: within.before}
		if i+1 < len(keys) {
			below.before = keys[i+1]
		}
		child := binary.NativeEndian.Uint64(raw[pageHeader+i*elementLength+8:])
		if err := f.tree(child, depth+1, below); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks a page of keys and values, and the buckets in it; a page that is itself
// a value (inlined) has none.
func (f *boltFile) leaf(raw []byte, id uint64, depth int, within keyRange, inlined bool) error {
	keys, err := elements(raw, id, leafKey, within)
	if err != nil {
		return err
	}
	order := binary.NativeEndian
	for i, key := range keys {
		at := pageHeader + i*elementLength
		element := raw[at:]
		begin := uint64(at) + uint64(order.Uint32(element[4:])) + uint64(len(key)) //nolint:gosec // a position in a page
		length := uint64(order.Uint32(element[12:]))
		if begin+length > uint64(len(raw)) {
			return fmt.Errorf("a value on page %d reaches beyond its end", id)
		}
		value := raw[begin : begin+length]
		switch flags := order.Uint32(element); {
		case flags == 0:
		case flags != bucketElement || length < bucketHeader || inlined:
			return fmt.Errorf("page %d has an element of an unknown kind", id)
		case order.Uint64(value) != 0:
			if err := f.bucket(order.Uint64(value), depth+1); err != nil {
				return err
			}
		default:
			if err := f.inline(value[bucketHeader:], id, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// inline checks a bucket that is so small that its page is a value on page id.
func (f *boltFile) inline(raw []byte, id uint64, depth int) error {
	order := binary.NativeEndian
	if depth > maxTreeDepth || len(raw) < pageHeader || order.Uint64(raw) != 0 || order.Uint16(raw[8:]) != leafPage ||
		pageHeader+int(order.Uint16(raw[10:]))*elementLength > len(raw) {
		return fmt.Errorf("the bucket on page %d is damaged", id)
	}
	return f.leaf(raw, id, depth, keyRange{}, true)
}

// Where in an element the position of its key is, counted from the element on; the
// key's length follows.
const (
	branchKey = 0
	leafKey   = 4
)

// elements returns the keys of a page, which must be in order and in the range.
func elements(raw []byte, id uint64, position int, within keyRange) ([][]byte, error) {
	order := binary.NativeEndian
	keys := make([][]byte, order.Uint16(raw[10:]))
	for i := range keys {
		at := pageHeader + i*elementLength
		begin := uint64(at) + uint64(order.Uint32(raw[at+position:])) //nolint:gosec // a position in a page
		end := begin + uint64(order.Uint32(raw[at+position+4:]))
		if end > uint64(len(raw)) || begin == end {
			return nil, fmt.Errorf("a key on page %d is empty or reaches beyond its end", id)
		}
		keys[i] = raw[begin:end]
	}
	if err := within.check(keys); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return keys, nil
}
