// SPDX-License-Identifier: MPL-2.0

// Package systemd reads the environment that systemd gives a service, by the
// rules of systemd.syntax(7), systemd.unit(5), systemd.exec(5),
// systemd-system.conf(5) and environment.d(5). Where the pages are silent, what
// systemd does counts: the tests hold the readers against it.
package systemd

import (
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

const (
	// byteOrderMark may begin a unit file, and no EnvironmentFile.
	byteOrderMark = "\ufeff"
	// longLine is how long a line of a unit may be, continued ones included.
	longLine = 1 << 20
	// whitespace is what systemd trims.
	whitespace = " \t\n\r"
)

// setting is one NAME=value of a unit file, the value as it is written.
type setting struct {
	section, name, value string
	place                hostenv.Place
}

// unitFile is what a unit file or a drop-in has.
type unitFile struct {
	settings []setting
	remarks  []hostenv.Remark
	// broken is where systemd stops reading, if it does; a unit with a broken
	// fragment is not started, and of a broken drop-in the beginning counts.
	broken error
}

// parseUnit reads a unit file as systemd does (systemd.syntax(7)): a backslash
// at a line's end joins it with the next one by a space, lines that begin with #
// or ; are comments also within a continued line, and what is not NAME=value is
// ignored.
func parseUnit(path, text string) unitFile {
	p := unitParser{path: path, rest: text}
	for p.file.broken == nil {
		line, more := p.next()
		if !more {
			break
		}
		p.take(line)
	}
	return p.file
}

type unitParser struct {
	path, rest string
	line       int // the last line that was taken from rest
	sawMark    bool
	section    string
	file       unitFile
}

// logical is a line with its continuations.
type logical struct {
	text string
	line int // its first one
}

// next returns the next logical line without comments.
func (p *unitParser) next() (logical, bool) {
	var l logical
	continued := false
	for p.rest != "" {
		text := p.cut()
		if trimmed := strings.TrimLeft(text, whitespace); trimmed != "" && strings.ContainsRune("#;", rune(trimmed[0])) {
			continue
		}
		if !p.sawMark {
			text, p.sawMark = strings.CutPrefix(text, byteOrderMark)
		}
		if !continued {
			l.line = p.line
		}
		l.text += text
		if len(l.text) > longLine {
			p.file.broken = fmt.Errorf("%w: %s, line %d is longer than systemd's limit of 1 MiB", hostenv.ErrInput, p.path, p.line)
			return logical{}, false
		}
		if !oddBackslash(l.text) {
			return l, true
		}
		l.text = l.text[:len(l.text)-1] + " "
		continued = true
	}
	return l, continued
}

// cut takes the next physical line. systemd ends one at a newline, a carriage
// return or a NUL, and counts a pair of different ones as a single end.
func (p *unitParser) cut() string {
	p.line++
	end := strings.IndexAny(p.rest, "\n\r\x00")
	if end < 0 {
		line := p.rest
		p.rest = ""
		return line
	}
	line, ending := p.rest[:end], p.rest[end]
	p.rest = p.rest[end+1:]
	if p.rest != "" && strings.IndexByte("\n\r\x00", p.rest[0]) >= 0 && p.rest[0] != ending {
		p.rest = p.rest[1:]
	}
	return line
}

// oddBackslash reports whether the text ends with a backslash that no other one
// escapes.
func oddBackslash(text string) bool {
	n := len(text) - len(strings.TrimRight(text, `\`))
	return n%2 == 1
}

// take reads one logical line.
func (p *unitParser) take(l logical) {
	at := hostenv.Place{File: p.path, Line: l.line}
	text := strings.Trim(l.text, whitespace)
	switch {
	case text == "":
		return
	case text[0] == '[' && !strings.HasSuffix(text, "]"):
		p.file.broken = fmt.Errorf("%w: %s: a section's header is not closed, and systemd reads no further", hostenv.ErrInput, at)
		return
	case text[0] == '[':
		p.section = text[1 : len(text)-1]
		return
	}
	name, value, found := strings.Cut(text, "=")
	name = strings.Trim(name, whitespace)
	switch {
	case p.section == "":
		p.ignored(at, "systemd-outside-section", "It stands before the first [Section], so systemd ignores it.", "Move it below [Service].")
	case !found || name == "":
		p.ignored(at, "systemd-no-assignment", "The line is not Name=value, so systemd ignores it.",
			"Correct it; a line that continues the one before needs a backslash at that one's end.")
	default:
		p.file.settings = append(p.file.settings, setting{p.section, name, strings.Trim(value, whitespace), at})
	}
}

func (p *unitParser) ignored(at hostenv.Place, rule, message, remedy string) {
	p.file.remarks = append(p.file.remarks, hostenv.Remark{Kind: hostenv.Ignored, Rule: rule, Place: at, Message: message, Remedy: remedy})
}
