// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// EnvironmentD reads environment.d below a root directory (environment.d(5)): the
// environment of the services of users, and not of the system's.
func EnvironmentD(system string) (hostenv.Environment, error) {
	files, err := confFiles(root(system), []string{
		"/etc/environment.d", "/run/environment.d", "/usr/local/lib/environment.d", "/usr/lib/environment.d",
	})
	if err != nil {
		return hostenv.Environment{}, err
	}
	vars := make(hostenv.Set)
	result := hostenv.Environment{Source: path.Join(system, "environment.d")}
	for _, file := range files {
		display := filepath.Join(system, file)
		text, err := root(system).read(file)
		if err != nil {
			return hostenv.Environment{}, fmt.Errorf("reading %s: %w", display, err)
		}
		result.Remarks = append(result.Remarks, mergeEnvironment(display, text, vars)...)
		result.Read = append(result.Read, display)
	}
	result.Variables = vars.Sorted()
	return result, nil
}

// EnvironmentDFile reads one file of an environment.d.
func EnvironmentDFile(source, text string) hostenv.Environment {
	vars := make(hostenv.Set)
	remarks := mergeEnvironment(source, text, vars)
	return hostenv.Environment{
		Source: source, Variables: vars.Sorted(), Remarks: remarks, Read: []string{source},
		Notes: []string{"environment.d is for the services of users (systemctl --user); the system's services do not get it."},
	}
}

// mergeEnvironment adds a file's variables, with references to others replaced.
func mergeEnvironment(display, text string, vars hostenv.Set) []hostenv.Remark {
	var remarks []hostenv.Remark
	ignored := func(rule, name string, line int, message string) {
		remarks = append(remarks, hostenv.Remark{
			Kind: hostenv.Ignored, Rule: rule, Variable: showable(name), Place: hostenv.Place{File: display, Line: line},
			Message: message, Remedy: "Correct the line, or take it out.",
		})
	}
	if before, _, found := strings.Cut(text, "\x00"); found {
		text = before
		ignored("systemd-environment-file-broken", "", 0, "The file contains a NUL byte.")
	}
	for _, a := range scanEnvironment(text, false).assignments {
		at := hostenv.Place{File: display, Line: a.place.Line}
		switch {
		case a.value == "":
			ignored("systemd-empty-value", a.name, at.Line, "The value is empty, so systemd ignores the line.")
			continue
		case !validName(a.name):
			r := refusedName(a.name, at)
			remarks = append(remarks, r)
			continue
		case !utf8.ValidString(a.value):
			ignored("systemd-not-utf-8", a.name, at.Line, "The value is not UTF-8, so systemd reads no further.")
			return remarks
		}
		value, unknown := replaceReferences(a.value, vars)
		if unknown != "" {
			vars.Unknown(a.name, "other variables of the user's manager", at)
			continue
		}
		vars.Known(a.name, value, at)
	}
	return remarks
}

// replaceReferences replaces $NAME, ${NAME}, ${NAME:-other} and ${NAME:+other}
// (environment.d(5)). unknown is a name whose value only the manager knows.
func replaceReferences(text string, vars hostenv.Set) (value, unknown string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		rest := text[i+1:]
		switch rest[0] {
		case '$':
			b.WriteByte('$')
			i++
		case '{':
			length, replaced, missing := braced(rest, vars)
			if length == 0 {
				b.WriteByte('$')
				continue
			}
			if missing != "" {
				unknown = missing
			}
			b.WriteString(replaced)
			i += length
		default:
			n := 0
			for n < len(rest) && validName("_"+rest[n:n+1]) {
				n++
			}
			if n == 0 {
				b.WriteByte('$')
				continue
			}
			// No variable has a name that begins with a digit.
			v, ok := vars[rest[:n]]
			if validName(rest[:n]) && (!ok || !v.Known) {
				unknown = rest[:n]
			}
			b.WriteString(v.Value)
			i += n
		}
	}
	return b.String(), unknown
}

// braced replaces the ${…} at the beginning of text, which follows a $, and
// returns its length. It is 0 for what is not a reference.
func braced(text string, vars hostenv.Set) (length int, value, unknown string) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth > 0 {
				continue
			}
			name, other, conditional := strings.Cut(text[1:i], ":")
			if !validName(name) {
				return 0, "", ""
			}
			v, ok := vars[name]
			if !ok || !v.Known {
				unknown = name
			}
			switch {
			case conditional && strings.HasPrefix(other, "-"):
				if v.Value != "" {
					return i + 1, v.Value, unknown
				}
				value, more := replaceReferences(other[1:], vars)
				if more != "" {
					unknown = more
				}
				return i + 1, value, unknown
			case conditional && strings.HasPrefix(other, "+"):
				if v.Value == "" {
					return i + 1, "", unknown
				}
				value, more := replaceReferences(other[1:], vars)
				if more != "" {
					unknown = more
				}
				return i + 1, value, unknown
			}
			return i + 1, v.Value, unknown
		}
	}
	return 0, "", ""
}
