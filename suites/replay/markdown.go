// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
)

// WriteMarkdown writes equal and total steps by area, a column a report, and below
// that each difference and the deviations that explain nothing.
func WriteMarkdown(w io.Writer, reports []*Report, unused []string) error {
	var b strings.Builder
	markdownTable(&b, reports)
	for _, r := range reports {
		r.markdownDifferences(&b)
	}
	if len(unused) > 0 {
		fmt.Fprintf(&b, "\n#### Listed as deviations, but without such a difference\n\n- %s\n", strings.Join(unused, "\n- "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownTable(b *strings.Builder, reports []*Report) {
	cells := map[string][]string{}
	var areas []string
	b.WriteString("| area |")
	for i, r := range reports {
		fmt.Fprintf(b, " %s against %s |", r.Recording, r.Target)
		counts, sum := r.Counts()
		for _, c := range append(counts, sum) {
			if cells[c.Area] == nil {
				cells[c.Area] = make([]string, len(reports))
				areas = append(areas, c.Area)
			}
			cells[c.Area][i] = c.cell()
		}
	}
	fmt.Fprintf(b, "\n|---|%s\n", strings.Repeat("---:|", len(reports)))
	sort.Slice(areas, func(i, j int) bool {
		return areas[j] == total && areas[i] != total || areas[i] != total && areas[i] < areas[j]
	})
	for _, area := range areas {
		fmt.Fprintf(b, "| %s | %s |\n", area, strings.Join(cells[area], " | "))
	}
}

// cell shows a count in a table: 59/60, and what is listed.
func (c Count) cell() string {
	out := fmt.Sprintf("%d/%d", c.Equal, c.Total)
	if c.Listed > 0 {
		out += fmt.Sprintf(" (%d listed)", c.Listed)
	}
	if c.CommandLine > 0 {
		out += fmt.Sprintf(", %d of older command lines", c.CommandLine)
	}
	return out
}

// markdownDifferences writes each difference, those that are listed with their
// reason, and the cases that failed.
func (r *Report) markdownDifferences(b *strings.Builder) {
	heading := fmt.Sprintf("\n#### %s against %s\n\n", r.Recording, r.Target)
	line := func(format string, args ...any) {
		b.WriteString(heading)
		heading = ""
		fmt.Fprintf(b, format, args...)
	}
	for _, res := range r.Sorted() {
		if len(res.Differences) == 0 {
			continue
		}
		line("- %s, step %d, %s: %s", res.Case, res.Step, Code(shorten(res.Request, longestCode)), res.Outcome)
		if res.Reason != "" {
			line(", %s", res.Reason)
		}
		line("\n")
		for _, d := range res.Differences {
			line("  - %s: want %s, have %s\n", d.Path, orNothing(d.Want), orNothing(d.Have))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.Errors)) {
		line("- %s failed: %s\n", id, Code(r.Errors[id]))
	}
}

// orNothing is a value of a difference.
func orNothing(s string) string { return cmp.Or(Code(shorten(s, longestCode)), "nothing") }

// longestCode is how many bytes of a text are shown.
const longestCode = 200

// Code is text as code in a line of Markdown; nothing for no text.
func Code(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ReplaceAll(s, "\n", "⏎")
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	pad := ""
	if len(fence) > 1 {
		pad = " "
	}
	return fence + pad + s + pad + fence
}
