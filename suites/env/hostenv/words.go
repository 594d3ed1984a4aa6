// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"fmt"
	"strconv"
	"strings"
)

// systemdWords splits the value of a setting into words as systemd does:
// separated by space, quoted with ' or " at any place, with C escapes
// everywhere (systemd.syntax(7), "Quoting").
func systemdWords(text string) ([]string, error) {
	// A line's last backslash joins it with the next one, by a space.
	text = strings.ReplaceAll(text, "\\\n", " ")
	var words []string
	var word strings.Builder
	inWord := false
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			char, n, err := systemdEscape(text[i+1:])
			if err != nil {
				return nil, err
			}
			word.WriteString(char)
			inWord = true
			i += n
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("%w: a quote %c is not closed", ErrInput, quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// systemdEscape returns what the escape after a backslash stands for and how
// many bytes it takes.
func systemdEscape(text string) (string, int, error) {
	if text == "" {
		return "", 0, fmt.Errorf("%w: a backslash at the end", ErrInput)
	}
	switch c := text[0]; c {
	case 's':
		return " ", 1, nil
	case '\\', '"', '\'', ' ':
		return string(c), 1, nil
	}
	// The others are Go's escapes too, and so are their errors.
	value, multibyte, tail, err := strconv.UnquoteChar(`\`+text, 0)
	if err != nil {
		return "", 0, fmt.Errorf("%w: unknown escape \\%c", ErrInput, text[0])
	}
	if multibyte {
		return string(value), len(text) - len(tail), nil
	}
	return string([]byte{byte(value)}), len(text) - len(tail), nil
}
