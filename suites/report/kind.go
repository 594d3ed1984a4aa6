// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// Kind says what the requirements of a Run stand for, by the command that made it.
type Kind string

// The kinds.
const (
	// Server: requirements of a server, checked by 'plugproof run'.
	Server Kind = "run"
	// Plugin: requirements of a plugin, checked by 'plugproof check'.
	Plugin Kind = "check"
	// Replay: recorded cases, whose scenarios are answers.
	Replay Kind = "replay"
	// Diff: cases that two sides answered.
	Diff Kind = "diff"
	// Matrix: rows of the environment's matrix, whose scenarios are cells.
	Matrix Kind = "env"
	// Baseline: the same, compared with a stored matrix.
	Baseline Kind = "env-baseline"
)

// known reports whether this program knows the kind.
func (k Kind) known() bool {
	return slices.Contains([]Kind{Server, Plugin, Replay, Diff, Matrix, Baseline}, k)
}

// kind returns the kind, also of a run that does not say it: results of older
// programs, and those that package conformance makes.
func (r Run) kind() Kind {
	switch {
	case r.Kind != "":
		return r.Kind
	case r.Plugin != "":
		return Plugin
	}
	return Server
}

// OfRequirements reports whether it is a run of requirements, which have levels and
// features, and can be split and run again.
func (r Run) OfRequirements() bool { return r.kind() == Server || r.kind() == Plugin }

// Command returns the command that made the run.
func (r Run) Command() string {
	if r.Kind == Baseline {
		return string(Matrix)
	}
	return string(r.kind())
}

// words are what texts call the things of a run.
type words struct {
	// one, many is what a requirement stands for; scenarios its parts.
	one, many, scenarios string
	// holds, hold say that it is as wanted; fails, fail that it is not.
	holds, hold, fails, fail string
	titles                   map[Result]string
	// of stands before what is counted, where that is not all; it ends with a space.
	of string
}

func (k Kind) words() words {
	switch k {
	case Replay, Diff:
		return words{"case", "cases", "answers", "is equal", "are equal", "differs", "differ", map[Result]string{
			Conforms: "The answers are equal", Deviates: "The answers differ", Inconclusive: "Inconclusive",
		}, ""}
	case Baseline:
		return words{"row", "rows", "cells", "is as stored", "are as stored", "changed", "changed", map[Result]string{
			Conforms: "Nothing changed", Deviates: "Changed against the baseline", Inconclusive: "Inconclusive",
		}, ""}
	case Matrix:
		return words{"row", "rows", "cells", "was measured", "were measured", "failed", "failed", map[Result]string{
			Conforms: "Measured", Deviates: "Changed", Inconclusive: "Inconclusive",
		}, ""}
	}
	return words{"requirement", "requirements", "scenarios", "holds", "hold", "failed", "failed", map[Result]string{
		Conforms: "Conforms", Deviates: "Does not conform", Inconclusive: "Inconclusive",
	}, ""}
}

// heading is the word above a column.
func (w words) heading() string { return strings.ToUpper(w.many[:1]) + w.many[1:] }

// count says how many there are.
func (w words) count(n int) string {
	if n == 1 {
		return "1 " + w.one
	}
	return fmt.Sprintf("%d %s", n, w.many)
}

// checkedOnly are the words of a run in which not all were checked: they say what they
// are about.
func (w words) checkedOnly() words {
	w.of = "checked "
	return w
}

// part says how many of how many.
func (w words) part(part, whole int) string {
	if part == whole {
		return w.count(whole)
	}
	things := w.many
	if whole == 1 {
		things = w.one
	}
	return fmt.Sprintf("%d of %d %s%s", part, whole, w.of, things)
}

// held says how many of how many are as wanted, failed how many are not.
func (w words) held(part, whole int) string   { return w.verb(part, whole, w.holds, w.hold) }
func (w words) failed(part, whole int) string { return w.verb(part, whole, w.fails, w.fail) }

func (w words) verb(part, whole int, one, many string) string {
	if part == 1 {
		return w.part(part, whole) + " " + one
	}
	return w.part(part, whole) + " " + many
}

// label names a requirement; cases and rows may have no title.
func label(r steps.Requirement) string { return strings.TrimSpace(r.ID + " " + r.Title) }
