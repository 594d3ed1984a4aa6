// SPDX-License-Identifier: MPL-2.0

// Package hostenv reads the environment that a server process has, or will
// have: from the running process, from the file or the manifest it is started
// with. It reports what it can't know rather than guessing.
package hostenv

import (
	"slices"
	"strings"
)

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
}

// Environment is a server's environment as one source tells it.
type Environment struct {
	// Source names the source for people: "process 812", "vault.service".
	Source string
	// Variables has each name once, sorted.
	Variables []Variable
	// Notes tell what this source can't show.
	Notes []string
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

// set collects variables; a later one replaces an earlier one of its name.
type set map[string]Variable

func (s set) known(name, value string) {
	s[name] = Variable{Name: name, Value: value, Known: true}
}

func (s set) unknown(name, from string) {
	s[name] = Variable{Name: name, From: from}
}

func (s set) sorted() []Variable {
	variables := make([]Variable, 0, len(s))
	for _, v := range s {
		variables = append(variables, v)
	}
	slices.SortFunc(variables, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return variables
}
