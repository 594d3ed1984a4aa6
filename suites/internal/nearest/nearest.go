// SPDX-License-Identifier: MPL-2.0

// Package nearest finds the known words that a mistyped one was most likely meant to be.
package nearest

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// mostEdits is how many letters a word may differ in to be a suggestion.
	mostEdits = 2
	// mostWords is how many suggestions there are at most.
	mostWords = 4
)

// Words returns the known words that are nearest, in their order: those that differ
// least, or begin with the word. Case does not count.
func Words(word string, known []string) []string {
	sorted := slices.Compact(slices.Sorted(slices.Values(known)))
	lower := strings.ToLower(word)
	for edits := range mostEdits + 1 {
		var found []string
		for _, candidate := range sorted {
			name := strings.ToLower(candidate)
			if distance(lower, name) <= edits || lower != "" && strings.HasPrefix(name, lower) {
				found = append(found, candidate)
			}
		}
		if len(found) > 0 {
			return found[:min(len(found), mostWords)]
		}
	}
	return nil
}

// Question asks whether the nearest words were meant, each behind before, as in
// "; did you mean --target?". Without any it is empty.
func Question(word, before string, known []string) string {
	found := Words(word, known)
	if len(found) == 0 {
		return ""
	}
	for i := range found {
		found[i] = before + found[i]
	}
	last := len(found) - 1
	text := found[last]
	if last > 0 {
		text = strings.Join(found[:last], ", ") + " or " + text
	}
	return fmt.Sprintf("; did you mean %s?", text)
}

// distance returns how many letters are to be replaced, inserted or left out to make one
// word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
