// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Deviation is a difference that is meant to be, with its reason.
type Deviation struct {
	// Recording is the recording's file name without ".json"; Case and Step
	// (from 1, 0 for the log) say where.
	Recording string `json:"recording"`
	Case      string `json:"case"`
	Steps     []int  `json:"steps"`
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

// ParseDeviations reads a list in JSON. Entries that say too little are errors.
func ParseDeviations(data []byte) (Deviations, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var list Deviations
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("list of deviations: %w", err)
	}
	for i, e := range list {
		if e.Recording == "" || e.Case == "" || len(e.Steps) == 0 || len(e.At) == 0 || e.Reason == "" {
			return nil, fmt.Errorf("list of deviations: entry %d (%s) needs recording, case, steps, at and reason", i+1, e.Case)
		}
	}
	return list, nil
}

// Apply marks the report's differences that are listed and returns the entries,
// as "case, step n", that explain nothing although their steps were compared.
func (l Deviations) Apply(report *Report) (unused []string) {
	name := strings.TrimSuffix(report.Recording, ".json")
	for _, dev := range l {
		if dev.Recording != name {
			continue
		}
		for _, step := range dev.Steps {
			i := slices.IndexFunc(report.Results, func(r Result) bool { return r.Case == dev.Case && r.Step == step })
			if i < 0 {
				continue
			}
			if !dev.explains(&report.Results[i]) && report.Results[i].Outcome != Unsupported {
				unused = append(unused, fmt.Sprintf("%s, step %d", dev.Case, step))
			}
		}
	}
	return unused
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
