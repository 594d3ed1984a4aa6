// SPDX-License-Identifier: MPL-2.0

package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

//go:embed versions.gohtml
var versionsPage string

// Versions is the table of several runs: a row a requirement, a column a run.
type Versions struct {
	Columns []Column
	Rows    []VersionsRow
}

// Column is one of the runs.
type Column struct {
	Name, Server string
	Judgement    Judgement
}

// VersionsRow is a requirement over all runs.
type VersionsRow struct {
	Requirement steps.Requirement
	Cells       []VersionsCell
	// Differs is set if not all columns that checked it agree.
	Differs bool
}

// VersionsCell is a requirement in one run. Status is empty where the run did not
// choose it.
type VersionsCell struct {
	Status steps.Status
	// Changed is set if the last column before that checked it came to something
	// else.
	Changed bool
	// Line says why, for all but what holds.
	Line string
}

// NewVersions makes the table of runs of one kind, in their order.
func NewVersions(runs []Run) (Versions, error) {
	var table Versions
	for _, run := range runs {
		if a, b := runs[0].kind(), run.kind(); a != b {
			return table, fmt.Errorf("a table has results of one command: %s is of plugproof %s, %s of plugproof %s", name(runs[0]), runs[0].Command(), name(run), run.Command())
		}
	}
	requirements := map[string]steps.Requirement{}
	var verdicts []map[string]Verdict
	for _, run := range runs {
		table.Columns = append(table.Columns, Column{name(run), run.Server, run.Judgement()})
		byID := map[string]Verdict{}
		for _, v := range run.Verdicts() {
			byID[v.Requirement.ID], requirements[v.Requirement.ID] = v, v.Requirement
		}
		verdicts = append(verdicts, byID)
	}
	for _, id := range sortedKeys(requirements) {
		row := VersionsRow{Requirement: requirements[id]}
		var last steps.Status
		for _, byID := range verdicts {
			v, ok := byID[id]
			if !ok {
				row.Cells = append(row.Cells, VersionsCell{})
				continue
			}
			cell := VersionsCell{Status: v.Status}
			cell.Line, _ = explain(v)
			if v.Status != steps.Unsupported && v.Status != steps.Errored {
				cell.Changed = last != "" && last != v.Status
				row.Differs = row.Differs || cell.Changed
				last = v.Status
			}
			row.Cells = append(row.Cells, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	return table, nil
}

// Markdown writes the table, with what changed from column to column in bold.
func (v Versions) Markdown(out io.Writer) error {
	var b strings.Builder
	b.WriteString("| Requirement |")
	for _, c := range v.Columns {
		fmt.Fprintf(&b, " %s (%s) |", escape(c.Name), escape(c.Server))
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(v.Columns)) + "\n| **verdict** |")
	for _, c := range v.Columns {
		fmt.Fprintf(&b, " %s: %s |", c.Judgement.Title, escape(c.Judgement.Text))
	}
	b.WriteString("\n")
	for _, row := range v.Rows {
		fmt.Fprintf(&b, "| %s %s |", row.Requirement.ID, escape(row.Requirement.Title))
		for _, cell := range row.Cells {
			text := string(cell.Status)
			if cell.Changed {
				text = "**" + text + "**"
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// JSON writes the table for programs.
func (v Versions) JSON(out io.Writer) error {
	type cell struct {
		Status  steps.Status `json:"status"`
		Changed bool         `json:"changed,omitempty"`
		Reason  string       `json:"reason,omitempty"`
	}
	type row struct {
		ID      string `json:"id"`
		Title   string `json:"title"`
		Differs bool   `json:"differs,omitempty"`
		Cells   []cell `json:"cells"`
	}
	type column struct {
		Name    string `json:"name"`
		Server  string `json:"server"`
		Verdict Result `json:"verdict"`
		Text    string `json:"text"`
	}
	table := struct {
		Format  string   `json:"format"`
		Columns []column `json:"columns"`
		Rows    []row    `json:"rows"`
	}{Format: "plugproof-versions/1"}
	for _, c := range v.Columns {
		table.Columns = append(table.Columns, column{c.Name, c.Server, c.Judgement.Result, c.Judgement.Text})
	}
	for _, r := range v.Rows {
		written := row{ID: r.Requirement.ID, Title: r.Requirement.Title, Differs: r.Differs}
		for _, c := range r.Cells {
			written.Cells = append(written.Cells, cell{c.Status, c.Changed, c.Line})
		}
		table.Rows = append(table.Rows, written)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(table)
}

// HTML writes the table as one page without outside resources.
func (v Versions) HTML(out io.Writer) error {
	parsed, err := page(versionsPage)
	if err != nil {
		return err
	}
	return parsed.Execute(out, v)
}

// Differs reports whether any row does.
func (v Versions) Differs() bool {
	return slices.ContainsFunc(v.Rows, func(r VersionsRow) bool { return r.Differs })
}

// Areas returns the rows by area.
func (v Versions) Areas() []VersionsArea {
	var all []VersionsArea
	for _, row := range v.Rows {
		i := slices.IndexFunc(all, func(a VersionsArea) bool { return a.Name == row.Requirement.Area })
		if i < 0 {
			all = append(all, VersionsArea{Name: row.Requirement.Area})
			i = len(all) - 1
		}
		all[i].Rows = append(all[i].Rows, row)
		all[i].Differs = all[i].Differs || row.Differs
	}
	return all
}

// VersionsArea is an area's part of the table.
type VersionsArea struct {
	Name    string
	Rows    []VersionsRow
	Differs bool
}

// Width is the number of columns with that of the requirements.
func (v Versions) Width() int { return len(v.Columns) + 1 }
