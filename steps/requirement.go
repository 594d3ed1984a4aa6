// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

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
	// Sources are the documents that state it: "contract.md section 2" or URLs.
	Sources []string
	// Needs are the capabilities without which it can't be checked.
	Needs []Capability
	// Applies says which products and versions it is about, for people. The
	// examples of an outline may each be about others.
	Applies string
	// Remedy is what to do when it fails.
	Remedy string
	// Cases counts the scenarios that check it: the rows of an outline.
	Cases int
}

// Session tells whether the requirement is one of the documentation's sessions.
func (r Requirement) Session() bool { return strings.HasPrefix(r.ID, "DOC-") }

var (
	idTag       = regexp.MustCompile(`^[A-Z]{3}-[0-9]{3}$`)
	contractTag = regexp.MustCompile(`^contract-([1-5])$`)
)

// ownServerTag marks scenarios that can't share a server with others, because
// they change what all see or need a name literally.
const ownServerTag = "own-server"

// tags is what a scenario's tags say.
type tags struct {
	id        string
	level     Level
	contract  []string
	needs     []Capability
	applies   Applies
	ownServer bool
}

// readTags understands the tags of a scenario, which have lost their @ already.
// A tag that means nothing is an error: a typo would otherwise drop a condition.
func readTags(names []string) (tags, error) {
	var read tags
	for _, name := range names {
		switch {
		case idTag.MatchString(name):
			if read.id != "" {
				return tags{}, fmt.Errorf("two identifiers, %s and %s", read.id, name)
			}
			read.id = name
		case slices.Contains([]Level{Must, Should, May}, Level(name)):
			if read.level != "" {
				return tags{}, fmt.Errorf("two levels, %s and %s", read.level, name)
			}
			read.level = Level(name)
		case contractTag.MatchString(name):
			section := contractTag.FindStringSubmatch(name)[1]
			read.contract = append(read.contract, "contract.md section "+section)
		case strings.HasPrefix(name, "needs-"):
			capability := Capability(strings.TrimPrefix(name, "needs-"))
			if !slices.Contains(Capabilities(), capability) {
				return tags{}, fmt.Errorf("@%s names no capability; there are %v", name, Capabilities())
			}
			read.needs = append(read.needs, capability)
		case name == ownServerTag:
			read.ownServer = true
		default:
			known, err := read.applies.add(name)
			if err != nil {
				return tags{}, fmt.Errorf("@%s: %w", name, err)
			}
			if !known {
				return tags{}, fmt.Errorf("@%s is no tag that the steps know; see features/doc.go", name)
			}
		}
	}
	return read, nil
}
