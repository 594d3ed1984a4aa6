// SPDX-License-Identifier: MPL-2.0

// Package dialects lists the server versions the mock behaves like, and explains
// what each differs in and how that is known.
package dialects

import (
	"io"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// List writes all dialects, oldest first, as text, json or markdown.
func List(out io.Writer, format string) error {
	var all []summary
	for _, d := range dialect.All() {
		all = append(all, summarize(d))
	}
	switch format {
	case "json":
		return writeJSON(out, all)
	case "markdown":
		return listMarkdown(out, all)
	}
	return listTable(out, all)
}

// Explain writes what a dialect differs in from its neighbour, with sources, as
// text, json or markdown.
func Explain(out io.Writer, d *dialect.Dialect, format string) error {
	e := describe(d)
	switch format {
	case "json":
		return writeJSON(out, e)
	case "markdown":
		return explainMarkdown(out, e)
	}
	return explainTable(out, e)
}
