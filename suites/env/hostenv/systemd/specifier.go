// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// specifiers are those of systemd.unit(5), "Specifiers", and the deprecated ones
// of control groups that it still resolves. Each depends on the unit's name (the
// first line) or on the machine, the user or the manager.
const specifiers = "iIjJnNpPfyY" +
	"aAbBcCdDEgGhHlLmMoqrRsStTuUvVwW"

// expanded is a text with its specifiers resolved.
type expanded struct {
	text string
	// unknown is a specifier whose value depends on the machine, as %H.
	unknown string
	// newer: one of them is %D, which systemd 252 does not know yet.
	newer bool
	// bad is a specifier that systemd does not know, as %4 in a URL that escapes
	// characters: it then ignores the assignment.
	bad string
}

// expand resolves specifiers (systemd.unit(5), "Specifiers") in the unit of that
// name; %% is a percent sign, and a % before what is neither a letter nor a digit
// stands for itself.
func expand(text, unit string) expanded {
	var e expanded
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '%' || i+1 == len(text) {
			b.WriteByte(c)
			continue
		}
		i++
		next := text[i]
		alphanumeric := next >= '0' && next <= '9' || next >= 'A' && next <= 'Z' || next >= 'a' && next <= 'z'
		switch {
		case next == '%':
			b.WriteByte('%')
		case strings.IndexByte(specifiers, next) >= 0:
			e.newer = e.newer || next == 'D'
			value, known := ofUnit(next, unit)
			if !known {
				e.unknown = "%" + string(next)
			}
			b.WriteString(value)
		case alphanumeric:
			e.bad = "%" + string(next)
			return e
		default:
			b.WriteString("%" + string(next))
		}
	}
	e.text = b.String()
	return e
}

// ofUnit returns the value of a specifier that depends on the unit's name alone.
func ofUnit(specifier byte, unit string) (string, bool) {
	if unit == "" {
		return "", false
	}
	stem := strings.TrimSuffix(unit, ".service")
	prefix, instance, templated := strings.Cut(stem, "@")
	last := prefix[strings.LastIndexByte(prefix, '-')+1:]
	// Of a template, only its instances have a name.
	if templated && instance == "" && specifier != 'p' && specifier != 'P' && specifier != 'j' && specifier != 'J' {
		return "", false
	}
	switch specifier {
	case 'n':
		return unit, true
	case 'N':
		return stem, true
	case 'p':
		return prefix, true
	case 'P':
		return unescapeName(prefix), true
	case 'j':
		return last, true
	case 'J':
		return unescapeName(last), true
	case 'i':
		return instance, true
	case 'I':
		return unescapeName(instance), true
	}
	return "", false
}

// unescapeName undoes the escaping of unit names: - is /, \x2d is -.
func unescapeName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '-':
			b.WriteByte('/')
		case strings.HasPrefix(name[i:], `\x`):
			if code, ok := digits(name[i+2:], 2, 16); ok {
				b.WriteByte(byte(code))
				i += 3
				continue
			}
			b.WriteByte(name[i])
		default:
			b.WriteByte(name[i])
		}
	}
	return b.String()
}

// specifierFrom says where a value with that specifier comes from.
func specifierFrom(specifier string) string {
	return fmt.Sprintf("systemd's specifier %s", specifier)
}

// newerSpecifier says that only newer versions set the variable.
func newerSpecifier(name string, at hostenv.Place) hostenv.Remark {
	return hostenv.Remark{
		Kind: hostenv.Differs, Rule: "systemd-specifier-newer", Variable: name, Place: at,
		Message: "The value has %D, a specifier of newer systemds: systemd 252 and earlier ignore the assignment. (A % that is meant, as in a URL, is written %%.)",
		Remedy:  "Write %%D for a % that is meant.",
	}
}
