// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// longest is how many characters of a value are kept in a Matrix.
const longest = 200

// shorten keeps long values out of files and tables.
func shorten(value string) string {
	if n := utf8.RuneCountInString(value); n > longest {
		return fmt.Sprintf("%s… (%d characters)", string([]rune(value)[:16]), n)
	}
	return value
}

func shortenAll(entries []string) []string {
	var short []string
	for _, e := range entries {
		short = append(short, shorten(e))
	}
	return short
}

func sameText(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }
