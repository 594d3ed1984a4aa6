// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/internal/yamlfile"
	"github.com/plugproof/plugproof/suites/outfile"
)

// ErrBaseline marks a baseline that can't be used as it is.
var ErrBaseline = errors.New("unusable baseline")

// ErrAllowances marks a list of allowed changes that can't be used as it is.
var ErrAllowances = errors.New("unusable list of allowed changes")

// Change is a cell that is no longer as in the baseline.
type Change struct {
	Row      string `json:"row"`
	Title    string `json:"title"`
	Variable string `json:"variable"`
	Target   string `json:"target"`
	Was      Cell   `json:"was"`
	Is       Cell   `json:"is"`
	// Reason is why it is allowed; empty if it is not.
	Reason string `json:"reason,omitempty"`
}

// Comparison is a matrix beside its baseline.
type Comparison struct {
	// Changes are not allowed, Allowed are.
	Changes []Change `json:"changes"`
	Allowed []Change `json:"allowed"`
	// NotInBaseline are rows that are new, ask something else than they did,
	// or could not be measured then. They were not compared.
	NotInBaseline []string `json:"not_in_baseline"`
	// Gone are rows of the baseline that exist no longer.
	Gone []string `json:"gone"`
	// Unused are allowances that nothing needed.
	Unused []Allowance `json:"unused_allowances"`
}

// Allowance lets cells differ from the baseline.
type Allowance struct {
	// Row is the id of a row, or a pattern as for path.Match: opt-out-*.
	Row string `yaml:"row" json:"row"`
	// Target is the name of a target or a pattern; empty is any.
	Target string `yaml:"target" json:"target,omitempty"`
	// Winner is who may win now; empty is anybody.
	Winner Winner `yaml:"winner" json:"winner,omitempty"`
	// Reason says why, for those who read the list later.
	Reason string `yaml:"reason" json:"reason"`
}

func (a Allowance) covers(c Change) bool {
	// Patterns were checked when they were read.
	row, _ := path.Match(a.Row, c.Row)
	// In target names a slash is nothing special.
	target, _ := path.Match(strings.ReplaceAll(a.Target, "/", "\x00"), strings.ReplaceAll(c.Target, "/", "\x00"))
	return row && (a.Target == "" || target) && (a.Winner == "" || a.Winner == c.Is.Winner)
}

// ReadAllowances reads a list of allowances in YAML or JSON. Each needs a row
// and a reason.
func ReadAllowances(source string, r io.Reader) ([]Allowance, error) {
	list, err := decodeAllowances(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no list of row, target, winner and reason: %w", ErrAllowances, source, err)
	}
	known := []Winner{"", Host, Registered, Server, GoPlugin, Nobody, Unsupported}
	for i, a := range list {
		_, badRow := path.Match(a.Row, "")
		_, badTarget := path.Match(a.Target, "")
		switch {
		case a.Row == "":
			return nil, fmt.Errorf("%w: %s, entry %d names no row", ErrAllowances, source, i+1)
		case strings.TrimSpace(a.Reason) == "":
			return nil, fmt.Errorf("%w: %s, entry %d (%s) gives no reason", ErrAllowances, source, i+1, a.Row)
		case badRow != nil || badTarget != nil:
			return nil, fmt.Errorf("%w: %s, entry %d (%s): %w", ErrAllowances, source, i+1, a.Row, errors.Join(badRow, badTarget))
		case !slices.Contains(known, a.Winner):
			return nil, fmt.Errorf("%w: %s, entry %d (%s): %q is no winner: known are host, registered, server, go-plugin, nobody and unsupported",
				ErrAllowances, source, i+1, a.Row, a.Winner)
		}
	}
	return list, nil
}

// decodeAllowances takes the file's first document; an empty file allows
// nothing.
func decodeAllowances(r io.Reader) ([]Allowance, error) {
	document, err := yamlfile.Document(yaml.NewDecoder(r))
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, allowance := range yamlfile.Members(document, "") {
		if err := yamlfile.Fields(allowance, "row", "target", "winner", "reason"); err != nil {
			return nil, err
		}
	}
	var list []Allowance
	err = yamlfile.Into(document, &list)
	return list, err
}

// ReadBaseline reads a stored matrix.
func ReadBaseline(source string, r io.Reader) (*Matrix, error) {
	var m Matrix
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %s is no stored matrix: %w", ErrBaseline, source, err)
	}
	if m.Format != Format {
		return nil, fmt.Errorf("%w: %s has the format %q, this program knows %s; write it anew with --update-baseline", ErrBaseline, source, m.Format, Format)
	}
	for _, row := range m.Rows {
		if len(row.Cells) != len(m.Targets) {
			return nil, fmt.Errorf("%w: %s: row %s has %d cells for %d targets", ErrBaseline, source, row.ID, len(row.Cells), len(m.Targets))
		}
	}
	return &m, nil
}

// WriteBaseline stores m in the file, which others never see half written.
func WriteBaseline(file string, m *Matrix) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return err
	}
	if err := outfile.Write(file, text.Bytes(), io.Discard); err != nil {
		return fmt.Errorf("the baseline %w", err)
	}
	return nil
}

// Compare holds m against a baseline. Columns are matched by the name of their
// target; if both have one column, these are compared whatever their names, so
// that container:vault:1.15 can be the baseline of container:vault:1.16.
func Compare(baseline, m *Matrix, allow []Allowance) (*Comparison, error) {
	columns, err := matchColumns(baseline, m)
	if err != nil {
		return nil, err
	}
	// Empty lists rather than null, for those who read the JSON.
	c := &Comparison{Changes: []Change{}, Allowed: []Change{}, NotInBaseline: []string{}, Gone: []string{}, Unused: []Allowance{}}
	used := make([]bool, len(allow))
	for _, row := range m.Rows {
		i := slices.IndexFunc(baseline.Rows, func(b Result) bool { return b.ID == row.ID })
		if i < 0 || !sameQuestion(baseline.Rows[i], row) {
			c.NotInBaseline = append(c.NotInBaseline, row.ID)
			continue
		}
		unmeasured := false
		for n, is := range row.Cells {
			was := baseline.Rows[i].Cells[columns[n]]
			if !was.Winner.Measured() {
				unmeasured = unmeasured || is.Winner.Measured()
				continue
			}
			if is.same(was, row.Volatile) {
				continue
			}
			change := Change{Row: row.ID, Title: row.Title, Variable: row.Variable, Target: m.Targets[n].Name, Was: was, Is: is}
			if a := slices.IndexFunc(allow, func(a Allowance) bool { return a.covers(change) }); a >= 0 {
				used[a] = true
				change.Reason = allow[a].Reason
				c.Allowed = append(c.Allowed, change)
				continue
			}
			c.Changes = append(c.Changes, change)
		}
		if unmeasured {
			c.NotInBaseline = append(c.NotInBaseline, row.ID)
		}
	}
	for _, row := range baseline.Rows {
		if !slices.ContainsFunc(m.Rows, func(r Result) bool { return r.ID == row.ID }) {
			c.Gone = append(c.Gone, row.ID)
		}
	}
	for i, a := range allow {
		if !used[i] {
			c.Unused = append(c.Unused, a)
		}
	}
	return c, nil
}

// matchColumns gives for each column of m the index of its baseline.
func matchColumns(baseline, m *Matrix) ([]int, error) {
	if len(baseline.Targets) == 1 && len(m.Targets) == 1 {
		return []int{0}, nil
	}
	var names []string
	for _, t := range baseline.Targets {
		names = append(names, t.Name)
	}
	columns := make([]int, len(m.Targets))
	for i, t := range m.Targets {
		columns[i] = slices.Index(names, t.Name)
		if columns[i] < 0 {
			return nil, fmt.Errorf("%w: it has no column for %s, only for %s; write it anew with --update-baseline",
				ErrBaseline, t.Name, strings.Join(names, ", "))
		}
	}
	return columns, nil
}

func sameQuestion(a, b Result) bool {
	return a.Variable == b.Variable && slices.Equal(a.Host, b.Host) && slices.Equal(a.Registered, b.Registered)
}
