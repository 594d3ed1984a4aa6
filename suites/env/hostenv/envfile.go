// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"fmt"
	"io"
	"strings"
)

// EnvFile reads a file of NAME=value lines as systemd reads an
// EnvironmentFile=: lines that begin with # or ; are comments, values may be
// quoted, a backslash at a line's end continues it. A leading `export` is
// allowed. Nothing is expanded.
func EnvFile(source string, r io.Reader) (Environment, error) {
	vars := make(set)
	if err := readEnvFile(source, r, vars); err != nil {
		return Environment{}, err
	}
	return Environment{Source: source, Variables: vars.sorted()}, nil
}

func readEnvFile(source string, r io.Reader, vars set) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading %s: %w", source, err)
	}
	p := envFileParser{rest: strings.ReplaceAll(string(raw), "\r\n", "\n"), line: 1}
	for p.rest != "" {
		line := p.line
		entry, err := p.next()
		if err == nil && entry != "" {
			var name, value string
			if name, value, err = SplitWritten(entry); err == nil {
				vars.known(name, value)
			}
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", source, line, err)
		}
	}
	return nil
}

// envFileParser takes one assignment after the other from rest.
type envFileParser struct {
	rest string
	line int
}

// next returns the next assignment with quotes and escapes resolved, or
// nothing for an empty line or a comment.
func (p *envFileParser) next() (string, error) {
	p.rest = strings.TrimLeft(p.rest, " \t")
	if strings.HasPrefix(p.rest, "#") || strings.HasPrefix(p.rest, ";") {
		p.skipComment()
		return "", nil
	}
	end := strings.IndexAny(p.rest, "=\n")
	if end < 0 || p.rest[end] == '\n' {
		// Not an assignment, which the caller refuses.
		text, rest, _ := strings.Cut(p.rest, "\n")
		p.rest = rest
		p.line++
		return strings.TrimSpace(text), nil
	}
	name := strings.TrimSpace(p.rest[:end])
	if after, ok := strings.CutPrefix(name, "export "); ok {
		name = strings.TrimSpace(after)
	}
	p.rest = strings.TrimLeft(p.rest[end+1:], " \t")
	value, err := p.value()
	return name + "=" + value, err
}

// skipComment drops a comment; in systemd's files a backslash continues one.
func (p *envFileParser) skipComment() {
	for {
		text, rest, found := strings.Cut(p.rest, "\n")
		p.rest = rest
		p.line++
		if !found || !strings.HasSuffix(text, `\`) {
			return
		}
	}
}

// value reads up to the end of the line, over quotes. Space around an unquoted
// value doesn't belong to it.
func (p *envFileParser) value() (string, error) {
	var b strings.Builder
	keep := 0 // how much of b is certain not to be trailing space
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '\n':
			p.rest = p.rest[i+1:]
			p.line++
			return b.String()[:keep], nil
		case '\'', '"':
			n, err := p.quoted(p.rest[i:], &b)
			if err != nil {
				p.rest = ""
				return "", err
			}
			i += n
			keep = b.Len()
		case '\\':
			i++
			if i < len(p.rest) {
				if p.rest[i] == '\n' {
					p.line++
					continue
				}
				b.WriteByte(p.rest[i])
				keep = b.Len()
			}
		default:
			b.WriteByte(c)
			if c != ' ' && c != '\t' {
				keep = b.Len()
			}
		}
	}
	p.rest = ""
	return b.String()[:keep], nil
}

// quoted appends what the quotes at the beginning of text enclose to b and
// returns where the closing one is. Between double quotes a backslash escapes
// `"`, `\`, a backquote and `$`, as in a shell; before others it stands.
func (p *envFileParser) quoted(text string, b *strings.Builder) (int, error) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case c == quote:
			return i, nil
		case c == '\\' && quote == '"' && i+1 < len(text):
			i++
			switch text[i] {
			case '"', '\\', '`', '$':
				b.WriteByte(text[i])
			case '\n':
				p.line++
			default:
				b.WriteByte('\\')
				b.WriteByte(text[i])
			}
		default:
			if c == '\n' {
				p.line++
			}
			b.WriteByte(c)
		}
	}
	return 0, fmt.Errorf("%w: a quote %c is not closed", ErrInput, quote)
}
