// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"slices"
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// A setting is a server's start: its environment and the plugins registered in
// it. Rows share one when none of them could see a difference.
type setting struct {
	host    layer
	plugins []*plugin
	// thenHost is that of its only row, if that has one.
	thenHost []string
}

// A plugin is one registration and the rows it answers.
type plugin struct {
	registered layer
	container  bool
	rows       []Row
}

// layer is an environment and every name that a row relies on in it, present
// or not.
type layer struct {
	entries []string
	used    map[string]bool
}

// pack puts rows into as few settings as a greedy search finds. Two rows go
// together if each name that either uses has the same entries in both.
func pack(rows []Row) []*setting {
	var settings []*setting
	for _, row := range rows {
		place(&settings, row)
	}
	return settings
}

func place(settings *[]*setting, row Row) {
	names := used(row)
	for _, s := range *settings {
		if s.thenHost != nil || row.ThenHost != nil || !s.host.accepts(row.Host, names) {
			continue
		}
		s.host.add(row.Host, names)
		for _, p := range s.plugins {
			if p.container == row.Container && p.registered.accepts(row.Registered, names) {
				p.registered.add(row.Registered, names)
				p.rows = append(p.rows, row)
				return
			}
		}
		s.plugins = append(s.plugins, newPlugin(row, names))
		return
	}
	s := &setting{plugins: []*plugin{newPlugin(row, names)}, thenHost: row.ThenHost}
	s.host.add(row.Host, names)
	*settings = append(*settings, s)
}

func newPlugin(row Row, names []string) *plugin {
	p := &plugin{container: row.Container, rows: []Row{row}}
	p.registered.add(row.Registered, names)
	return p
}

// used returns the names that decide a row's answer. The opt-out decides all.
func used(row Row) []string {
	names := []string{row.Name, environ.OptOut}
	for _, entry := range slices.Concat(row.Host, row.Registered) {
		name, _, _ := strings.Cut(entry, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// accepts reports whether entries can join without either side noticing.
func (l *layer) accepts(entries, names []string) bool {
	for _, name := range names {
		if l.used[name] && !slices.Equal(of(l.entries, name), of(entries, name)) {
			return false
		}
	}
	return true
}

// add joins entries that accepts let in.
func (l *layer) add(entries, names []string) {
	if l.used == nil {
		l.used = make(map[string]bool)
	}
	for _, entry := range entries {
		if name, _, _ := strings.Cut(entry, "="); !l.used[name] {
			l.entries = append(l.entries, entry)
		}
	}
	for _, name := range names {
		l.used[name] = true
	}
}

// of returns the entries of one name, in their order.
func of(entries []string, name string) []string {
	var found []string
	for _, entry := range entries {
		if n, _, _ := strings.Cut(entry, "="); n == name {
			found = append(found, entry)
		}
	}
	return found
}
