// SPDX-License-Identifier: MPL-2.0

package deviations

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// Mark turns a failure that the list names into steps.Known and puts the
// explanation before its reason. A failure whose entry has expired stays one, and
// says so. All other outcomes stay as they are.
func (l List) Mark(outcome steps.Outcome) steps.Outcome {
	if outcome.Status != steps.Fail || outcome.Failure == nil {
		return outcome
	}
	for _, d := range l.Requirements() {
		if !d.Match(outcome.Requirement.ID) || d.Step != "" && d.Step != outcome.Failure.Step {
			continue
		}
		if d.ended {
			outcome.Reason = fmt.Sprintf("expired  it was a known failure until %s: %s\n%s", d.Expires, d.Reason, outcome.Reason)
			return outcome
		}
		outcome.Status = steps.Known
		outcome.Reason = d.explanation() + outcome.Reason
		return outcome
	}
	return outcome
}

func (d *Deviation) explanation() string {
	var text strings.Builder
	if d.Does != "" {
		fmt.Fprintf(&text, "known    %s %s\n", d.applies, d.Does)
	}
	fmt.Fprintf(&text, "reason   %s\n", d.Reason)
	if links := d.links(); links != "" {
		fmt.Fprintf(&text, "issue    %s\n", links)
	}
	if d.Expires != "" {
		fmt.Fprintf(&text, "expires  %s\n", d.Expires)
	}
	return text.String()
}

func (d *Deviation) links() string {
	links := slices.DeleteFunc(append([]string{d.Issue}, d.Related...), func(link string) bool { return link == "" })
	return strings.Join(links, ", ")
}

// Missed returns the entries that did not happen, although they always should: the
// requirement was carried out, and no scenario of it came to steps.Known. Outcomes
// are those that Mark returned.
func (l List) Missed(outcomes []steps.Outcome) List {
	return l.Requirements().only(func(d Deviation) bool {
		ran, seen := false, false
		for _, outcome := range outcomes {
			if !d.Match(outcome.Requirement.ID) {
				continue
			}
			ran = ran || outcome.Status == steps.Pass
			// A failure of another kind, or a broken run, says nothing.
			seen = seen || outcome.Status == steps.Known || outcome.Status == steps.Fail || outcome.Status == steps.Errored
		}
		return ran && !seen && !d.Sometimes
	})
}

// Unknown returns the entries that name none of the requirements.
func (l List) Unknown(requirements []steps.Requirement) List {
	return l.Requirements().only(func(d Deviation) bool {
		return !slices.ContainsFunc(requirements, func(r steps.Requirement) bool { return d.Match(r.ID) })
	})
}
