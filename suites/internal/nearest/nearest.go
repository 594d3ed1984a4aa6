// SPDX-License-Identifier: MPL-2.0

// Package nearest finds the known words that a mistyped one was most likely meant to be.
package nearest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/plugproof/plugproof/suites/internal/usage"
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
			if levenshtein.Distance(lower, name, nil) <= edits || lower != "" && strings.HasPrefix(name, lower) {
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
	return fmt.Sprintf("; did you mean %s?", usage.Enumerate(found, "or"))
}
