// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// longest is how many characters of a value stand where it is used; a longer one
// stands in Matrix.LongValues, once.
const longest = 200

// shorten returns what stands for a value: the value, or the beginning of a long one
// with its length and checksum.
func shorten(value string) string {
	if n := utf8.RuneCountInString(value); n > longest {
		return fmt.Sprintf("%s… (%d characters, sha256 %.4x)", string([]rune(value)[:16]), n, sha256.Sum256([]byte(value)))
	}
	return value
}

// standsFor reports whether a text that is maybe short, also in the form of older
// programs, stands for a value.
func standsFor(short, value string) bool {
	if short == value || short == shorten(value) {
		return true
	}
	n := utf8.RuneCountInString(value)
	return n > longest && short == fmt.Sprintf("%s… (%d characters)", string([]rune(value)[:16]), n)
}

// sameEntries reports whether stored entries of an environment, NAME=value, stand for
// those.
func sameEntries(stored, entries []string) bool {
	return slices.EqualFunc(stored, entries, func(stored, entry string) bool {
		storedName, short, _ := strings.Cut(stored, "=")
		name, value, _ := strings.Cut(entry, "=")
		// Older programs shortened the whole entry.
		return standsFor(stored, entry) || storedName == name && standsFor(short, value)
	})
}

// compact returns the matrix with long values shortened, and the whole ones in
// LongValues.
func (m *Matrix) compact() *Matrix {
	long := map[string]string{}
	short := m.mapped(func(value string) string {
		short := shorten(value)
		if short != value {
			long[short] = value
		}
		return short
	})
	if len(long) > 0 {
		short.LongValues = long
	}
	return short
}

// expand is the opposite of compact. What is not in LongValues stays short.
func (m *Matrix) expand() *Matrix {
	return m.mapped(func(value string) string {
		if long, ok := m.LongValues[value]; ok {
			return long
		}
		return value
	})
}

// mapped returns a copy in which all values are changed.
func (m *Matrix) mapped(change func(string) string) *Matrix {
	entries := func(all []string) []string {
		all = slices.Clone(all)
		for i, entry := range all {
			if name, value, ok := strings.Cut(entry, "="); ok {
				all[i] = name + "=" + change(value)
			}
		}
		return all
	}
	changed := *m
	changed.LongValues = nil
	changed.Rows = slices.Clone(m.Rows)
	for i := range changed.Rows {
		row := &changed.Rows[i]
		row.Host, row.Registered, row.Cells = entries(row.Host), entries(row.Registered), slices.Clone(row.Cells)
		for n := range row.Cells {
			row.Cells[n] = row.Cells[n].mapped(change)
		}
	}
	return &changed
}

func (c Cell) mapped(change func(string) string) Cell {
	c.Value, c.Hidden = change(c.Value), slices.Clone(c.Hidden)
	for i := range c.Hidden {
		c.Hidden[i].Value = change(c.Hidden[i].Value)
	}
	return c
}

func sameText(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }
