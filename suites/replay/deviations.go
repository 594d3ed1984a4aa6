// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Deviation is a difference that is meant to be, with its reason.
type Deviation struct {
	// Recording is the recording's file name without ".json"; empty is any.
	Recording string `json:"recording,omitempty"`
	// Case (a pattern as of file names) and Steps (from 1, 0 for the log) say
	// where. No steps are all.
	Case  string `json:"case"`
	Steps []int  `json:"steps,omitempty"`
	// At are the paths of the differences that are meant, as Difference.Path
	// begins: "stderr", "body.data". What differs elsewhere still counts.
	At []string `json:"at"`
	// CommandLine marks answers of a command line that is older than ours or
	// another product's; they are counted apart.
	CommandLine bool `json:"command_line,omitempty"`
	// Reason says why the difference is meant.
	Reason string `json:"reason"`
}

// Deviations is a list of them.
type Deviations []Deviation

// LoadDeviations reads a list from a file.
func LoadDeviations(name string) (Deviations, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("list of deviations: %w", err)
	}
	list, err := ParseDeviations(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// ParseDeviations reads a list in JSON. Entries that say too little are errors.
func ParseDeviations(data []byte) (Deviations, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var list Deviations
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("list of deviations: %w", err)
	}
	for i, e := range list {
		if e.Case == "" || len(e.At) == 0 || e.Reason == "" {
			return nil, fmt.Errorf("list of deviations: entry %d (%s) needs case, at and reason", i+1, e.Case)
		}
	}
	return list, nil
}

// Apply marks the report's differences that are listed and returns the entries,
// as "case, step n", that explain nothing although their steps were compared.
func (l Deviations) Apply(report *Report) (unused []string) {
	name := strings.TrimSuffix(report.Recording, ".json")
	for _, dev := range l {
		if dev.Recording != "" && dev.Recording != name {
			continue
		}
		explained := map[int]bool{}
		compared := false
		for i := range report.Results {
			res := &report.Results[i]
			if !match(dev.Case, res.Case) || len(dev.Steps) > 0 && !slices.Contains(dev.Steps, res.Step) || res.Outcome == Unsupported {
				continue
			}
			compared = true
			explained[res.Step] = dev.explains(res) || explained[res.Step]
		}
		for _, step := range dev.Steps {
			if yes, there := explained[step]; there && !yes {
				unused = append(unused, fmt.Sprintf("%s, step %d", dev.Case, step))
			}
		}
		if len(dev.Steps) == 0 && compared && !slices.Contains(slices.Collect(maps.Values(explained)), true) {
			unused = append(unused, dev.Case)
		}
	}
	return unused
}

// match tells whether an identifier fits a pattern as of file names.
func match(pattern, id string) bool {
	ok, err := path.Match(pattern, id)
	return err == nil && ok
}

// explains marks res if all that differs there is meant.
func (d Deviation) explains(res *Result) bool {
	if res.Outcome != Different {
		return false
	}
	for _, diff := range res.Differences {
		if !slices.ContainsFunc(d.At, func(at string) bool { return strings.HasPrefix(diff.Path, at) }) {
			return false
		}
	}
	res.Outcome, res.Reason = Listed, d.Reason
	if d.CommandLine {
		res.Outcome = CommandLineOutcome
	}
	return true
}
