// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// shellSets is what sets variables in a shell: an assignment, export, another file
// that is read, or -a.
var shellSets = regexp.MustCompile(`(?:^|[\s;&|(])(?:[A-Za-z_]\w*=|export\s|source\s|\.\s|set\s+-\w*a|-\w*a\w*\s)`)

// command adds what the command of ExecStart= sets itself: env(1) sets variables
// for the program that it starts, and a shell may set any.
func (c *collected) command(vars hostenv.Set) {
	s := c.start
	words, err := splitWords(strings.TrimLeft(s.value, "@-:+!|"), true)
	if err != nil || len(words) == 0 {
		return
	}
	name := path.Base(words[0])
	switch {
	case name == "env":
		c.envCommand(words[1:], vars)
	case slices.Contains([]string{"sh", "bash", "dash", "ash", "zsh", "ksh"}, name):
		if shellSets.MatchString(strings.Join(words[1:], " ")) {
			c.remark(hostenv.Remark{
				Kind: hostenv.Unseen, Rule: "systemd-shell", Place: s.place,
				Message: "ExecStart= starts a shell whose commands may set variables: those are unknown.",
				Remedy:  "Set them with Environment= or EnvironmentFile=, or read the running process: --pid.",
			})
		}
	}
}

// envCommand applies the arguments of env(1).
func (c *collected) envCommand(words []string, vars hostenv.Set) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		name, value, found := strings.Cut(word, "=")
		switch {
		case word == "-i" || word == "-" || word == "--ignore-environment":
			clear(vars)
		case word == "-u" || word == "--unset":
			if i++; i < len(words) {
				delete(vars, words[i])
			}
		case strings.HasPrefix(word, "--unset="):
			delete(vars, value)
		case strings.HasPrefix(word, "-"):
		case !found:
			return // the program
		default:
			resolved := expand(value, c.unit)
			if hostenv.CheckName(name) != nil || resolved.bad != "" {
				continue
			}
			// Of variables it replaces, ExecStart= has its own rules.
			if resolved.unknown != "" || strings.Contains(value, "$") {
				vars.Unknown(name, "the command of ExecStart=", c.start.place)
				continue
			}
			vars.Known(name, resolved.text, c.start.place)
		}
	}
}

// unread says what in the unit sets variables and is not read here.
func (c *collected) unread(file string) {
	at := hostenv.Place{File: file}
	if c.others["PAMName"] != "" {
		c.remark(hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "systemd-pam", Place: at,
			Message: "PAMName= opens a session whose PAM modules may set variables (pam_env reads /etc/environment): those are unknown.",
			Remedy:  "Read the running process: --pid.",
		})
	}
	if c.quadlet.File != "" {
		c.remark(hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "systemd-quadlet", Place: c.quadlet,
			Message: "The unit describes a container of Podman's: what its [Container] sets is not read.",
			Remedy:  "Give what podman inspect prints of the container.",
		})
	}
}
