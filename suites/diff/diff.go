// SPDX-License-Identifier: MPL-2.0

// Package diff says what two servers answer differently to the same requests.
package diff

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/replay"
)

// Entry is a request that is answered differently.
type Entry struct {
	Requirements []string `json:"requirements,omitempty"`
	Area         string   `json:"area"`
	Case         string   `json:"case"`
	What         string   `json:"what,omitempty"`
	// Step is the step's number in the case, from 1; 0 is the server's log.
	Step    int    `json:"step"`
	Request string `json:"request"`
	// Differences have A's value in Want and B's in Have.
	Differences []replay.Difference `json:"differences"`
	// Allowed is the list's reason; empty if the difference counts.
	Allowed string `json:"allowed,omitempty"`
	// Expired says that an entry of the list would allow it, and has expired.
	Expired string `json:"expired,omitempty"`
}

// Format is the version of the JSON form of a Result, which schema.json describes.
const Format = "plugproof-diff/1"

// Result is the comparison of two recordings.
type Result struct {
	// Format is the constant Format.
	Format string `json:"format"`
	A      string `json:"a"`
	B      string `json:"b"`
	// Steps were compared, Equal of them have equal answers.
	Steps int `json:"steps"`
	Equal int `json:"equal"`
	// Entries by area, case and step.
	Entries []Entry `json:"entries"`
	// Everywhere are differences that many answers share. They stand in Entries
	// too.
	Everywhere []Everywhere `json:"everywhere,omitempty"`
	// OnlyA and OnlyB are cases that the other side lacks or did not answer.
	OnlyA []string `json:"only_a,omitempty"`
	OnlyB []string `json:"only_b,omitempty"`
	// Unused are entries of the allow list that allowed nothing.
	Unused []string `json:"unused_allowances,omitempty"`

	compared *replay.Report
	areas    map[string]string // of the cases
}

// Everywhere is a difference that many answers of several areas share: a member
// of the envelope that one server has and the other lacks.
type Everywhere struct {
	Path string `json:"path"`
	// Answers is how many show it.
	Answers int `json:"answers"`
	// Want and Have are the values of the first of them.
	Want string `json:"want"`
	Have string `json:"have"`
}

// From so many answers on, in so many areas, a difference is everywhere.
const (
	manyAnswers = 5
	manyAreas   = 3
)

// sameness is a member that one side has and the other lacks, whatever its values
// are. Only such differences are told once: what changed otherwise is a change of
// its own for each request.
type sameness struct {
	path   string
	gained bool
}

func samenessOf(d replay.Difference) (of sameness, ok bool) {
	const absent = "absent"
	return sameness{d.Path, d.Want == absent}, (d.Want == absent) != (d.Have == absent)
}

func (e Everywhere) sameness() sameness {
	of, _ := samenessOf(replay.Difference{Path: e.Path, Want: e.Want, Have: e.Have})
	return of
}

// Differs reports whether there is a difference that is not allowed.
func (r *Result) Differs() bool {
	return slices.ContainsFunc(r.Entries, func(e Entry) bool { return e.Allowed == "" })
}

// Compare compares the cases that both recordings have. A case whose requests
// are not the same in both is an error: its answers can't be compared.
//
// The servers' own versions and those of their builtin plugins are not compared:
// they differ between any two versions, and in every listing.
//
// Entries of the list count that are about one of the servers, if they name one.
func Compare(a, b *replay.Recording, allow replay.Deviations, servers ...deviations.Server) (*Result, error) {
	compared := &replay.Report{Servers: servers}
	out := &Result{Format: Format, Entries: []Entry{}, compared: compared, areas: map[string]string{}}
	plainA, plainB := newPlainer(a), newPlainer(b)
	for _, id := range a.IDs() {
		ca, cb := a.Cases[id], b.Cases[id]
		out.areas[id] = ca.Area
		if cb == nil || ca.Answered() && !cb.Answered() {
			out.OnlyA = append(out.OnlyA, id)
			continue
		}
		if cb.Answered() && !ca.Answered() {
			out.OnlyB = append(out.OnlyB, id)
			continue
		}
		if err := same(ca, cb); err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		compared.Results = append(compared.Results, compareCase(id, ca, cb, plainA, plainB)...)
	}
	for _, id := range b.IDs() {
		if a.Cases[id] == nil {
			out.areas[id] = b.Cases[id].Area
			out.OnlyB = append(out.OnlyB, id)
		}
	}
	out.Unused = allow.Apply(compared)
	own, err := replay.Cases()
	if err != nil {
		return nil, err
	}
	out.take(compared, a, own)
	out.Everywhere = everywhere(out.Entries)
	return out, nil
}

// describe returns the case's description; recordings made elsewhere may lack the
// one that the project's case of that name has.
func describe(c, own *replay.Case) *replay.Case {
	if own == nil || c.What != "" || c.Requirements != nil {
		return c
	}
	return own
}

// everywhere finds the differences that many answers share.
func everywhere(entries []Entry) []Everywhere {
	byKey := map[sameness]*Everywhere{}
	areas := map[sameness]map[string]bool{}
	for _, e := range entries {
		for _, d := range e.Differences {
			k, ok := samenessOf(d)
			if !ok {
				continue
			}
			if byKey[k] == nil {
				byKey[k] = &Everywhere{Path: d.Path, Want: d.Want, Have: d.Have}
				areas[k] = map[string]bool{}
			}
			byKey[k].Answers++
			areas[k][e.Area] = true
		}
	}
	var out []Everywhere
	for k, e := range byKey {
		if e.Answers >= manyAnswers && len(areas[k]) >= manyAreas {
			out = append(out, *e)
		}
	}
	slices.SortFunc(out, func(a, b Everywhere) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Have, b.Have))
	})
	return out
}

// shown are the differences of an entry that are not everywhere.
func (r *Result) shown(e Entry) []replay.Difference {
	return slices.DeleteFunc(slices.Clone(e.Differences), func(d replay.Difference) bool {
		of, ok := samenessOf(d)
		return ok && slices.ContainsFunc(r.Everywhere, func(every Everywhere) bool {
			return every.sameness() == of
		})
	})
}

// take turns the results into entries.
func (r *Result) take(compared *replay.Report, a *replay.Recording, own map[string]*replay.Case) {
	for _, res := range compared.Sorted() {
		r.Steps++
		if res.Outcome == replay.Equal {
			r.Equal++
			continue
		}
		c := describe(a.Cases[res.Case], own[res.Case])
		e := Entry{
			Requirements: c.Requirements, Area: res.Area, Case: res.Case, What: c.What, Step: res.Step,
			Request: res.Request, Differences: res.Differences,
		}
		if res.Outcome == replay.Different {
			e.Expired = res.Reason
		} else {
			e.Allowed = res.Reason
		}
		r.Entries = append(r.Entries, e)
	}
}

func same(a, b *replay.Case) error {
	da, errA := replay.Digest(map[string]*replay.Case{"": a})
	db, errB := replay.Digest(map[string]*replay.Case{"": b})
	if errA != nil || errB != nil || da != db {
		return fmt.Errorf("the two recordings have different requests under this name")
	}
	return nil
}

func compareCase(id string, a, b *replay.Case, plainA, plainB plainer) []replay.Result {
	var out []replay.Result
	result := func(step int, kind, request string, differences []replay.Difference) {
		res := replay.Result{Case: id, Area: a.Area, Step: step, Kind: kind, Request: request, Differences: differences, Outcome: replay.Equal}
		if len(differences) > 0 {
			res.Outcome = replay.Different
		}
		out = append(out, res)
	}
	for i := range a.Steps {
		ga, gb := a.Steps[i].Got, b.Steps[i].Got
		if ga.Empty() || gb.Empty() {
			continue
		}
		step := a.Steps[i].Step
		result(i+1, step.Kind(), step.Request(), once(replay.Compare(plainA.got(ga), plainB.got(gb))))
	}
	if a.Log != nil && b.Log != nil {
		la, lb := strings.Join(*a.Log, "\n"), strings.Join(*b.Log, "\n")
		var differences []replay.Difference
		if la != lb {
			differences = []replay.Difference{{Path: "log", Want: la, Have: lb}}
		}
		result(0, "log", "what the server logged about conflicts", differences)
	}
	return out
}

// once leaves out what servers say twice: answers of sys/ paths hold their data
// under "data" and beside it.
func once(differences []replay.Difference) []replay.Difference {
	return slices.DeleteFunc(differences, func(d replay.Difference) bool {
		rest, ok := strings.CutPrefix(d.Path, "body.")
		return ok && !strings.HasPrefix(rest, "data.") && slices.ContainsFunc(differences, func(o replay.Difference) bool {
			return o.Path == "body.data."+rest && o.Want == d.Want && o.Have == d.Have
		})
	})
}

var (
	builtinShape = regexp.MustCompile(`v[0-9]+\.[0-9][^\s",+]*\+builtin(\.[a-z]+)?`)
	serverShape  = regexp.MustCompile(`v([0-9]+\.[0-9]+\.[0-9][^\s",+]*)\+builtin\.[a-z]+`)
	// Columns of a table are as wide as the longest version in them.
	gapShape  = regexp.MustCompile(` {2,}`)
	lineShape = regexp.MustCompile(`-{3,}`)
)

// plainer takes the versions out of one server's answers.
type plainer struct{ version *regexp.Regexp }

func newPlainer(r *replay.Recording) plainer {
	version := r.Version
	if version == "" {
		version = builtVersion(r)
	}
	if version == "" {
		return plainer{}
	}
	// A build that was not stamped calls itself 2.0.0-HEAD in one place and
	// 2.0.0 in another.
	version, _, _ = strings.Cut(version, "-")
	return plainer{version: regexp.MustCompile(`\b` + regexp.QuoteMeta(version) + `\b(-[A-Za-z][A-Za-z0-9.]*)?`)}
}

// builtVersion finds the version of a server in what it says of its builtins.
func builtVersion(r *replay.Recording) string {
	for _, c := range r.Cases {
		for _, e := range c.Steps {
			text, err := e.Got.MarshalJSON()
			if err != nil {
				continue
			}
			if m := serverShape.FindSubmatch(text); m != nil {
				return string(m[1])
			}
		}
	}
	return ""
}

func (p plainer) text(s string) string {
	s = builtinShape.ReplaceAllString(s, "<builtin>")
	if p.version != nil {
		s = p.version.ReplaceAllString(s, "<version>")
	}
	return s
}

func (p plainer) table(s string) string {
	return lineShape.ReplaceAllString(gapShape.ReplaceAllString(p.text(s), "  "), "---")
}

func (p plainer) got(g replay.Answer) replay.Answer {
	g.Body = p.value(g.Body)
	g.Stdout, g.Stderr = p.table(g.Stdout), p.table(g.Stderr)
	return g
}

func (p plainer) value(v any) any {
	switch v := v.(type) {
	case string:
		return p.text(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = p.value(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = p.value(v[k])
		}
		return out
	}
	return v
}
