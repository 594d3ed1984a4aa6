// SPDX-License-Identifier: MPL-2.0

package dialect

import "strings"

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
	// Field is the name of the Dialect's field that the change sets.
	Field string `json:"field"`
	// What says it in the words of who upgrades.
	What string `json:"what"`
	// Source is where it is from: a changelog entry, a file at a tag.
	Source string `json:"source"`
	// Evidence is how well it is known.
	Evidence Evidence `json:"evidence"`

	apply func(*Dialect)
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
	changes               []Change
	gaps                  []Gap
}

// derive makes d the dialect of a later release.
func (d *Dialect) derive(r release) *Dialect {
	d.Base, d.Name = d.Name, r.name
	d.Ground, d.Provisional = r.ground, r.provisional
	d.Changes = r.changes
	for _, c := range r.changes {
		c.apply(d)
	}
	d.addGaps(r.gaps)
	d.report(r.version)
	return d
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
	if stem, ok := strings.CutSuffix(version, unstamped); ok {
		d.Version, d.VersionSuffix = stem, unstamped
	}
	for i := range d.Builtins {
		if b := &d.Builtins[i]; b.tree {
			b.Version = d.OwnVersion()
		}
	}
}
