// SPDX-License-Identifier: MPL-2.0

package usage

import "strings"

// Enumerate joins words as messages do: text, json or markdown. Without words it is empty.
func Enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
