// SPDX-License-Identifier: MPL-2.0

// Package deviations has the one form in which differences that are meant to be,
// or known, are listed for all commands: failures of requirements for run and
// check, differences of answers for replay and diff, changes of the environment
// for env. It also holds the project's own list of real servers,
// deviations.yaml, which documents the fields.
package deviations

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// NoneFiled stands for the issue of a deviation that nobody has reported.
const NoneFiled = "none filed"

// Deviation is one entry of a list. It has exactly one of Requirement, Case and
// Row, which are identifiers or patterns as for path.Match: PLG-4*.
type Deviation struct {
	Requirement string `yaml:"requirement" json:"requirement,omitempty"`
	Case        string `yaml:"case" json:"case,omitempty"`
	Row         string `yaml:"row" json:"row,omitempty"`

	// Servers are products and versions, as vault>=1.16; Target is the name of a
	// target or a pattern. Empty are all.
	Servers []string `yaml:"servers" json:"servers,omitempty"`
	Target  string   `yaml:"target" json:"target,omitempty"`

	// Step is the sentence of the requirement that fails; empty is any. Sometimes
	// marks what depends on timing, Does says what the server does instead.
	Step      string `yaml:"step" json:"step,omitempty"`
	Sometimes bool   `yaml:"sometimes" json:"sometimes,omitempty"`
	Does      string `yaml:"does" json:"does,omitempty"`

	// Recording is the name of the case's recording without ".json"; empty is any.
	Recording string `yaml:"recording" json:"recording,omitempty"`
	// Steps are those of the case, from 1, 0 for the log; empty are all.
	Steps []int `yaml:"steps" json:"steps,omitempty"`
	// At are the beginnings of the paths that differ: stderr, body.data.
	At []string `yaml:"at" json:"at,omitempty"`
	// CommandLine marks answers of a command line that is older than ours or
	// another product's; they are counted apart.
	CommandLine bool `yaml:"command_line" json:"command_line,omitempty"`

	// Winner is who may provide the row's variable now; empty is anybody.
	Winner string `yaml:"winner" json:"winner,omitempty"`

	Reason  string   `yaml:"reason" json:"reason"`
	Issue   string   `yaml:"issue" json:"issue,omitempty"`
	Related []string `yaml:"related" json:"related,omitempty"`
	// Expires is the last day, as 2026-12-31, on which the deviation is known.
	// Empty means no end.
	Expires string `yaml:"expires" json:"expires,omitempty"`

	applies steps.Applies
	// ended is set when Expires is over.
	ended bool
	// source is the file and line.
	source string
}

// List is what is known of some servers or plugins.
type List []Deviation

// Server is what entries may be about.
type Server struct {
	// Target is the name of its target.
	Target string
	// Identity is what it is; the zero Identity if that is not known, and then
	// entries that name servers are not about it.
	Identity steps.Identity
}

// Requirements returns the entries about requirements.
func (l List) Requirements() List {
	return l.only(func(d Deviation) bool { return d.Requirement != "" })
}

// Cases returns the entries about recorded cases.
func (l List) Cases() List { return l.only(func(d Deviation) bool { return d.Case != "" }) }

// Rows returns the entries about rows of the environment matrix.
func (l List) Rows() List { return l.only(func(d Deviation) bool { return d.Row != "" }) }

// Of returns the entries about one server.
func (l List) Of(server Server) List {
	return l.only(func(d Deviation) bool { return d.About(server) })
}

// NameServers reports whether an entry depends on the product or version of a
// server, which then has to be asked.
func (l List) NameServers() bool {
	return slices.ContainsFunc(l, func(d Deviation) bool { return len(d.Servers) > 0 })
}

func (l List) only(keep func(Deviation) bool) List {
	return slices.DeleteFunc(slices.Clone(l), func(d Deviation) bool { return !keep(d) })
}

// About reports whether the entry is about a server.
func (d *Deviation) About(server Server) bool {
	return d.applies.To(server.Identity) && (d.Target == "" || matchTarget(d.Target, server.Target))
}

// Ended reports whether the entry has expired: it excuses nothing any more.
func (d *Deviation) Ended() bool { return d.ended }

// Expired says so to people, or is empty.
func (d *Deviation) Expired() string {
	if !d.ended {
		return ""
	}
	return fmt.Sprintf("expired: it was known until %s: %s", d.Expires, d.Reason)
}

// Where returns the file and line of the entry, as known.yaml:12.
func (d *Deviation) Where() string { return d.source }

// Name returns the identifier or pattern that the entry is about.
func (d *Deviation) Name() string { return cmp.Or(d.Requirement, d.Case, d.Row) }

// Match reports whether the entry's identifier or pattern is about id.
func (d *Deviation) Match(id string) bool {
	matched, err := path.Match(d.Name(), id)
	return err == nil && matched
}

// matchTarget matches names of targets, in which a slash is nothing special.
func matchTarget(pattern, name string) bool {
	matched, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && matched
}

// String is for people: "LIF-014 (openbao >=2.0 <2.6): keeps …".
func (d *Deviation) String() string {
	if d.Does == "" {
		return fmt.Sprintf("%s: %s", d.Name(), d.Reason)
	}
	return fmt.Sprintf("%s (%s): %s", d.Name(), d.applies, d.Does)
}
