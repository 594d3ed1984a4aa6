// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"strings"
	"time"
)

// Status is how a scenario ended. Reports never merge two of them.
type Status string

// The statuses.
const (
	// Pass: every check held.
	Pass Status = "PASS"
	// Fail: a check did not hold.
	Fail Status = "FAIL"
	// Known: a check did not hold, as the list of known deviations says of this
	// server. This package does not set it.
	Known Status = "KNOWN"
	// Errored: the harness or the target failed, so nothing was checked.
	Errored Status = "ERROR"
	// Skip: the requirement is not about this product and version, or the run was
	// interrupted before the scenario had ended.
	Skip Status = "SKIP"
	// Unsupported: the target or the profile of the checked plugin lacks what the
	// scenario needs, so nothing was checked.
	Unsupported Status = "UNSUPPORTED"
)

// Outcome is the result of one scenario.
type Outcome struct {
	// Requirement is what it checks.
	Requirement Requirement
	// Case is the scenario's name with the values of its row of an outline.
	Case string
	// Status is how it ended.
	Status Status
	// Reason says why, for every status but Pass. Tokens are masked.
	Reason string
	// Follows is the requirement whose failure kept this one from being checked; empty for
	// none.
	Follows string
	// Failure has the parts of the explanation if Status is Fail.
	Failure *Failure
	// Crash is the crash of the checked plugin during the scenario; nil for none. It
	// may be why the scenario failed.
	Crash *Crash
	// Exchanges are what was sent and answered, oldest first, tokens masked.
	Exchanges []string
	// Started and Duration are its time on the clock.
	Started  time.Time
	Duration time.Duration
}

// notRun begins the reason of what the end of a run kept from its own end.
const notRun = "the run was interrupted "

// NotRun reports whether the run ended before the scenario did.
func (o Outcome) NotRun() bool { return o.Status == Skip && strings.HasPrefix(o.Reason, notRun) }

// Failure is a check that did not hold.
type Failure struct {
	// Step is the sentence that failed.
	Step string
	// Wanted and Got are what the check compared.
	Wanted, Got string
	// Exchange shows it, tokens masked.
	Exchange string
	// Log are the last lines that the checked plugin logged.
	Log string
	// Trace is what went between server and plugin in the scenario, an event a line, where
	// the target's Tracer knows it. Error leaves it out.
	Trace string
	// Remedy is what to do about it.
	Remedy string
}

// Error returns all parts, each on a line.
func (f *Failure) Error() string {
	var text strings.Builder
	part := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%-8s %s\n", name, strings.ReplaceAll(value, "\n", "\n         "))
		}
	}
	part("step", f.Step)
	part("wanted", f.Wanted)
	part("got", f.Got)
	// What was got is often the answer, which need not be said twice.
	part("exchange", strings.TrimSuffix(f.Exchange, "\n"+f.Got))
	part("log", f.Log)
	part("remedy", f.Remedy)
	return strings.TrimSuffix(text.String(), "\n")
}

// NotCheckedError ends a scenario that can't check anything here: it is
// Unsupported.
type NotCheckedError struct{ Reason string }

func (e *NotCheckedError) Error() string { return "not checked: " + e.Reason }

// mismatch starts a Failure; the world adds step, exchange and remedy.
func mismatch(wanted, got string) error {
	return &Failure{Wanted: wanted, Got: got}
}
