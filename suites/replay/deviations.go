// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/internal/deviations"
)

// Deviations are differences that are meant to be, with their reasons: the entries
// of a list that are about cases.
type Deviations []deviations.Deviation

// LoadDeviations reads the entries about cases from a file.
func LoadDeviations(file string) (Deviations, error) {
	list, err := deviations.Load(file)
	if err != nil {
		return nil, fmt.Errorf("--deviations: %w", err)
	}
	return Deviations(list.Cases()), nil
}

// NameServers reports whether an entry depends on the product or version of the
// servers, which then belong into Report.Servers.
func (l Deviations) NameServers() bool { return deviations.List(l).NameServers() }

// of returns the entries that are about a report: about its recording and one of
// its servers.
func (l Deviations) of(report *Report) Deviations {
	name := strings.TrimSuffix(report.Recording, ".json")
	return slices.DeleteFunc(slices.Clone(l), func(d deviations.Deviation) bool {
		return d.Recording != "" && d.Recording != name || !slices.ContainsFunc(report.servers(), d.About)
	})
}

// Apply marks the report's results whose differences are all listed and returns
// the entries, as "case, step n", that name no difference although their steps
// were compared. Unknown has those whose steps are not there.
func (l Deviations) Apply(report *Report) (unused []string) {
	meant := make([]matches, len(report.Results))
	for _, dev := range l.of(report) {
		hits := map[int]bool{} // by step
		for i, res := range report.Results {
			if !dev.Match(res.Case) || len(dev.Steps) > 0 && !slices.Contains(dev.Steps, res.Step) || res.Outcome == Unsupported {
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

// Unknown returns the entries that name a case or a step which none of the
// recordings has, by their names. Entries for other recordings are left out.
func (l Deviations) Unknown(recordings map[string]*Recording) (unknown []string) {
	for _, dev := range l {
		if dev.Recording != "" && recordings[dev.Recording] == nil {
			continue
		}
		cases := namedCases(dev, recordings)
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

// namedCases returns those that an entry names.
func namedCases(d deviations.Deviation, recordings map[string]*Recording) (cases []*Case) {
	for name, rec := range recordings {
		if d.Recording != "" && d.Recording != name {
			continue
		}
		for id, c := range rec.Cases {
			if d.Match(id) {
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// has reports whether the case has a step of that number, which is 0 for the log.
func (c *Case) has(step int) bool {
	if step == 0 {
		return c.Log != nil
	}
	return step > 0 && step <= len(c.Steps)
}

// matches are the entries that name differences of one result.
type matches struct {
	// paths are the meant differences, reasons say why.
	paths   map[string]bool
	reasons []string
	// expired are entries that would have named some.
	expired     []string
	commandLine bool
}

// add takes an entry and reports whether it names a difference of the result.
func (m *matches) add(dev deviations.Deviation, res Result) bool {
	hit := false
	for _, diff := range res.Differences {
		if !slices.ContainsFunc(dev.At, func(at string) bool { return strings.HasPrefix(diff.Path, at) }) {
			continue
		}
		hit = true
		if dev.Ended() {
			continue
		}
		if m.paths == nil {
			m.paths = map[string]bool{}
		}
		m.paths[diff.Path] = true
	}
	switch {
	case !hit:
	case dev.Ended():
		m.expired = append(m.expired, dev.Expired())
	default:
		m.commandLine = m.commandLine || dev.CommandLine
		if !slices.Contains(m.reasons, dev.Reason) {
			m.reasons = append(m.reasons, dev.Reason)
		}
	}
	return hit
}

// mark changes the outcome if all that differs is meant.
func (m *matches) mark(res *Result) {
	switch {
	case res.Outcome != Different:
	case slices.ContainsFunc(res.Differences, func(d Difference) bool { return !m.paths[d.Path] }):
		res.Reason = strings.Join(m.expired, "; ")
	default:
		res.Outcome, res.Reason = Listed, strings.Join(m.reasons, "; ")
		if m.commandLine {
			res.Outcome = CommandLineOutcome
		}
	}
}
