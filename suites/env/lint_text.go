// SPDX-License-Identifier: MPL-2.0

package env

import (
	"io"
	"strings"

	"github.com/plugproof/plugproof/suites/env/internal/show"
	"github.com/plugproof/plugproof/suites/env/lint"
)

// writeReport writes findings for people: one a paragraph, the worst first.
func writeReport(out io.Writer, r lint.Report) error {
	paint := show.PaintFor(out)
	w := &show.Writer{Out: out}
	w.Printf("Server environment: %s. Plugins: %d.\n", r.Source, r.Plugins)
	for _, f := range r.Findings {
		// What a finding is about: a plugin's variable, a variable of the server's, a
		// plugin, or the server.
		subject := strings.TrimSpace(f.Plugin + " " + f.Variable)
		if subject == "" {
			subject = "server"
		}
		w.Printf("\n%s %s  %s\n", level(paint, f.Level), paint.Bold(subject), paint.Dim(f.Rule))
		w.Printf("%s", wrap(f.Message, "         "))
		w.Printf("%s", wrap("→ "+f.Remedy, "         "))
	}
	if len(r.ServerLog) > 0 {
		w.Printf("\nWith the opt-out on, a server of Vault 1.16 or later would log:\n")
		for _, line := range r.ServerLog {
			w.Printf("  %s\n", paint.Dim(line))
		}
	}
	if len(r.Notes) > 0 {
		w.Printf("\n")
	}
	for _, note := range r.Notes {
		w.Printf("%s", wrap("Note: "+note, ""))
	}
	w.Printf("\nConflicts: %d, warnings: %d, infos: %d.\n", r.Count(lint.Conflict), r.Count(lint.Warning), r.Count(lint.Info))
	if r.Unchecked > 0 {
		w.Printf("Not checked, for nothing told their env: %d of %d plugins.\n", r.Unchecked, r.Plugins)
	}
	return w.Err
}

// level pads a level's name, so that subjects stand in a column.
func level(paint show.Paint, l lint.Level) string {
	text := strings.ToUpper(string(l)) + strings.Repeat(" ", 8-len(l))
	switch l {
	case lint.Conflict:
		return paint.Bad(text)
	case lint.Warning:
		return paint.Warn(text)
	}
	return paint.Dim(text)
}

// wrap breaks text into lines of at most 80 characters, each after indent.
func wrap(text, indent string) string {
	const width = 80
	var b strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word)+1 > width && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
