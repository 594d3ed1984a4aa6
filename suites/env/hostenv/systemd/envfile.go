// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// EnvironmentFile reads a file as systemd reads an EnvironmentFile=
// (systemd.exec(5)): quotes, backslashes and continued lines as there, nothing
// expanded. What systemd ignores is in the remarks.
func EnvironmentFile(source string, r io.Reader) (hostenv.Environment, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return hostenv.Environment{}, fmt.Errorf("reading %s: %w", source, err)
	}
	f := parseEnvironmentFile(source, string(raw))
	if f.broken != "" {
		return hostenv.Environment{}, fmt.Errorf("%w: %s: %s", hostenv.ErrInput, source, f.broken)
	}
	vars := make(hostenv.Set)
	for _, a := range f.assignments {
		vars.Known(a.name, a.value, a.place)
	}
	return hostenv.Environment{Source: source, Variables: vars.Sorted(), Remarks: f.remarks, Read: []string{source}}, nil
}

// assignment is NAME=value.
type assignment struct {
	name, value string
	place       hostenv.Place
}

// environmentFile is what such a file sets.
type environmentFile struct {
	assignments []assignment
	remarks     []hostenv.Remark
	// broken says why systemd reads nothing of the file at all.
	broken string
}

// parseEnvironmentFile keeps the assignments that systemd takes.
func parseEnvironmentFile(path, text string) environmentFile {
	var f environmentFile
	if strings.Contains(text, "\x00") {
		f.broken = "it contains a NUL byte, so systemd does not read it"
		return f
	}
	parsed := scanEnvironment(text, false)
	old := scanEnvironment(text, true)
	for _, a := range parsed.assignments {
		at := hostenv.Place{File: path, Line: a.place.Line}
		if !utf8.ValidString(a.name) || !utf8.ValidString(a.value) {
			f.broken = fmt.Sprintf("line %d is not UTF-8, so systemd does not read the file", at.Line)
			return f
		}
		if !validName(a.name) {
			f.remarks = append(f.remarks, refusedName(a.name, at))
			continue
		}
		if !hasAssignment(old.assignments, a) {
			f.remarks = append(f.remarks, hostenv.Remark{
				Kind: hostenv.Differs, Rule: "systemd-comment-continued", Variable: a.name, Place: at,
				Message: "The comment before it ends with a backslash: systemd up to 253 takes this line for a part of the comment, systemd 254 and later sets the variable.",
				Remedy:  "Take the backslash out of the comment.",
			})
		}
		a.place = at
		f.assignments = append(f.assignments, a)
	}
	for _, line := range parsed.dropped {
		f.remarks = append(f.remarks, hostenv.Remark{
			Kind: hostenv.Ignored, Rule: "systemd-no-assignment", Place: hostenv.Place{File: path, Line: line},
			Message: "The line has no =, so systemd ignores it.", Remedy: "Write NAME=value, or take the line out.",
		})
	}
	if parsed.open > 0 {
		f.remarks = append(f.remarks, hostenv.Remark{
			Kind: hostenv.Ignored, Rule: "systemd-open-quote", Place: hostenv.Place{File: path, Line: parsed.open},
			Message: "A quote that begins here is not closed: systemd takes all that follows into this value, and sets none of the variables there.",
			Remedy:  "Close the quote.",
		})
	}
	return f
}

func hasAssignment(all []assignment, a assignment) bool {
	for _, other := range all {
		if other == a {
			return true
		}
	}
	return false
}

// refusedName says why systemd ignores an assignment to that name.
func refusedName(name string, at hostenv.Place) hostenv.Remark {
	r := hostenv.Remark{Kind: hostenv.Ignored, Rule: "systemd-name", Place: at}
	if exported, ok := strings.CutPrefix(name, "export"); ok && strings.TrimLeft(exported, whitespace) != exported {
		r.Rule, r.Variable = "systemd-export", showable(strings.TrimLeft(exported, whitespace))
		r.Message = "systemd knows no export: the line sets nothing."
		r.Remedy = "Take the word export out if the variable is meant to be set."
		return r
	}
	if marked, ok := strings.CutPrefix(name, byteOrderMark); ok && validName(marked) {
		r.Rule, r.Variable = "systemd-byte-order-mark", marked
		r.Message = "The file begins with a byte order mark, which systemd takes for a part of this name: the variable is not set."
		r.Remedy = "Save the file without a byte order mark."
		return r
	}
	r.Message = "systemd takes no variable of this name: only ASCII letters, digits and _ may stand in it, and no digit at its beginning."
	r.Remedy = "Write NAME=value, or take the line out."
	return r
}

// scanned is a file's text taken apart, before names are looked at.
type scanned struct {
	assignments []assignment
	// dropped are the lines without =, open the line of a quote that is not closed.
	dropped []int
	open    int
}

// The states of scanning, as systemd has them.
const (
	beforeKey = iota
	inKey
	beforeValue
	inValue
	valueEscape
	singleQuoted
	doubleQuoted
	doubleQuotedEscape
	inComment
	commentEscape
)

// scanEnvironment takes the text apart with the states that systemd has, so that
// odd files come out alike. commentContinues is how systemd up to 253 reads a
// comment that ends with a backslash.
func scanEnvironment(text string, commentContinues bool) scanned {
	var s scanned
	var key, value strings.Builder
	state, line, start, quote := beforeKey, 1, 0, 0
	keep := 0 // how much of value is certain not to be trailing space
	push := func() {
		v := value.String()
		if state == inValue {
			v = v[:keep]
		}
		s.assignments = append(s.assignments, assignment{strings.TrimRight(key.String(), whitespace), v, hostenv.Place{Line: start}})
		key.Reset()
		value.Reset()
		keep = 0
	}
	add := func(c byte) {
		value.WriteByte(c)
		keep = value.Len()
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		newline := c == '\n' || c == '\r'
		space := strings.IndexByte(whitespace, c) >= 0
		switch state {
		case beforeKey:
			switch {
			case c == '#' || c == ';':
				state = inComment
			case !space:
				state, start = inKey, line
				key.WriteByte(c)
			}
		case inKey:
			switch {
			case newline:
				s.dropped = append(s.dropped, start)
				state = beforeKey
				key.Reset()
			case c == '=':
				state = beforeValue
			default:
				key.WriteByte(c)
			}
		case beforeValue:
			switch {
			case newline:
				push()
				state = beforeKey
			case c == '\'':
				state, quote = singleQuoted, line
			case c == '"':
				state, quote = doubleQuoted, line
			case c == '\\':
				state = valueEscape
			case !space:
				state = inValue
				add(c)
			}
		case inValue:
			switch {
			case newline:
				push()
				state = beforeKey
			case c == '\\':
				state = valueEscape
				keep = value.Len()
			case space:
				value.WriteByte(c)
			default:
				add(c)
			}
		case valueEscape:
			state = inValue
			if !newline {
				add(c)
			}
		case singleQuoted, doubleQuoted:
			switch {
			case state == singleQuoted && c == '\'', state == doubleQuoted && c == '"':
				state = beforeValue
			case state == doubleQuoted && c == '\\':
				state = doubleQuotedEscape
			default:
				add(c)
			}
		case doubleQuotedEscape:
			state = doubleQuoted
			switch {
			case strings.IndexByte("\"\\`$", c) >= 0:
				add(c)
			case c != '\n':
				add('\\')
				add(c)
			}
		case inComment:
			switch {
			case c == '\\':
				state = commentEscape
			case newline:
				state = beforeKey
			}
		case commentEscape:
			state = inComment
			if newline && !commentContinues {
				state = beforeKey
			}
		}
		if c == '\n' {
			line++
		}
	}
	switch state {
	case singleQuoted, doubleQuoted, doubleQuotedEscape:
		s.open = quote
		push()
	case beforeValue, inValue, valueEscape:
		push()
	case inKey:
		s.dropped = append(s.dropped, start)
	}
	return s
}
