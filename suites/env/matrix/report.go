// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// Report is a matrix with, if there is a baseline, the comparison with it.
type Report struct {
	*Matrix
	Comparison *Comparison `json:"comparison,omitempty"`
}

// WriteJSON writes everything for programs. What it writes can serve as a
// baseline.
func (r Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	r.Matrix = r.compact()
	return enc.Encode(r)
}

// text is what a table shows of a cell: the winner, and the value where that
// isn't plain from the row.
func (c Cell) text() string {
	if c.Winner == Server || c.Winner == GoPlugin {
		value := []rune(strings.ReplaceAll(c.Value, "\n", " "))
		if len(value) > 16 {
			value = append(value[:15], '…')
		}
		return string(c.Winner) + " " + string(value)
	}
	return string(c.Winner)
}

// WriteTable writes a table for terminals, coloured if w is one.
func (r Report) WriteTable(out io.Writer) error {
	paint := show.PaintFor(out)
	w := &show.Writer{Out: out}
	// Column widths are counted by hand: colours would spoil tabwriter's. Wide
	// characters don't occur in titles and winners.
	widths := make([]int, len(r.Targets)+1)
	fit := func(column int, text string) { widths[column] = max(widths[column], utf8.RuneCountInString(text)) }
	for i, t := range r.Targets {
		fit(i+1, t.Name)
		fit(i+1, t.Version)
	}
	for _, row := range r.Rows {
		fit(0, row.Title)
		for i, c := range row.Cells {
			fit(i+1, c.text())
		}
	}
	line := func(mark, first string, texts []string, colour func(i int, text string) string) {
		w.Printf("%s %s", mark, pad(first, widths[0]))
		for i, text := range texts {
			w.Printf("  %s", colour(i, pad(text, widths[i+1])))
		}
		w.Printf("\n")
	}
	var names, versions []string
	for _, t := range r.Targets {
		names, versions = append(names, t.Name), append(versions, t.Version)
	}
	line(" ", "Who wins", names, func(_ int, text string) string { return paint.Bold(text) })
	line(" ", "", versions, func(_ int, text string) string { return paint.Dim(text) })
	group := ""
	for _, row := range r.Rows {
		if row.Group != group {
			group = row.Group
			w.Printf("\n  %s\n", paint.Bold(group))
		}
		mark := " "
		if row.Differs() {
			mark = paint.Warn("≠")
		}
		var texts []string
		for _, c := range row.Cells {
			texts = append(texts, c.text())
		}
		line(mark, row.Title, texts, func(i int, text string) string { return colour(paint, row.Cells[i].Winner, text) })
	}
	w.Printf("\n%s\n", r.summary())
	for _, reason := range r.Unsupported() {
		w.Printf("%s\n", paint.Dim(reason))
	}
	for _, failure := range r.Failures() {
		w.Printf("%s %s\n", paint.Bad("failed:"), failure)
	}
	if r.Comparison != nil {
		r.Comparison.writeText(w, paint)
	}
	return w.Err
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// colour gives each layer its own, as the page does.
func colour(paint show.Paint, winner Winner, text string) string {
	switch winner {
	case Registered:
		return paint.Good(text)
	case Host:
		return paint.Warn(text)
	case Server, GoPlugin:
		return paint.Info(text)
	case Failed:
		return paint.Bad(text)
	}
	return paint.Dim(text)
}

// summary is the sentence below tables and above pages.
func (r Report) summary() string {
	text := fmt.Sprintf("%d rows, %s.", len(r.Rows), counted(len(r.Targets), "target"))
	if len(r.Targets) > 1 {
		text += fmt.Sprintf(" The targets differ in %s (≠).", counted(r.Differing(), "row"))
	}
	return text
}

func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Unsupported says, once a reason, what targets could not show.
func (r Report) Unsupported() []string {
	var reasons []string
	for i, t := range r.Targets {
		for _, cause := range r.causes(i, Unsupported) {
			reasons = append(reasons, fmt.Sprintf("%s: %s unsupported: %s.", t.Name, counted(len(cause.rows), "row"), cause.reason))
		}
	}
	return reasons
}

// writeText says what closed the gate, then what was allowed, then what is worth
// tidying up.
func (c *Comparison) writeText(w *show.Writer, paint show.Paint) {
	w.Printf("\nAgainst the baseline: %s, %d allowed.\n", counted(len(c.Changes), "change"), len(c.Allowed))
	for _, change := range c.Changes {
		w.Printf("%s %s%s\n", paint.Bad("changed:"), change.Text(), change.expired())
	}
	for _, change := range c.Allowed {
		w.Printf("%s %s: %s\n", paint.Dim("allowed:"), change.Text(), change.Reason)
	}
	for _, a := range c.Unused {
		w.Printf("%s %s was allowed to change and did not (%s)\n", paint.Warn("unused:"), a.Row, a.Reason)
	}
	if len(c.NotInBaseline) > 0 {
		w.Printf("Not compared, for the baseline lacks them: %s. --update-baseline adds them.\n", strings.Join(c.NotInBaseline, ", "))
	}
	if len(c.Gone) > 0 {
		w.Printf("Only in the baseline: %s.\n", strings.Join(c.Gone, ", "))
	}
}

// expired is what a change that counts says of an entry that was about it.
func (c Change) expired() string {
	if c.Reason == "" {
		return ""
	}
	return " (" + c.Reason + ")"
}

// Text says the change in one line.
func (c Change) Text() string {
	return fmt.Sprintf("%s, %s (%s): was %s, is %s", c.Target, c.Row, c.Variable, c.Was.sentence(), c.Is.sentence())
}

// sentence says a cell in words, for changes.
func (c Cell) sentence() string {
	switch c.Winner {
	case Nobody:
		return "not set"
	case Unsupported, Failed:
		return string(c.Winner) + " (" + c.Reason + ")"
	}
	return fmt.Sprintf("%s from %s", show.Value(c.Value), c.Winner)
}
