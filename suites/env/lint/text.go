// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"io"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// WriteText writes findings for people: one a paragraph, the worst first.
func WriteText(out io.Writer, r Report) error {
	paint := show.PaintFor(out)
	w := &show.Writer{Out: out}
	w.Printf("Server environment: %s. Plugins: %d.\n", r.Source, r.Plugins)
	if len(r.Read) > 0 {
		w.Printf("Read: %s.\n", strings.Join(r.Read, ", "))
	}
	for _, f := range r.Findings {
		// What a finding is about: a plugin's variable, a variable of the server's, a
		// plugin, or the server.
		subject := strings.TrimSpace(f.Plugin + " " + f.Variable)
		if subject == "" {
			subject = "server"
		}
		w.Printf("\n%s %s  %s\n", level(paint, f.Level), paint.Bold(subject), paint.Dim(f.Rule))
		if places := f.places(); len(places) > 0 {
			w.Printf("         %s\n", paint.Dim(strings.Join(places, "; ")))
		}
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
	w.Printf("\nConflicts: %d, warnings: %d, infos: %d.\n", r.Count(Conflict), r.Count(Warning), r.Count(Info))
	if r.Unchecked > 0 {
		w.Printf("Not checked, for nothing told their env: %d of %d plugins.\n", r.Unchecked, r.Plugins)
	}
	if !r.Complete {
		w.Printf("Variables may be set that could not be seen: the result holds for those that were.\n")
	}
	return w.Err
}

// places returns where the files have what the finding is about.
func (f Finding) places() []string {
	var places []string
	for _, p := range []hostenv.Place{f.Place, f.Registered} {
		if p != (hostenv.Place{}) {
			places = append(places, p.String())
		}
	}
	return places
}

// level pads a level's name, so that subjects stand in a column.
func level(paint show.Paint, l Level) string {
	text := strings.ToUpper(string(l)) + strings.Repeat(" ", 8-len(l))
	switch l {
	case Conflict:
		return paint.Bad(text)
	case Warning:
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
