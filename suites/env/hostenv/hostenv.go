// SPDX-License-Identifier: MPL-2.0

// Package hostenv is the environment that a server process has, or will have,
// as its sources tell it. The packages below it read the sources, each one
// syntax by the rules of the program that applies it. They report what cannot
// be known rather than guessing.
package hostenv

import (
	"fmt"
	"slices"
	"strings"
)

// Place is where something stands in a file.
type Place struct {
	File string `json:"file,omitempty"`
	// Line counts from 1; 0 is the file as a whole.
	Line int `json:"line,omitempty"`
}

// String is the place for people: "vault.service, line 3".
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s, line %d", p.File, p.Line)
}

// Variable is one variable of a server's environment.
type Variable struct {
	Name string
	// Value is empty when Known is false.
	Value string
	// Known is false where the source names a variable without its value, as a
	// manifest's valueFrom does.
	Known bool
	// From says where an unknown value will come from, in words.
	From string
	// Place is where the variable is set.
	Place Place
}

// Kind says what a Remark is about.
type Kind string

// The kinds of remarks.
const (
	// Ignored: it stands in the source, and the program that applies the source
	// ignores it.
	Ignored Kind = "ignored"
	// Unseen: variables may be set that could not be seen.
	Unseen Kind = "unseen"
	// Differs: versions of the program read it differently.
	Differs Kind = "differs"
	// Refused: the program does not start the server with this.
	Refused Kind = "refused"
)

// Remark is something in a source that its readers must know. It never quotes a
// value.
type Remark struct {
	Kind Kind
	// Rule is the short name of the remark: systemd-specifier.
	Rule string
	// Variable is its name, if it is about one.
	Variable string
	Place    Place
	// Message says what is and what follows, Remedy what to do.
	Message, Remedy string
}

// Environment is a server's environment as its sources tell it.
type Environment struct {
	// Source names the source for people: "process 812", "vault.service".
	Source string
	// Variables has each name once, sorted.
	Variables []Variable
	// Remarks are what the sources have beside variables.
	Remarks []Remark
	// Read lists the files that were read, in the order in which they apply.
	Read []string
	// Notes tell what this source can't show.
	Notes []string
	// ImageUnseen: variables of the container's image are a part of the environment,
	// and not of this source.
	ImageUnseen bool
}

// Get returns the variable of that name.
func (e Environment) Get(name string) (Variable, bool) {
	i, found := slices.BinarySearchFunc(e.Variables, name, func(v Variable, name string) int {
		return strings.Compare(v.Name, name)
	})
	if !found {
		return Variable{}, false
	}
	return e.Variables[i], true
}

// Entries returns NAME=value for each variable; an unknown value is empty.
func (e Environment) Entries() []string {
	entries := make([]string, len(e.Variables))
	for i, v := range e.Variables {
		entries[i] = v.Name + "=" + v.Value
	}
	return entries
}

// Complete reports whether no variable can be set that is not in Variables.
func (e Environment) Complete() bool {
	return !slices.ContainsFunc(e.Remarks, func(r Remark) bool { return r.Kind == Unseen })
}

// Join returns e with what later sets over it.
func (e Environment) Join(later Environment) Environment {
	vars := make(Set)
	for _, v := range slices.Concat(e.Variables, later.Variables) {
		vars[v.Name] = v
	}
	joined := Environment{
		Source:    e.Source,
		Variables: vars.Sorted(),
		Remarks:   slices.Concat(e.Remarks, later.Remarks),
		Read:      slices.Concat(e.Read, later.Read),
		Notes:     slices.Clone(e.Notes),

		ImageUnseen: e.ImageUnseen || later.ImageUnseen,
	}
	if e.Source != "" && later.Source != "" {
		joined.Source += "; "
	}
	joined.Source += later.Source
	for _, note := range later.Notes {
		if !slices.Contains(joined.Notes, note) {
			joined.Notes = append(joined.Notes, note)
		}
	}
	return joined
}

// Set collects variables; a later one replaces an earlier one of its name.
type Set map[string]Variable

// Known sets a variable whose value is known.
func (s Set) Known(name, value string, at Place) {
	s[name] = Variable{Name: name, Value: value, Known: true, Place: at}
}

// Unknown sets a variable whose value will come from somewhere else.
func (s Set) Unknown(name, from string, at Place) {
	s[name] = Variable{Name: name, From: from, Place: at}
}

// Sorted returns the variables in the order of their names.
func (s Set) Sorted() []Variable {
	variables := make([]Variable, 0, len(s))
	for _, v := range s {
		variables = append(variables, v)
	}
	slices.SortFunc(variables, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return variables
}
