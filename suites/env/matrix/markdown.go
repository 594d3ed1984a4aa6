// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"io"
	"strings"

	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// WriteMarkdown writes tables for pull requests and wikis.
func (r Report) WriteMarkdown(out io.Writer) error {
	w := &show.Writer{Out: out}
	w.Printf("# Environment of plugins: who wins\n\n%s\n", r.summary())
	if r.Comparison != nil {
		r.Comparison.writeMarkdown(w)
	}
	group := ""
	for _, row := range r.Rows {
		// A table a group: Markdown has no rows that span columns.
		if row.Group != group {
			group = row.Group
			w.Printf("\n## %s\n\n|   | Case | Variable |", escape(group))
			for _, t := range r.Targets {
				w.Printf(" %s (%s) |", escape(t.Name), escape(t.Version))
			}
			w.Printf("\n|---|---|---|%s\n", strings.Repeat("---|", len(r.Targets)))
		}
		mark := " "
		if row.Differs() {
			mark = "≠"
		}
		w.Printf("| %s | %s | %s |", mark, escape(row.Title), code(row.Variable))
		for _, c := range row.Cells {
			text := escape(c.text())
			// Bold as well as marked, since the mark is far away in wide tables.
			if row.Differs() {
				text = "**" + text + "**"
			}
			w.Printf(" %s |", text)
		}
		w.Printf("\n")
	}
	reasons := append(r.Unsupported(), r.Failures()...)
	if len(reasons) > 0 {
		w.Printf("\n## Not measured\n\n")
	}
	for _, reason := range reasons {
		w.Printf("- %s\n", escape(reason))
	}
	return w.Err
}

// writeMarkdown comes before the tables: in a pull request it is what counts.
func (c *Comparison) writeMarkdown(w *show.Writer) {
	w.Printf("\nAgainst the baseline: **%s**, %d allowed.\n\n", counted(len(c.Changes), "change"), len(c.Allowed))
	for _, change := range c.Changes {
		w.Printf("- ❌ %s\n", escape(change.Text()+change.expired()))
	}
	for _, change := range c.Allowed {
		w.Printf("- ✅ %s: %s\n", escape(change.Text()), escape(change.Reason))
	}
	for _, a := range c.Unused {
		w.Printf("- ⚠️ %s was allowed to change and did not\n", escape(a.Row))
	}
	if len(c.NotInBaseline) > 0 {
		w.Printf("- Not compared, for the baseline lacks them: %s\n", escape(strings.Join(c.NotInBaseline, ", ")))
	}
	if len(c.Gone) > 0 {
		w.Printf("- Only in the baseline: %s\n", escape(strings.Join(c.Gone, ", ")))
	}
}

// escape keeps text from being taken for Markdown, within a table too.
func escape(text string) string {
	return strings.NewReplacer(
		"\\", "\\\\", "|", "\\|", "\n", " ", "*", "\\*", "_", "\\_", "<", "&lt;", "`", "\\`", "[", "\\[", "]", "\\]",
	).Replace(text)
}

// code sets a name in code; no name of a row has a backquote, yet a file might.
func code(text string) string { return "`" + strings.ReplaceAll(text, "`", "'") + "`" }
