// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// builtins makes the list of builtins from one line a type: words are names,
// `name=0.16.0` is a plugin of a repository of its own with its version,
// `name!status` has another status than supported. Version texts follow the
// server: `v0.16.0+builtin` for plugins of their own repositories, and the
// server's version with its suffix, which Dialect.report sets, for those of its
// tree.
func builtins(lines map[string]string) []Builtin {
	var all []Builtin
	for kind, line := range lines {
		for _, word := range strings.Fields(line) {
			word, status, _ := strings.Cut(word, "!")
			name, version, own := strings.Cut(word, "=")
			b := Builtin{Type: kind, Name: name, Status: Supported, tree: !own}
			if status != "" {
				b.Status = Status(strings.ReplaceAll(status, "-", " "))
			}
			if own {
				b.Version = repositoryVersion(version)
			}
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b Builtin) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func repositoryVersion(version string) string { return "v" + version + "+builtin" }

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

// plugins are the builtin plugins with repositories of their own: those that a
// release takes over in other versions, in the words of builtins.
func plugins(auth, database, secret string) func(*Dialect) {
	return func(d *Dialect) {
		d.Builtins = slices.Clone(d.Builtins)
		for _, b := range builtins(map[string]string{"auth": auth, "database": databasePlugins(database), "secret": secret}) {
			d.builtin(b.Type, b.Name).Version = b.Version
		}
	}
}

// added puts further builtins into the list.
func added(kind, line string) func(*Dialect) {
	return func(d *Dialect) {
		d.Builtins = slices.Concat(d.Builtins, builtins(map[string]string{kind: line}))
		slices.SortFunc(d.Builtins, func(a, b Builtin) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
		})
	}
}

// status changes the deprecation status of a builtin.
func status(kind, name string, s Status) func(*Dialect) {
	return func(d *Dialect) {
		d.Builtins = slices.Clone(d.Builtins)
		d.builtin(kind, name).Status = s
	}
}

// without takes a builtin out of the list.
func without(kind, name string) func(*Dialect) {
	return func(d *Dialect) {
		d.Builtins = slices.DeleteFunc(slices.Clone(d.Builtins), func(b Builtin) bool { return b.Type == kind && b.Name == name })
	}
}

// builtin finds a builtin of the list. That there is none is a mistake in this
// package's data, which its tests find.
func (d *Dialect) builtin(kind, name string) *Builtin {
	for i := range d.Builtins {
		if b := &d.Builtins[i]; b.Type == kind && b.Name == name {
			return b
		}
	}
	panic(fmt.Sprintf("dialect %s: no builtin %s %s", d.Name, kind, name))
}
