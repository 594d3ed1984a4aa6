// SPDX-License-Identifier: MPL-2.0

// Package progress shows how far a command has come: on a terminal in one line
// that moves, elsewhere in a line every few seconds, folded where a pipeline's log
// can be.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

const (
	// quietTime is how long work goes on before the first line that is not for a
	// terminal: what ends before then needs no progress.
	quietTime = time.Second
	// interval is the least time between two lines that are not for a terminal.
	interval = 5 * time.Second
	// lineStart goes to the first column and clears the line.
	lineStart = "\r\x1b[K"
)

// IsTerminal reports whether file is a terminal that can move its cursor.
func IsTerminal(file *os.File) bool {
	return isatty.IsTerminal(file.Fd()) && os.Getenv("TERM") != "dumb"
}

// Colors reports whether out is a terminal that may show colours
// (https://no-color.org).
func Colors(out io.Writer) bool {
	file, ok := out.(*os.File)
	_, never := os.LookupEnv("NO_COLOR")
	return ok && !never && IsTerminal(file)
}

// Line is the progress of one command. Its methods may be called by several
// goroutines; a nil Line shows nothing.
type Line struct {
	out      io.Writer
	terminal bool
	fold     *fold // nil for none

	mu          sync.Mutex
	next        time.Time   // of the next line that is not for a terminal
	pending     string      // what that line says
	timer       *time.Timer // that prints it; nil if none is pending
	total, done int
	failed      int
	noun        string
	opened      bool // the fold
}

// New returns the progress on file, which is mostly the standard error.
func New(file *os.File) *Line { return newLine(file, IsTerminal(file)) }

// NewLog returns the progress on something that is not a terminal.
func NewLog(out io.Writer) *Line { return newLine(out, false) }

func newLine(out io.Writer, terminal bool) *Line {
	return &Line{out: out, terminal: terminal, next: time.Now().Add(quietTime)}
}

// Stage says what is going on now.
func (l *Line) Stage(text string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show(text)
}

// Begin starts to count up to total of what noun names in the plural.
func (l *Line) Begin(total int, noun string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total, l.done, l.failed, l.noun = total, 0, 0, noun
	l.show(fmt.Sprintf("0 of %d %s", total, noun))
}

// Step counts one more. Note says which, failed whether it failed.
func (l *Line) Step(note string, failed bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	if failed {
		l.failed++
	}
	text := fmt.Sprintf("%d of %d %s", l.done, l.total, l.noun)
	if l.failed > 0 {
		text += fmt.Sprintf(", %d failed", l.failed)
	}
	if note != "" {
		text += ", last " + note
	}
	l.show(text)
}

// Count says that done of total are done, of what noun names in the plural.
func (l *Line) Count(done, total int, noun string) {
	l.Stage(fmt.Sprintf("%d of %d %s", done, total, noun))
}

// Finish clears the line on a terminal, and elsewhere drops what was not printed
// yet. Nothing may follow but a new stage.
func (l *Line) Finish() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.terminal {
		l.print(lineStart)
	}
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.shut()
}

func (l *Line) show(text string) {
	if l.terminal {
		l.print(lineStart + text)
		return
	}
	l.pending = text
	switch wait := time.Until(l.next); {
	case l.timer != nil:
	case wait > 0:
		// The work may take long without another word.
		l.timer = time.AfterFunc(wait, l.flush)
	default:
		l.line()
	}
}

// flush prints the pending line when its time has come.
func (l *Line) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil { // otherwise Finish was faster
		l.line()
	}
}

func (l *Line) line() {
	l.timer, l.next = nil, time.Now().Add(interval)
	l.open()
	l.print(l.pending + "\n")
}

// print ignores errors: a terminal that went away is not a reason to end the work.
func (l *Line) print(text string) { _, _ = io.WriteString(l.out, text) }
