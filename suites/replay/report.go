// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/plugproof/plugproof/suites/internal/deviations"
)

// Outcome is what came of comparing a step.
type Outcome string

// The outcomes. Equal and Different count; CommandLine and Unsupported are
// counted apart.
const (
	// Equal: status and body, or exit code and texts, are the recorded ones.
	Equal Outcome = "equal"
	// Different: they are not, and no deviation explains it.
	Different Outcome = "different"
	// Listed: they are not, deliberately and with a reason.
	Listed Outcome = "listed"
	// CommandLineOutcome: the recorded command line is an older or another product's.
	CommandLineOutcome Outcome = "command line"
	// Unsupported: the target could not be started as the case asks.
	Unsupported Outcome = "unsupported"
	// Uncompared: nothing was recorded for the step.
	Uncompared Outcome = "not compared"
)

// Result is the comparison of one step.
type Result struct {
	Case    string  `json:"case"`
	Area    string  `json:"area"`
	Step    int     `json:"step"` // from 1; 0 is the server's log
	Kind    string  `json:"kind"`
	Request string  `json:"request"`
	Outcome Outcome `json:"outcome"`
	// Reason explains outcomes other than equal and different; of a difference it
	// says that an entry for it has expired.
	Reason      string       `json:"reason,omitempty"`
	Differences []Difference `json:"differences,omitempty"`
}

// Format is the version of the JSON form of reports, which schema.json describes.
const Format = "plugproof-replay/1"

// Report is what came of replaying a recording.
type Report struct {
	Recording string            `json:"recording"`
	Target    string            `json:"target"`
	Results   []Result          `json:"results"`
	Errors    map[string]string `json:"errors,omitempty"` // by case: the harness or the server failed
	// Servers are those that entries of a list of deviations may be about; empty is
	// a server of Target that is not known any further.
	Servers []deviations.Server `json:"-"`
}

func (r *Report) servers() []deviations.Server {
	if len(r.Servers) > 0 {
		return r.Servers
	}
	return []deviations.Server{{Target: r.Target}}
}

// Count is a line of the table: steps of an area by outcome.
type Count struct {
	Area                                       string
	Equal, Total, Listed, CommandLine, Missing int
}

// Counts returns the table's lines, sorted by area, and their sum. Steps of the
// command line that do not count are not part of Total, neither are those the
// target can't do.
func (r *Report) Counts() ([]Count, Count) {
	byArea := map[string]*Count{}
	sum := Count{Area: total}
	for _, res := range r.Results {
		c := byArea[res.Area]
		if c == nil {
			c = &Count{Area: res.Area}
			byArea[res.Area] = c
		}
		for _, c := range []*Count{c, &sum} {
			switch res.Outcome {
			case Equal:
				c.Equal++
				c.Total++
			case Different:
				c.Total++
			case Listed:
				c.Listed++
				c.Total++
			case CommandLineOutcome:
				c.CommandLine++
			case Unsupported:
				c.Missing++
			}
		}
	}
	out := make([]Count, 0, len(byArea))
	for _, c := range byArea {
		out = append(out, *c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Area < out[j].Area })
	return out, sum
}

// Differs reports whether anything differs without being listed.
func (r *Report) Differs() bool {
	for _, res := range r.Results {
		if res.Outcome == Different {
			return true
		}
	}
	return false
}

// WriteTable writes the steps by area.
func (r *Report) WriteTable(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "%s against %s\n", r.Recording, r.Target)
	fmt.Fprintln(tw, "AREA\tEQUAL\tTOTAL\tLISTED\tCOMMAND LINE\tUNSUPPORTED")
	counts, sum := r.Counts()
	for _, c := range append(counts, sum) {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%d\n", c.Area, c.Equal, c.Total, c.Listed, c.CommandLine, c.Missing)
	}
	return tw.Flush()
}

// total is the name of the sum among the areas.
const total = "total"

// WriteDifferences writes every difference with the request that shows it, and
// with listed those that a deviation explains too.
func (r *Report) WriteDifferences(w io.Writer, listed bool) {
	area := ""
	for _, res := range r.Sorted() {
		if res.Outcome != Different && (!listed || len(res.Differences) == 0) {
			continue
		}
		if res.Area != area {
			area = res.Area
			fmt.Fprintf(w, "\n== %s\n", area)
		}
		writeResult(w, res)
	}
	if len(r.Errors) == 0 {
		return
	}
	fmt.Fprintf(w, "\n== cases that failed\n")
	ids := make([]string, 0, len(r.Errors))
	for id := range r.Errors {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		fmt.Fprintf(w, "%s: %s\n", id, r.Errors[id])
	}
}

func writeResult(w io.Writer, res Result) {
	fmt.Fprintf(w, "%s, step %d: %s\n", res.Case, res.Step, res.Request)
	if res.Reason != "" {
		fmt.Fprintf(w, "  %s: %s\n", res.Outcome, res.Reason)
	}
	for _, d := range res.Differences {
		fmt.Fprintf(w, "  %s\n    want %s\n    have %s\n", d.Path, indent(d.Want), indent(d.Have))
	}
}

// Sorted returns the results by area, case and step.
func (r *Report) Sorted() []Result {
	out := append([]Result(nil), r.Results...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Area != b.Area {
			return a.Area < b.Area
		}
		if a.Case != b.Case {
			return a.Case < b.Case
		}
		return a.Step < b.Step
	})
	return out
}

func indent(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n         ")
}

// Request shows a step in a line, as one would write it to somebody.
func (s Step) Request() string {
	switch s.Kind() {
	case "cli":
		return "vault " + strings.Join(s.CLI, " ")
	case "shell":
		return "sh -c " + s.Shell
	case "sleep":
		return fmt.Sprintf("sleep %g", s.Sleep)
	}
	out := s.HTTP
	switch {
	case s.RawBody != nil:
		out += fmt.Sprintf(" raw %q", *s.RawBody)
	case s.Body != nil:
		body := string(s.Body)
		if v, err := decode(s.Body); err == nil {
			body = compact(v)
		}
		out += " " + shorten(body, 300)
	}
	if s.Token != "" {
		out += " token=" + s.Token
	}
	for k, v := range s.Headers {
		out += fmt.Sprintf(" %s: %s", k, v)
	}
	if s.Wrap != "" {
		out += " wrap=" + s.Wrap
	}
	return out
}

// shorten cuts a text after n bytes, at the end of a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
