// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errQuote  = errors.New("a quote is not closed")
	errEscape = errors.New("a backslash begins no escape that systemd knows")
)

// splitWords splits a setting's value into words as systemd does
// (systemd.syntax(7), "Quoting"): separated by whitespace, quoted with ' or " at
// any place. With unescape, a backslash begins a C escape everywhere; without, it
// only protects the next character. With an error come the words before it.
func splitWords(text string, unescape bool) ([]string, error) {
	var words []string
	for {
		text = strings.TrimLeft(text, whitespace)
		if text == "" {
			return words, nil
		}
		word, rest, err := firstWord(text, unescape)
		if err != nil {
			return words, err
		}
		words, text = append(words, word), rest
	}
}

// firstWord returns the first word of text, which does not begin with space.
func firstWord(text string, unescape bool) (word, rest string, err error) {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && unescape:
			char, n := escape(text[i+1:])
			if n == 0 {
				return "", "", errEscape
			}
			b.WriteString(char)
			i += n
		case c == '\\':
			if i+1 == len(text) {
				return "", "", errEscape
			}
			i++
			b.WriteByte(text[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote == 0 && strings.IndexByte(whitespace, c) >= 0:
			return b.String(), text[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", errQuote
	}
	return b.String(), "", nil
}

// escape returns what the escape after a backslash stands for and how many bytes
// it takes, which is 0 when systemd knows none (systemd.syntax(7), Table 1). None
// may stand for NUL.
func escape(text string) (char string, n int) {
	if text == "" {
		return "", 0
	}
	if i := strings.IndexByte(`abfnrtvs\"'`, text[0]); i >= 0 {
		return "\a\b\f\n\r\t\v \\\"'"[i : i+1], 1
	}
	switch c := text[0]; {
	case c == 'x':
		if code, ok := digits(text[1:], 2, 16); ok && code != 0 {
			return string([]byte{byte(code)}), 3
		}
	case c == 'u' || c == 'U':
		width := 4
		if c == 'U' {
			width = 8
		}
		if code, ok := digits(text[1:], width, 16); ok && code != 0 && code <= utf8.MaxRune && utf8.ValidRune(rune(code)) {
			return string(rune(code)), 1 + width
		}
	case c >= '0' && c <= '7':
		if code, ok := digits(text, 3, 8); ok && code != 0 && code <= 0xff {
			return string([]byte{byte(code)}), 3
		}
	}
	return "", 0
}

// digits reads exactly width digits.
func digits(text string, width, base int) (uint64, bool) {
	if len(text) < width || strings.ContainsAny(text[:width], "+-_") {
		return 0, false
	}
	code, err := strconv.ParseUint(text[:width], base, 32)
	return code, err == nil
}
