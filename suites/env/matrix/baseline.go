// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/jsontext"
	"github.com/plugproof/plugproof/suites/internal/outfile"
)

// ErrBaseline marks a baseline that can't be used as it is.
var ErrBaseline = errors.New("unusable baseline")

// Change is a cell that is no longer as in the baseline.
type Change struct {
	Row      string `json:"row"`
	Title    string `json:"title"`
	Variable string `json:"variable"`
	Target   string `json:"target"`
	Was      Cell   `json:"was"`
	Is       Cell   `json:"is"`
	// Reason is why it is allowed, or that it was until its entry expired; empty if
	// no entry is about it.
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
	// Unused are entries of the list that nothing needed.
	Unused deviations.List `json:"unused_allowances"`
}

// LoadDeviations reads the entries about rows from a list in a file.
func LoadDeviations(file string) (deviations.List, error) {
	list, err := deviations.Load(file)
	if err != nil {
		return nil, err
	}
	list = list.Rows()
	known := []Winner{"", Host, Registered, Server, GoPlugin, Nobody, Unsupported}
	for _, d := range list {
		if !slices.Contains(known, Winner(d.Winner)) {
			return nil, fmt.Errorf("%s: %q is not a winner: known are host, registered, server, go-plugin, nobody and unsupported", d.Where(), d.Winner)
		}
	}
	return list, nil
}

// covers reports whether an entry is about a change on a server.
func covers(d deviations.Deviation, c Change, server deviations.Server) bool {
	return d.Match(c.Row) && d.About(server) && (d.Winner == "" || Winner(d.Winner) == c.Is.Winner)
}

// ReadBaseline reads a stored matrix.
func ReadBaseline(source string, r io.Reader) (*Matrix, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBaseline, source, err)
	}
	var m Matrix
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%w: %s is not a stored matrix: %w", ErrBaseline, source, jsontext.Error(text, err))
	}
	if m.Format != Format {
		return nil, fmt.Errorf("%w: %s has the format %q, this program knows %s; write it anew with --update-baseline", ErrBaseline, source, m.Format, Format)
	}
	for _, row := range m.Rows {
		if len(row.Cells) != len(m.Targets) {
			return nil, fmt.Errorf("%w: %s: row %s has %d cells for %d targets", ErrBaseline, source, row.ID, len(row.Cells), len(m.Targets))
		}
	}
	return m.expand(), nil
}

// WriteBaseline stores m in the file, which others never see half written. Long
// values stand there shortened.
func WriteBaseline(file string, m *Matrix) error {
	m = m.compact()
	m.LongValues = nil
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
// Servers say more of the targets to entries that ask for it; nil is nothing.
func Compare(baseline, m *Matrix, allow deviations.List, servers []deviations.Server) (*Comparison, error) {
	columns, err := matchColumns(baseline, m)
	if err != nil {
		return nil, err
	}
	// Empty lists rather than null, for those who read the JSON.
	c := &Comparison{Changes: []Change{}, Allowed: []Change{}, NotInBaseline: []string{}, Gone: []string{}, Unused: deviations.List{}}
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
			change := Change{Row: row.ID, Title: row.Title, Variable: row.Variable, Target: m.Targets[n].Name, Was: was.mapped(shorten), Is: is.mapped(shorten)}
			server := deviations.Server{Target: change.Target}
			if servers != nil {
				server = servers[n]
			}
			a := slices.IndexFunc(allow, func(d deviations.Deviation) bool { return covers(d, change, server) })
			if a < 0 {
				c.Changes = append(c.Changes, change)
				continue
			}
			used[a] = true
			if allow[a].Ended() {
				change.Reason = allow[a].Expired()
				c.Changes = append(c.Changes, change)
				continue
			}
			change.Reason = allow[a].Reason
			c.Allowed = append(c.Allowed, change)
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

// matchColumns returns for each column of m the index of its baseline.
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

func sameQuestion(stored, row Result) bool {
	return stored.Variable == row.Variable && sameEntries(stored.Host, row.Host) && sameEntries(stored.Registered, row.Registered)
}
