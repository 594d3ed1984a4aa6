// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"fmt"
	"path"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// collected is what the settings of a service come to. systemd applies them in a
// fixed order, whatever theirs in the files.
type collected struct {
	unit        string
	environment hostenv.Set
	pass        map[string]hostenv.Place
	files       []setting
	unset       []string
	mayUnset    []uncertain
	// others are the settings with which systemd sets variables of its own, the last
	// of each.
	others map[string]string
	// start is ExecStart=, quadlet where a [Container] of Podman's begins.
	start   setting
	quadlet hostenv.Place
	// hasService: there is a [Service] at all.
	hasService bool
	remarks    []hostenv.Remark
}

func collect(unit string) *collected {
	return &collected{
		unit: unit, environment: make(hostenv.Set), pass: make(map[string]hostenv.Place), others: make(map[string]string),
	}
}

// uncertain is a word of UnsetEnvironment= with a specifier that depends on the
// machine or on a unit's name that is not known.
type uncertain struct {
	// name is that of a variable, or where it is not whole how that begins.
	name      string
	whole     bool
	specifier string
	place     hostenv.Place
}

func (c *collected) remark(r hostenv.Remark) { c.remarks = append(c.remarks, r) }

// takeAll takes the settings of a file's section.
func (c *collected) takeAll(settings []setting) {
	for _, s := range settings {
		if s.section == "Container" && c.quadlet.File == "" {
			c.quadlet, c.hasService = s.place, true
		}
		if s.section != "Service" {
			continue
		}
		c.hasService = true
		c.take(s)
	}
}

// take takes one setting; an empty value resets what was collected.
func (c *collected) take(s setting) {
	reset := s.value == ""
	switch s.name {
	case "Environment":
		if reset {
			clear(c.environment)
			return
		}
		c.assign(s, c.environment)
	case "EnvironmentFile":
		if reset {
			c.files = nil
			return
		}
		c.file(s)
	case "PassEnvironment":
		if reset {
			clear(c.pass)
			return
		}
		c.passWords(s)
	case "UnsetEnvironment":
		if reset {
			c.unset = nil
			return
		}
		c.unsetWords(s)
	case "ExecStart":
		c.start = s
	default:
		c.others[s.name] = s.value
	}
}

// assign takes the words of an Environment= (systemd.exec(5)).
func (c *collected) assign(s setting, into hostenv.Set) {
	words, err := splitWords(s.value, true)
	for i, word := range words {
		written, _, _ := strings.Cut(word, "=")
		resolved := expand(word, c.unit)
		if resolved.bad != "" {
			c.remark(hostenv.Remark{
				Kind: hostenv.Ignored, Rule: "systemd-specifier", Variable: showable(written), Place: s.place,
				Message: fmt.Sprintf("systemd knows no specifier %s, so it ignores assignment %d of this %s=: the variable is not set here. (A %% that is meant, as in a URL, is written %%%%.)",
					resolved.bad, i+1, s.name),
				Remedy: fmt.Sprintf("Write %%%s for %s.", resolved.bad, resolved.bad),
			})
			continue
		}
		name, value, ok := validAssignment(resolved.text)
		if !ok {
			c.remark(c.refusedAssignment(s, i+1, resolved.text))
			continue
		}
		if resolved.unknown != "" {
			into.Unknown(name, specifierFrom(resolved.unknown), s.place)
			if resolved.newer {
				c.remark(newerSpecifier(name, s.place))
			}
			continue
		}
		into.Known(name, value, s.place)
	}
	if err != nil {
		c.remark(hostenv.Remark{
			Kind: hostenv.Ignored, Rule: "systemd-syntax", Place: s.place,
			Message: fmt.Sprintf("In this %s= %s: systemd ignores all from assignment %d on.", s.name, err, len(words)+1),
			Remedy:  `Close the quote, or write a backslash as \\.`,
		})
	}
}

func (c *collected) refusedAssignment(s setting, n int, text string) hostenv.Remark {
	name, _, found := strings.Cut(text, "=")
	r := hostenv.Remark{Kind: hostenv.Ignored, Rule: "systemd-name", Place: s.place, Variable: showable(name)}
	switch {
	case !found:
		r.Rule, r.Variable = "systemd-no-assignment", ""
		r.Message = fmt.Sprintf("Assignment %d of this %s= has no =, so systemd ignores it.", n, s.name)
		r.Remedy = `Quote the whole assignment if its value has spaces: Environment="NAME=a b".`
	case !validName(name):
		r.Message = fmt.Sprintf("Assignment %d of this %s= has a name that systemd refuses: only ASCII letters, digits and _ may stand in it, and no digit at its beginning.", n, s.name)
		r.Remedy = "Choose another name, or take it out."
	default:
		r.Rule = "systemd-not-utf-8"
		r.Message = fmt.Sprintf("The value of assignment %d of this %s= is not UTF-8, so systemd ignores it.", n, s.name)
		r.Remedy = "Write it in UTF-8, or into a file that the server reads."
	}
	return r
}

// file takes an EnvironmentFile=: the value is one path as it stands, without
// quotes, and must be absolute.
func (c *collected) file(s setting) {
	resolved := expand(s.value, c.unit)
	name, optional := strings.CutPrefix(resolved.text, "-")
	refused := hostenv.Remark{Kind: hostenv.Ignored, Rule: "systemd-environment-file", Place: s.place}
	switch {
	case resolved.bad != "":
		refused.Message = fmt.Sprintf("systemd knows no specifier %s, so it ignores this EnvironmentFile=.", resolved.bad)
		refused.Remedy = fmt.Sprintf("Write %%%s for %s.", resolved.bad, resolved.bad)
	case resolved.unknown != "":
		refused.Kind, refused.Rule = hostenv.Unseen, "systemd-environment-file-unseen"
		refused.Message = fmt.Sprintf("The path of this EnvironmentFile= depends on the machine (%s): its variables are unknown here.", resolved.unknown)
		refused.Remedy = "Give the file as a further FILE."
	case !path.IsAbs(name):
		refused.Message = "The path of this EnvironmentFile= is not absolute (quotes count as parts of it), so systemd ignores it."
		refused.Remedy = "Write the absolute path, without quotes."
	default:
		s.value = path.Clean(name)
		if optional {
			s.value = "-" + s.value
		}
		c.files = append(c.files, s)
		return
	}
	c.remark(refused)
}

// passWords takes the names of a PassEnvironment=.
func (c *collected) passWords(s setting) {
	words, err := splitWords(s.value, false)
	for i, word := range words {
		resolved := expand(word, c.unit)
		if resolved.bad != "" || !validName(resolved.text) {
			c.remark(wrongWord(s, i+1, "is not the name of a variable"))
			continue
		}
		c.pass[resolved.text] = s.place
	}
	c.openQuote(s, err)
}

// unsetWords takes the words of an UnsetEnvironment=: names, or NAME=value for
// that value alone.
func (c *collected) unsetWords(s setting) {
	words, err := splitWords(s.value, true)
	for i, word := range words {
		resolved := expand(word, c.unit)
		if resolved.unknown != "" {
			begin, _, _ := strings.Cut(word, resolved.unknown)
			name, _, whole := strings.Cut(begin, "=") // a value is never shown
			c.mayUnset = append(c.mayUnset, uncertain{name: name, whole: whole, specifier: resolved.unknown, place: s.place})
			c.remark(hostenv.Remark{
				Kind: hostenv.Unseen, Rule: "systemd-specifier", Place: s.place,
				Message: fmt.Sprintf("Word %d of this %s= depends on %s, which can't be told here: variables whose names begin with %q may be unset.", i+1, s.name, resolved.unknown, name),
				Remedy:  "Give the unit's name, as systemctl cat UNIT prints it, or write the variable's name.",
			})
			continue
		}
		_, _, assignment := validAssignment(resolved.text)
		if resolved.bad != "" || !assignment && !validName(resolved.text) {
			c.remark(wrongWord(s, i+1, "is neither a name nor NAME=value"))
			continue
		}
		c.unset = append(c.unset, resolved.text)
	}
	c.openQuote(s, err)
}

func (c *collected) openQuote(s setting, err error) {
	if err == nil {
		return
	}
	c.remark(hostenv.Remark{
		Kind: hostenv.Ignored, Rule: "systemd-syntax", Place: s.place,
		Message: fmt.Sprintf("In this %s= %s: systemd ignores the rest.", s.name, err),
		Remedy:  `Close the quote, or write a backslash as \\.`,
	})
}

func wrongWord(s setting, n int, why string) hostenv.Remark {
	return hostenv.Remark{
		Kind: hostenv.Ignored, Rule: "systemd-name", Place: s.place,
		Message: fmt.Sprintf("Word %d of this %s= %s, so systemd ignores it.", n, s.name, why),
		Remedy:  "Correct it, or take it out.",
	}
}
