// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
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
		return nil, fmt.Errorf("list of deviations: %w", plainJSON(err))
	}
	for i, e := range list {
		if e.Case == "" || len(e.At) == 0 || e.Reason == "" {
			return nil, fmt.Errorf("list of deviations: entry %d (%s) needs case, at and reason", i+1, e.Case)
		}
		if err := checkPattern(e.Case); err != nil {
			return nil, fmt.Errorf("list of deviations: entry %d: %w", i+1, err)
		}
	}
	return list, nil
}

// Apply marks the report's results whose differences are all listed and returns
// the entries, as "case, step n", that name no difference although their steps
// were compared. Unknown has those whose steps are not there.
func (l Deviations) Apply(report *Report) (unused []string) {
	name := strings.TrimSuffix(report.Recording, ".json")
	meant := make([]meanings, len(report.Results))
	for _, dev := range l {
		if dev.Recording != "" && dev.Recording != name {
			continue
		}
		hits := map[int]bool{} // by step
		for i, res := range report.Results {
			if !match(dev.Case, res.Case) || len(dev.Steps) > 0 && !slices.Contains(dev.Steps, res.Step) || res.Outcome == Unsupported {
				continue
			}
			hits[res.Step] = meant[i].add(dev, res) || hits[res.Step]
		}
		for _, step := range dev.Steps {
			if hit, compared := hits[step]; compared && !hit {
				unused = append(unused, fmt.Sprintf("%s, step %d", dev.Case, step))
			}
		}
		if len(dev.Steps) == 0 && len(hits) > 0 && !slices.Contains(slices.Collect(maps.Values(hits)), true) {
			unused = append(unused, dev.Case)
		}
	}
	for i := range report.Results {
		meant[i].mark(&report.Results[i])
	}
	return unused
}

// Unknown gives the entries that name a case or a step which none of the
// recordings has, by their names. Entries for other recordings are left out.
func (l Deviations) Unknown(recordings map[string]*Recording) (unknown []string) {
	for _, dev := range l {
		if dev.Recording != "" && recordings[dev.Recording] == nil {
			continue
		}
		cases := dev.cases(recordings)
		if len(cases) == 0 {
			unknown = append(unknown, dev.Case+" (no such case)")
			continue
		}
		for _, step := range dev.Steps {
			if !slices.ContainsFunc(cases, func(c *Case) bool { return c.has(step) }) {
				unknown = append(unknown, fmt.Sprintf("%s, step %d (no such step)", dev.Case, step))
			}
		}
	}
	return unknown
}

// cases are those that the entry names.
func (d Deviation) cases(recordings map[string]*Recording) (cases []*Case) {
	for name, rec := range recordings {
		if d.Recording != "" && d.Recording != name {
			continue
		}
		for id, c := range rec.Cases {
			if match(d.Case, id) {
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// has tells whether the case has a step of that number, which is 0 for the log.
func (c *Case) has(step int) bool {
	if step == 0 {
		return c.Log != nil
	}
	return step > 0 && step <= len(c.Steps)
}

// meanings are the entries that name differences of one result.
type meanings struct {
	paths       map[string]bool
	reasons     []string
	commandLine bool
}

// add takes an entry and tells whether it names a difference of the result.
func (m *meanings) add(dev Deviation, res Result) bool {
	hit := false
	for _, diff := range res.Differences {
		if slices.ContainsFunc(dev.At, func(at string) bool { return strings.HasPrefix(diff.Path, at) }) {
			if m.paths == nil {
				m.paths = map[string]bool{}
			}
			m.paths[diff.Path] = true
			hit = true
		}
	}
	if hit {
		m.commandLine = m.commandLine || dev.CommandLine
		if !slices.Contains(m.reasons, dev.Reason) {
			m.reasons = append(m.reasons, dev.Reason)
		}
	}
	return hit
}

// mark changes the outcome if all that differs is meant.
func (m *meanings) mark(res *Result) {
	if res.Outcome != Different || slices.ContainsFunc(res.Differences, func(d Difference) bool { return !m.paths[d.Path] }) {
		return
	}
	res.Outcome, res.Reason = Listed, strings.Join(m.reasons, "; ")
	if m.commandLine {
		res.Outcome = CommandLineOutcome
	}
}
