// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"cmp"
	"slices"
	"strings"
)

// builtins makes the list of builtins from one line a type: words are names,
// `name=0.16.0` is a plugin of a repository of its own with its version,
// `name!status` has another status than supported. Version texts follow the
// server: `v0.16.0+builtin` for plugins of their own repositories, and the
// server's version with its suffix for those of its tree.
func builtins(serverVersion, suffix string, lines map[string]string) []Builtin {
	var all []Builtin
	for kind, line := range lines {
		for _, word := range strings.Fields(line) {
			word, status, _ := strings.Cut(word, "!")
			name, version, own := strings.Cut(word, "=")
			b := Builtin{Type: kind, Name: name, Status: Supported}
			if status != "" {
				b.Status = Status(strings.ReplaceAll(status, "-", " "))
			}
			if own {
				b.Version = "v" + version + "+builtin"
			} else {
				b.Version = "v" + serverVersion + "+" + suffix
			}
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b Builtin) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// databasePlugins appends the ending that database plugins have to each word.
func databasePlugins(line string) string {
	words := strings.Fields(line)
	for i, w := range words {
		name, version, own := strings.Cut(w, "=")
		words[i] = name + "-database-plugin"
		if own {
			words[i] += "=" + version
		}
	}
	return strings.Join(words, " ")
}
