// SPDX-License-Identifier: MPL-2.0

package steps

import "strings"

// Level says how binding a requirement is.
type Level string

// The levels, as RFC 2119 uses the words.
const (
	Must   Level = "must"
	Should Level = "should"
	May    Level = "may"
)

// Requirement is one thing that a server or plugin must, should or may do. It
// is read from a scenario's tags, its rule and its description; features/doc.go
// documents how they are written.
type Requirement struct {
	// ID is stable across releases: REG-003.
	ID string
	// Title is the scenario's name.
	Title string
	// Area is the feature file's name without its ending: registration.
	Area string
	// Rule is the statement that the requirement is part of.
	Rule string
	// Level is must, should or may.
	Level Level
	// Sources are the documents that state it: a section of the contract, as
	// features/CONTRACT.md#2-registration, or URLs.
	Sources []string
	// Needs are the capabilities without which it can't be checked.
	Needs []Capability
	// BuildsOn are the identifiers of requirements whose failure makes this one fail
	// too, or say nothing.
	BuildsOn []string
	// Applies says which products and versions it is about, for people. The
	// examples of an outline may each be about others.
	Applies string
	// Remedy is what to do when it fails.
	Remedy string
	// Cases counts the scenarios that check it: the rows of an outline.
	Cases int
}

// Session reports whether the requirement is one of the documentation's sessions.
func (r Requirement) Session() bool { return strings.HasPrefix(r.ID, "DOC-") }
