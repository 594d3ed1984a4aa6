// SPDX-License-Identifier: MPL-2.0

package trace

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Text writes one line a span, indented below the span that it belongs to, with the
// columns aligned.
func Text(out io.Writer, spans []Span) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tDURATION\tEVENT\tAT\tRESULT")
	for _, n := range tree(spans) {
		fmt.Fprintf(table, "%s\t%s\t%s%s\t%s\t%s\n", n.Began.UTC().Format("15:04:05.000000"), shown(n.Duration),
			strings.Repeat("  ", n.depth), line(n.event(), maxEvent), line(n.at(), maxAt), line(n.result(), maxError))
	}
	return table.Flush()
}

// event names what happened.
func (s Span) event() string {
	if s.Kind == Request {
		return s.Name
	}
	return string(s.Kind) + " " + s.Name
}

// at says where, with the names of the fields that were sent.
func (s Span) at() string {
	var parts []string
	switch s.Kind {
	case Process, Start:
		if s.PID != 0 {
			parts = append(parts, fmt.Sprintf("pid %d", s.PID))
		}
	case Request:
		parts = append(parts, s.Mount+s.Path)
	default:
		parts = append(parts, s.Path)
	}
	if len(s.Fields) > 0 {
		parts = append(parts, "("+strings.Join(s.Fields, ", ")+")")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func (s Span) result() string {
	if s.Error == "" {
		return "ok"
	}
	return s.Error
}

// shown rounds a duration to microseconds.
func shown(d time.Duration) string { return d.Round(time.Microsecond).String() }

// The columns of the text are at most so wide; the OTLP form has all.
const (
	maxEvent = 60
	maxAt    = 80
)

// line keeps a text on one line, in one column and within a width.
func line(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		text = string(runes[:width-1]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
