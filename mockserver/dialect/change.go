// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"reflect"
	"slices"
	"strings"
)

// Evidence says how well a change is known.
type Evidence string

// The kinds of evidence.
const (
	// Established changes were recorded, or read in the sources, changelog or
	// documentation of that version.
	Established Evidence = "established"
	// Inferred changes were concluded, and never seen or read.
	Inferred Evidence = "inferred"
)

// Change is one deviation of a dialect from the one it is derived from.
type Change struct {
	// Field is the name of the Dialect's field that the change sets, behind that
	// of its group: Catalog.Pins.
	Field string `json:"field"`
	// What says it in the words of who upgrades.
	What string `json:"what"`
	// Source is where it is from: a changelog entry, a file at a tag.
	Source string `json:"source"`
	// Evidence is how well it is known.
	Evidence Evidence `json:"evidence"`
}

// edit is a Change as it stands in a dialect's file. It changes one field, whose
// name follows from apply.
type edit struct {
	what, source string
	evidence     Evidence
	apply        func(*Dialect)
}

// calls lets plugins call further methods of the system view or services.
func calls(names ...string) func(*Dialect) {
	return func(d *Dialect) { d.Processes.Callbacks = slices.Concat(d.Processes.Callbacks, names) }
}

// Gap is something that servers do and the mock does not.
type Gap struct {
	// Since is the dialect with which it came.
	Since string `json:"since"`
	// What is left out, Source says where servers' behaviour is from, and Why
	// why the mock leaves it out.
	What   string `json:"what"`
	Source string `json:"source"`
	Why    string `json:"why"`
}

// release is what makes a dialect of the one before it.
type release struct {
	name, version, ground string
	provisional           bool
	changes               []edit
	gaps                  []Gap
}

// derive makes d the dialect of a later release.
func (d *Dialect) derive(r release) *Dialect {
	d.Base, d.Name = d.Name, r.name
	d.Ground, d.Provisional = r.ground, r.provisional
	d.Changes = make([]Change, 0, len(r.changes))
	among := fields()
	for _, e := range r.changes {
		before := *d
		e.apply(d)
		d.Changes = append(d.Changes, Change{
			Field: strings.Join(differing(among, &before, d), ", "), What: e.what, Source: e.source, Evidence: e.evidence,
		})
	}
	d.addGaps(r.gaps)
	d.report(r.version)
	return d
}

// Fields visits the fields of a dialect that changes may set, in their order, with
// the names that Change.Field has for them.
func (d *Dialect) Fields(visit func(name string, value any)) {
	this := reflect.ValueOf(d).Elem()
	for _, f := range fields() {
		visit(f.name, f.of(this).Interface())
	}
}

// differing returns the names of those of the fields that have other values.
func differing(among []field, a, b *Dialect) []string {
	var names []string
	before, after := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for _, f := range among {
		x, y := f.of(before), f.of(after)
		if f.comparable && !x.Equal(y) || !f.comparable && !reflect.DeepEqual(x.Interface(), y.Interface()) {
			names = append(names, f.name)
		}
	}
	return names
}

// field is a field that changes may set: one of a group, or of the Dialect itself.
type field struct {
	name       string
	index      int
	within     int // the group's index of it; -1 for none
	comparable bool
}

func (f field) of(d reflect.Value) reflect.Value {
	value := d.Field(f.index)
	if f.within >= 0 {
		value = value.Field(f.within)
	}
	return value
}

// fields returns all of them in their order. Who compares many dialects keeps them.
func fields() []field {
	var all []field
	dialect := reflect.TypeFor[Dialect]()
	for i := range dialect.NumField() {
		group := dialect.Field(i)
		switch {
		case group.Type.Kind() == reflect.Struct:
			for j := range group.Type.NumField() {
				all = append(all, newField(group.Name+"."+group.Type.Field(j).Name, i, j, group.Type.Field(j).Type))
			}
		case !aboutItself(group.Name):
			all = append(all, newField(group.Name, i, -1, group.Type))
		}
	}
	return all
}

func newField(name string, index, within int, kind reflect.Type) field {
	return field{name: name, index: index, within: within, comparable: kind.Comparable() && kind.Kind() != reflect.Interface}
}

// aboutItself reports whether every dialect differs from its base in a field.
func aboutItself(name string) bool {
	switch name {
	case "Name", "Base", "Changes", "Gaps", "Ground", "Provisional", "Version", "VersionSuffix":
		return true
	}
	return false
}

func (d *Dialect) addGaps(gaps []Gap) {
	for _, g := range gaps {
		g.Since = d.Name
		d.Gaps = append(d.Gaps, g)
	}
}

// unstamped ends the version of a server that was built without a version
// stamp. It is part of what sys/health says, but not of its builtins' versions.
const unstamped = "-HEAD"

// report sets the version that the server and the builtins of its tree report.
func (d *Dialect) report(version string) {
	d.Version, d.VersionSuffix = version, ""
	for _, suffix := range []string{unstamped, enterpriseSuffix} {
		if stem, ok := strings.CutSuffix(version, suffix); ok {
			d.Version, d.VersionSuffix = stem, suffix
		}
	}
	for i := range d.Builtins {
		if b := &d.Builtins[i]; b.tree {
			b.Version = d.OwnVersion()
		}
	}
}
