// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/nearest"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// Listing chooses requirements to list. What is empty chooses all.
type Listing struct {
	// For is the command that checks them: run, for those of servers, or check, for
	// those of plugins.
	For string
	// Only are identifiers, Area the names of their files, Level their levels.
	Only, Area, Level []string
}

// Listed is a requirement with the command that checks it.
type Listed struct {
	steps.Requirement
	// For is run or check.
	For string
}

// Commands returns the commands that check requirements.
func Commands() []string { return []string{"run", "check"} }

// featuresFor returns the features that a command checks.
func featuresFor(command string) fs.FS {
	if command == "check" {
		return features.Plugin()
	}
	return features.Server()
}

// The requirements in the features of this build, which never change.
//
//nolint:gochecknoglobals // read once for all runs
var (
	ofServers = sync.OnceValues(func() ([]steps.Requirement, error) { return steps.Requirements(features.Server()) })
	ofPlugins = sync.OnceValues(func() ([]steps.Requirement, error) { return steps.Requirements(features.Plugin()) })
)

// requirementsFor returns the requirements that a command checks, read once.
func requirementsFor(command string) ([]steps.Requirement, error) {
	read := ofServers
	if command == "check" {
		read = ofPlugins
	}
	all, err := read()
	if err != nil {
		return nil, fmt.Errorf("read the features: %w", err)
	}
	return slices.Clone(all), nil
}

// Requirements returns the requirements of servers, then those of plugins, that are
// chosen.
func Requirements(of Listing) ([]Listed, error) {
	var all []steps.Requirement
	var listed []Listed
	for _, command := range Commands() {
		if of.For != "" && of.For != command {
			continue
		}
		read, err := requirementsFor(command)
		if err != nil {
			return nil, err
		}
		all = append(all, read...)
		for _, r := range read {
			if among(r.ID, of.Only) && among(r.Area, of.Area) && among(string(r.Level), of.Level) {
				listed = append(listed, Listed{r, command})
			}
		}
	}
	// The same check of names as for a run.
	if _, err := choose(all, of.Only, of.Area, of.Level, ""); err != nil {
		return nil, err
	}
	if len(listed) == 0 {
		return nil, usage.Errorf("no requirement fits --for, --only, --area and --level together")
	}
	return listed, nil
}

// unknownRequirement says of an identifier that is none of all which command checks it,
// if another does, or which are the nearest.
func unknownRequirement(id string, all []steps.Requirement) error {
	for _, command := range Commands() {
		read, err := requirementsFor(command)
		if err != nil {
			return err
		}
		if slices.Contains(identifiers(read), id) {
			things := map[string]string{"run": "servers", "check": "plugins"}
			return usage.Errorf("%s is a requirement of %s, which 'plugproof %s' checks", id, things[command], command)
		}
	}
	return usage.Errorf("there is no requirement %q%s 'plugproof requirements' lists them", id, separated(nearest.Question(id, "", identifiers(all))))
}

// separated ends a text before another sentence: a question ends itself.
func separated(question string) string {
	if question == "" {
		return ";"
	}
	return question
}

func identifiers(all []steps.Requirement) []string {
	ids := make([]string, 0, len(all))
	for _, requirement := range all {
		ids = append(ids, requirement.ID)
	}
	return ids
}
