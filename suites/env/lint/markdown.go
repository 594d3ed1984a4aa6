// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"io"
	"strings"

	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// WriteMarkdown writes the findings as a table, for a comment on a pull request.
func WriteMarkdown(out io.Writer, r Report) error {
	w := &show.Writer{Out: out}
	w.Printf("## Environment of %s\n\n", cell(r.Source))
	w.Printf("Plugins: %d. Conflicts: %d, warnings: %d, infos: %d.\n", r.Plugins, r.Count(Conflict), r.Count(Warning), r.Count(Info))
	if r.Unchecked > 0 {
		w.Printf("\nNot checked, for nothing told their env: %d of %d plugins.\n", r.Unchecked, r.Plugins)
	}
	if !r.Complete {
		w.Printf("\n**Variables may be set that could not be seen: the result holds for those that were.**\n")
	}
	if len(r.Findings) > 0 {
		w.Printf("\n| level | plugin | variable | rule | place | what is | what to do |\n|---|---|---|---|---|---|---|\n")
	}
	for _, f := range r.Findings {
		fields := []string{
			string(f.Level), cell(f.Plugin), cell(f.Variable), f.Rule, cell(strings.Join(f.places(), "; ")), cell(f.Message), cell(f.Remedy),
		}
		w.Printf("| %s |\n", strings.Join(fields, " | "))
	}
	writeList(w, "Read, in the order in which it applies", r.Read)
	writeList(w, "With the opt-out on, a server of Vault 1.16 or later would log", r.ServerLog)
	writeList(w, "Notes", r.Notes)
	return w.Err
}

func writeList(w *show.Writer, title string, items []string) {
	if len(items) == 0 {
		return
	}
	w.Printf("\n%s:\n\n", title)
	for _, item := range items {
		w.Printf("- %s\n", cell(item))
	}
}

// cell escapes what Markdown or HTML would read as more than text: names and
// paths are the user's.
func cell(text string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "\r", " ", "\n", " ", "<", "&lt;", ">", "&gt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[").Replace(text)
}
