// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"strings"
	"time"
)

// Status is how a scenario ended. They are never folded into each other.
type Status string

// The statuses.
const (
	// Pass: everything was checked and as required.
	Pass Status = "PASS"
	// Fail: the server or plugin did something else than required.
	Fail Status = "FAIL"
	// Known: it did something else, as the list of known deviations says of this
	// server. Scenarios don't come to it by themselves.
	Known Status = "KNOWN"
	// Errored: the harness or the target could not carry the scenario out.
	Errored Status = "ERROR"
	// Skip: the requirement is not about this product and version, or the run was
	// interrupted before the scenario had ended.
	Skip Status = "SKIP"
	// Unsupported: the target lacks a capability that the scenario needs.
	Unsupported Status = "UNSUPPORTED"
)

// Outcome is what one scenario came to.
type Outcome struct {
	// Requirement is what it checks.
	Requirement Requirement
	// Case is the scenario's name with the values of its row of an outline.
	Case string
	// Status is how it ended.
	Status Status
	// Reason says why, for every status but Pass. Tokens are masked.
	Reason string
	// Failure has the parts of the explanation if Status is Fail.
	Failure *Failure
	// Exchanges are what was sent and answered, oldest first, tokens masked.
	Exchanges []string
	// Started and Duration are its time on the clock.
	Started  time.Time
	Duration time.Duration
}

// Failure is a check that did not hold.
type Failure struct {
	// Step is the sentence that failed.
	Step string
	// Wanted and Got are what the check compared.
	Wanted, Got string
	// Exchange shows it, tokens masked.
	Exchange string
	// Remedy is what to do about it.
	Remedy string
}

// Error gives all parts, one a line.
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
	part("exchange", f.Exchange)
	part("remedy", f.Remedy)
	return strings.TrimSuffix(text.String(), "\n")
}

// mismatch starts a Failure; the world adds step, exchange and remedy.
func mismatch(wanted, got string) error {
	return &Failure{Wanted: wanted, Got: got}
}
