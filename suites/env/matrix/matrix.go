// SPDX-License-Identifier: MPL-2.0

// Package matrix measures, with real plugin processes, which value of a
// variable a plugin sees when several layers set it, for each class of variable
// and on several servers side by side.
package matrix

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Format is the version of the stored form of a Matrix, which schema.json describes.
const Format = "plugproof-env-matrix/1"

// Matrix is what was measured: a column a target, a row a case.
type Matrix struct {
	// Format is the constant Format.
	Format string `json:"format"`
	// Targets are the columns, in the order they were asked for.
	Targets []Column `json:"targets"`
	// Rows have one cell a target, in the order of Targets.
	Rows []Result `json:"rows"`
	// LongValues are the long values by what stands for them in the written form;
	// nil in memory, where all values are whole, and in a baseline.
	LongValues map[string]string `json:"long_values,omitempty"`
}

// Column describes a target.
type Column struct {
	// Name is how the user named it: mock:vault-1.16.
	Name string `json:"name"`
	// Version is what the server says its version is.
	Version string `json:"version"`
}

// Result is one row with its cells.
type Result struct {
	ID       string   `json:"id"`
	Group    string   `json:"group"`
	Title    string   `json:"title"`
	Variable string   `json:"variable"`
	Volatile bool     `json:"volatile,omitempty"`
	Host     []string `json:"host,omitempty"`
	// Registered is what was registered.
	Registered []string `json:"registered,omitempty"`
	Cells      []Cell   `json:"cells"`
}

// Winner is the layer whose value the plugin saw.
type Winner string

// The winners.
const (
	Host       Winner = "host"
	Registered Winner = "registered"
	Server     Winner = "server"
	GoPlugin   Winner = "go-plugin"
	// Nobody: the variable is not set.
	Nobody Winner = "nobody"
	// Unsupported: the target can't show it; Reason says why.
	Unsupported Winner = "unsupported"
	// Failed: the target should have shown it and didn't; Reason says how.
	Failed Winner = "failed"
)

// Measured reports whether the winner was seen.
func (w Winner) Measured() bool { return w != Unsupported && w != Failed }

// Cell is what one target answered for one row.
type Cell struct {
	Winner Winner `json:"winner"`
	// Value is what the plugin saw; empty as well if nothing is set. Tokens of the
	// server are masked.
	Value string `json:"value,omitempty"`
	// Hidden are the layers that have the variable too and lost, in no
	// particular order. The server's own value is only among them if another
	// row shows that the server sets it.
	Hidden []Hidden `json:"hidden,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

// Hidden is a value that lost.
type Hidden struct {
	Layer Winner `json:"layer"`
	Value string `json:"value"`
}

// same compares two cells of a row, of which one may be stored. Volatile values are
// left out.
func (c Cell) same(stored Cell, volatile bool) bool {
	return c.Winner == stored.Winner && (volatile || standsFor(stored.Value, c.Value))
}

// Differs reports whether targets that show the row answer differently.
func (r Result) Differs() bool {
	var first *Cell
	for i, c := range r.Cells {
		switch {
		case !c.Winner.Measured():
		case first == nil:
			first = &r.Cells[i]
		case !c.same(*first, r.Volatile):
			return true
		}
	}
	return false
}

// Differing counts the rows whose targets differ.
func (m *Matrix) Differing() int {
	n := 0
	for _, r := range m.Rows {
		if r.Differs() {
			n++
		}
	}
	return n
}

// Failed counts the cells that could not be measured though they should have
// been.
func (m *Matrix) Failed() int { return m.count(func(c Cell) bool { return c.Winner == Failed }) }

// Measured returns how many cells have a winner, or nobody as one.
func (m *Matrix) Measured() int {
	return m.count(func(c Cell) bool { return c.Winner != Failed && c.Winner != Unsupported })
}

func (m *Matrix) count(ok func(Cell) bool) int {
	n := 0
	for _, r := range m.Rows {
		for _, c := range r.Cells {
			if ok(c) {
				n++
			}
		}
	}
	return n
}

// Failures says, once a cause, what could not be measured though it should have
// been.
func (m *Matrix) Failures() []string {
	var failures []string
	for i, t := range m.Targets {
		for _, cause := range m.causes(i, Failed) {
			rows := cause.rows[0]
			if more := len(cause.rows) - 1; more > 0 {
				rows += " and " + counted(more, "row") + " more"
			}
			failures = append(failures, t.Name+", "+rows+": "+cause.reason)
		}
	}
	return failures
}

// cause is a reason with the rows that have it.
type cause struct {
	reason string
	rows   []string
}

// causes returns those of one column's cells, in the order of first occurrence, so
// that two runs print the same.
func (m *Matrix) causes(column int, winner Winner) []cause {
	var all []cause
	for _, r := range m.Rows {
		c := r.Cells[column]
		if c.Winner != winner {
			continue
		}
		i := slices.IndexFunc(all, func(known cause) bool { return known.reason == c.Reason })
		if i < 0 {
			i = len(all)
			all = append(all, cause{reason: c.Reason})
		}
		all[i].rows = append(all[i].rows, r.ID)
	}
	return all
}

// unwrapToken is the variable with which servers without AutoMTLS hand a plugin the
// token for its certificate.
const unwrapToken = "VAULT_UNWRAP_TOKEN"

// winnerOf names a layer as cells do.
func winnerOf(l environ.Layer) Winner { return Winner(l.String()) }

// cell returns, by the value that the plugin saw, the layer that it comes from.
// Servers trim space at the end of registered values, so space at the ends
// doesn't count.
func (r Row) cell(value string, set bool) Cell {
	if !set {
		return Cell{Winner: Nobody, Hidden: r.hidden(Nobody)}
	}
	winner := winnerOf(r.Sets)
	host, registered := r.Host, r.Registered
	if r.ThenHost != nil {
		host = r.ThenHost
	}
	if v, ok := environ.Lookup(host, r.Name); ok && sameText(v, value) {
		winner = Host
	} else if v, ok := environ.Lookup(registered, r.Name); ok && sameText(v, value) {
		winner = Registered
	} else if r.Sets == environ.Host {
		// Nobody planted it: it may be a secret of the server's own environment.
		return Cell{Winner: Failed, Reason: fmt.Sprintf("the plugin saw a value that no layer of this row has, of %s", counted(utf8.RuneCountInString(value), "character"))}
	}
	if winner == Server && r.Name == unwrapToken {
		value = "<token>"
	}
	return Cell{Winner: winner, Value: value, Hidden: r.hidden(winner)}
}

func (r Row) hidden(winner Winner) []Hidden {
	var hidden []Hidden
	host := r.Host
	if r.ThenHost != nil {
		host = r.ThenHost
	}
	for _, l := range []struct {
		layer   Winner
		entries []string
	}{{Registered, r.Registered}, {Host, host}} {
		if v, ok := environ.Lookup(l.entries, r.Name); ok && l.layer != winner {
			hidden = append(hidden, Hidden{Layer: l.layer, Value: v})
		}
	}
	return hidden
}

// addOwn completes Hidden with the server's own value where the control row
// shows that there is one.
func addOwn(rows []Row, cells map[string]Cell) {
	for _, r := range rows {
		control, ok := cells[r.Control]
		c := cells[r.ID]
		if !ok || control.Winner != winnerOf(r.Sets) || c.Winner == control.Winner || !c.Winner.Measured() {
			continue
		}
		c.Hidden = slices.Insert(slices.Clone(c.Hidden), 0, Hidden{Layer: control.Winner, Value: control.Value})
		cells[r.ID] = c
	}
}
