// SPDX-License-Identifier: MPL-2.0

// Package lint finds what will surprise in the environments of plugins before
// a server is upgraded, from the server's environment and the registrations.
package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// Level is how bad a finding is.
type Level string

// The levels, the worst first. Only conflicts make the command fail.
const (
	// Conflict: another value reaches the plugin after the change of rule. The
	// server itself warns about it with the opt-out on.
	Conflict Level = "conflict"
	// Warning: it works, but probably not as meant.
	Warning Level = "warning"
	// Info: something that this check could not see or that is good to know.
	Info Level = "info"
)

// Finding is one thing found.
type Finding struct {
	Level Level `json:"level"`
	// Rule is the short name of the check that found it: no-proxy-replaced.
	Rule string `json:"rule"`
	// Plugin is type/name@version, and empty when it concerns the server.
	Plugin string `json:"plugin,omitempty"`
	// Variable is its name, if it is about one.
	Variable string `json:"variable,omitempty"`
	// Place is where the server's environment has the variable, if the finding is
	// about that and the source is a file.
	Place hostenv.Place `json:"place,omitzero"`
	// Registered is where the file of registrations has it.
	Registered hostenv.Place `json:"registered,omitzero"`
	// Message says what is and what follows, Remedy what to do.
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Variable is a variable of the server's environment. It has no value: that may be a
// secret.
type Variable struct {
	Name string `json:"name"`
	// From says where a value comes from that the sources do not have.
	From string `json:"from,omitempty"`
	// Place is where it is set.
	Place hostenv.Place `json:"place,omitzero"`
}

// Report is the result of Check.
type Report struct {
	// Source is where the server's environment was read from.
	Source string `json:"source"`
	// Plugins is how many registrations there are; of Unchecked among them nothing
	// told the env.
	Plugins   int `json:"plugins"`
	Unchecked int `json:"unchecked"`
	// Read lists the files of the server's environment, in the order in which they
	// apply.
	Read []string `json:"read"`
	// Complete: the server can have no variable but those that were seen.
	Complete bool `json:"complete"`
	// Variables are those of the server's environment, without their values.
	Variables []Variable `json:"variables"`
	// Findings are sorted by level, plugin and variable.
	Findings []Finding `json:"findings"`
	// ServerLog is what a server of Vault 1.16 or later would log at its
	// unsealing with the opt-out on: at least this where something was not seen, and
	// nothing where that leaves open whether there are conflicts, or where there is
	// no plugin.
	ServerLog []string `json:"server_log"`
	// Notes tell what the sources can't show.
	Notes []string `json:"notes"`
}

// Whole reports whether everything could be seen: each variable that the server
// can have, and the env of each plugin.
func (r Report) Whole() bool { return r.Complete && r.Unchecked == 0 }

// Count returns how many findings are of the level.
func (r Report) Count(level Level) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// Check looks at every registration in the server's environment.
func Check(host hostenv.Environment, registrations []Registration) Report {
	r := Report{
		Source: host.Source, Plugins: len(registrations),
		// Empty lists rather than null, for those who read the JSON.
		Findings: append(checkRemarks(host), checkHost(host, registrations)...),
		Read:     append([]string{}, host.Read...),
		Complete: host.Complete(),
		Notes:    append([]string{}, host.Notes...),
	}
	r.Variables = make([]Variable, len(host.Variables))
	for i, v := range host.Variables {
		r.Variables[i] = Variable{Name: v.Name, From: v.From, Place: v.Place}
	}
	for _, plugin := range registrations {
		if plugin.EnvUnknown {
			r.Unchecked++
		}
		r.Findings = append(r.Findings, checkPlugin(host, plugin)...)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(severity(a.Level), severity(b.Level)),
			cmp.Compare(a.Plugin, b.Plugin), cmp.Compare(a.Variable, b.Variable), cmp.Compare(a.Rule, b.Rule))
	})
	r.ServerLog = []string{}
	if lines, conflicts := serverLog(host, registrations); conflicts || r.Plugins > 0 && r.Unchecked == 0 && r.Complete {
		r.ServerLog = lines
	}
	return r
}

func severity(l Level) int { return slices.Index([]Level{Conflict, Warning, Info}, l) }

// serverLog asks the mock's own function what the server would log, and whether
// that warns of conflicts. The server doesn't leave out plugins in containers, so
// neither does this.
func serverLog(host hostenv.Environment, registrations []Registration) (lines []string, conflicts bool) {
	plugins := make([]environ.Plugin, len(registrations))
	for i, r := range registrations {
		plugins[i] = environ.Plugin{Type: r.Type, Name: r.Name, Version: r.Version, Env: r.env()}
	}
	env := host.Entries()
	if !environ.OptedOut(env) {
		env = append(env, environ.OptOut+"=true")
	}
	for _, n := range environ.Notices(environ.PluginWins, env, plugins) {
		line := "[INFO]  "
		if n.Warn {
			line, conflicts = "[WARN]  ", true
		}
		line += n.Message
		for i := 0; i+1 < len(n.Fields); i += 2 {
			separator := " "
			if i == 0 {
				separator = ": "
			}
			line += fmt.Sprintf("%s%v=%v", separator, n.Fields[i], quoteEmpty(n.Fields[i+1]))
		}
		lines = append(lines, line)
	}
	return lines, conflicts
}

// quoteEmpty writes an empty value as hclog does.
func quoteEmpty(value any) any {
	if value == "" {
		return `""`
	}
	return value
}
