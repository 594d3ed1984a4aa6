// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/features"
)

var idTag = regexp.MustCompile(`^[A-Z]{3}-[0-9]{3}$`)

// contractPrefix begins a tag that names a section of the contract.
const contractPrefix = "contract-"

// ownServerTag marks scenarios that can't share a server with others, because
// they change what all see or need a name literally.
const ownServerTag = "own-server"

// typePrefix begins a tag that names a type of plugins.
const typePrefix = "type-"

// buildsOnPrefix begins a tag that names another requirement.
const buildsOnPrefix = "builds-on-"

// tags is what a scenario's tags say.
type tags struct {
	id        string
	level     Level
	contract  []string
	needs     []Capability
	applies   Applies
	ownServer bool
	// types are the types of plugins that it is about; nil is all.
	types []string
	// buildsOn are identifiers of requirements.
	buildsOn []string
}

// readTags parses the tags of a scenario, which are given without @. An unknown
// tag is an error: a typo would otherwise remove a condition.
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
		case strings.HasPrefix(name, contractPrefix):
			section, ok := features.ContractSection(strings.TrimPrefix(name, contractPrefix))
			if !ok {
				return tags{}, fmt.Errorf("@%s is not a section of features/CONTRACT.md", name)
			}
			read.contract = append(read.contract, section)
		case strings.HasPrefix(name, "needs-"):
			capability := Capability(strings.TrimPrefix(name, "needs-"))
			if !slices.Contains(Capabilities(), capability) {
				return tags{}, fmt.Errorf("@%s is not a capability; there are %v", name, Capabilities())
			}
			read.needs = append(read.needs, capability)
		case strings.HasPrefix(name, typePrefix):
			kind := strings.TrimPrefix(name, typePrefix)
			if !slices.Contains([]string{"secret", "auth", "database"}, kind) {
				return tags{}, fmt.Errorf("@%s is not a type of plugin", name)
			}
			read.types = append(read.types, kind)
		case strings.HasPrefix(name, buildsOnPrefix):
			id := strings.TrimPrefix(name, buildsOnPrefix)
			if !IsID(id) {
				return tags{}, fmt.Errorf("@%s names no identifier", name)
			}
			read.buildsOn = append(read.buildsOn, id)
		case name == ownServerTag:
			read.ownServer = true
		default:
			known, err := read.applies.add(name)
			if err != nil {
				return tags{}, fmt.Errorf("@%s: %w", name, err)
			}
			if !known {
				return tags{}, fmt.Errorf("@%s is not a known tag; features/doc.go lists them", name)
			}
		}
	}
	return read, nil
}

// IsID reports whether text has the form of a requirement's identifier.
func IsID(text string) bool { return idTag.MatchString(text) }
