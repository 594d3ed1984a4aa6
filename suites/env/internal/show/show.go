// SPDX-License-Identifier: MPL-2.0

// Package show writes values and colours to terminals.
package show

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/plugproof/plugproof/suites/internal/progress"
)

// longest is how many characters of a value are shown.
const longest = 48

// Value quotes a variable's value for people: what can't be seen is escaped,
// what is long is cut and its length said.
func Value(value string) string {
	n := utf8.RuneCountInString(value)
	if n <= longest {
		return strconv.Quote(value)
	}
	return fmt.Sprintf("%s… (%d characters)", strconv.Quote(string([]rune(value)[:longest/2])), n)
}

// Writer remembers the first error of many writes.
type Writer struct {
	Out io.Writer
	Err error
}

// Printf writes unless an earlier write failed.
func (w *Writer) Printf(format string, args ...any) {
	if w.Err == nil {
		_, w.Err = fmt.Fprintf(w.Out, format, args...)
	}
}

// Paint colours text for one writer.
type Paint struct{ on bool }

// PaintFor colours if out is a terminal, unless NO_COLOR is set
// (https://no-color.org).
func PaintFor(out io.Writer) Paint {
	return Paint{on: progress.Colors(out)}
}

// Bold is for what the eye should find first.
func (p Paint) Bold(text string) string { return p.with(text, color.Bold) }

// Good is for winners and agreement.
func (p Paint) Good(text string) string { return p.with(text, color.FgGreen) }

// Warn is for differences and findings.
func (p Paint) Warn(text string) string { return p.with(text, color.FgYellow) }

// Bad is for failures.
func (p Paint) Bad(text string) string { return p.with(text, color.FgRed) }

// Info is for what is neither good nor bad.
func (p Paint) Info(text string) string { return p.with(text, color.FgCyan) }

// Dim is for what doesn't count.
func (p Paint) Dim(text string) string { return p.with(text, color.Faint) }

func (p Paint) with(text string, attribute color.Attribute) string {
	if !p.on {
		return text
	}
	c := color.New(attribute)
	c.EnableColor()
	return c.Sprint(text)
}
