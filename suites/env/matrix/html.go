// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
)

//go:embed page.gohtml
var pageText string

// page is what the template shows.
type page struct {
	Report
	Summary  string
	Columns  int // of the table: the targets and the case
	Groups   []pageGroup
	Problems []string
	// Changed and Allowed are the comparison's lines; Compared reports whether
	// there is a comparison.
	Compared         bool
	Changed, Allowed []string
	// AnyDiffers offers the filter.
	AnyDiffers bool
	// Long are the values that stand shortened in the table.
	Long []pageLong
}

// pageLong is a long value and what stands for it.
type pageLong struct {
	ID, Short, Value string
}

type pageGroup struct {
	Name    string
	Rows    []pageRow
	Differs bool
}

type pageRow struct {
	ID, Title, Variable string
	Differs             bool
	Cells               []pageCell
}

// pageCell is a stack: the winner on top, what it hides below. Long is the place of
// the whole value, if that is a long one.
type pageCell struct {
	Winner Winner
	Top    string
	Long   string
	Below  []pageHidden
	Reason string
	// Was says what the baseline has, if that is something else; Allowed tells
	// whether it may be.
	Was     string
	Allowed bool
}

type pageHidden struct {
	Layer Winner
	Value string
	Long  string
}

// WriteHTML writes one self-contained page.
func (r Report) WriteHTML(w io.Writer) error {
	r.Matrix = r.compact()
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	p := page{Report: r, Summary: r.summary(), Columns: len(r.Targets) + 1,
		Problems: append(r.Unsupported(), r.Failures()...), AnyDiffers: r.Differing() > 0}
	places := map[string]string{}
	for n, short := range slices.Sorted(maps.Keys(r.LongValues)) {
		places[short] = fmt.Sprintf("value-%d", n+1)
		p.Long = append(p.Long, pageLong{places[short], short, r.LongValues[short]})
	}
	for _, row := range r.Rows {
		if len(p.Groups) == 0 || p.Groups[len(p.Groups)-1].Name != row.Group {
			p.Groups = append(p.Groups, pageGroup{Name: row.Group})
		}
		group := &p.Groups[len(p.Groups)-1]
		group.Rows = append(group.Rows, r.pageRow(row, places))
		group.Differs = group.Differs || row.Differs()
	}
	if c := r.Comparison; c != nil {
		p.Compared = true
		for _, change := range c.Changes {
			p.Changed = append(p.Changed, change.Text()+change.expired())
		}
		for _, change := range c.Allowed {
			p.Allowed = append(p.Allowed, change.Text()+": "+change.Reason)
		}
	}
	return t.Execute(w, p)
}

func (r Report) pageRow(row Result, places map[string]string) pageRow {
	view := pageRow{ID: row.ID, Title: row.Title, Variable: row.Variable, Differs: row.Differs()}
	for i, c := range row.Cells {
		cell := pageCell{Winner: c.Winner, Reason: c.Reason}
		if c.Winner.Measured() && c.Winner != Nobody {
			cell.Top, cell.Long = strconv.Quote(c.Value), places[c.Value]
		}
		for _, h := range c.Hidden {
			cell.Below = append(cell.Below, pageHidden{h.Layer, strconv.Quote(h.Value), places[h.Value]})
		}
		if r.Comparison != nil {
			cell.Was, cell.Allowed = r.Comparison.was(row.ID, r.Targets[i].Name)
		}
		view.Cells = append(view.Cells, cell)
	}
	return view
}

// was says what the baseline has for a cell that changed, or nothing.
func (c *Comparison) was(row, target string) (text string, allowed bool) {
	for _, change := range c.Changes {
		if change.Row == row && change.Target == target {
			return change.Was.sentence(), false
		}
	}
	for _, change := range c.Allowed {
		if change.Row == row && change.Target == target {
			return change.Was.sentence(), true
		}
	}
	return "", false
}
