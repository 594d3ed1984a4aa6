// SPDX-License-Identifier: MPL-2.0

package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

func sample() report.Run {
	outcome := func(id, area, name string, status steps.Status, reason string) steps.Outcome {
		return steps.Outcome{
			Requirement: steps.Requirement{ID: id, Area: area, Level: steps.Must, Title: name, Sources: []string{"features/CONTRACT.md#2-registration"}, Rule: "the rule"},
			Case:        name, Status: status, Reason: reason,
		}
	}
	return report.Run{
		Target: "binary:/usr/bin/bao", Server: "openbao 2.0.0", Seed: 7, Concurrency: 2, Duration: 1500 * time.Millisecond,
		Missed: []string{"REG-009 (openbao): does something else"},
		Outcomes: []steps.Outcome{
			outcome("REG-001", "registration", "one, a", steps.Pass, ""),
			outcome("REG-001", "registration", "one, b", steps.Fail, "wanted   x\ngot      y"),
			outcome("REG-002", "registration", "two", steps.Unsupported, "needs restart: no"),
			outcome("REG-003", "registration", "three", steps.Unsupported, "needs restart: no"),
			outcome("REG-004", "registration", "four", steps.Known, "known    it is so"),
			outcome("DOC-001", "documentation", "session", steps.Pass, ""),
			outcome("ENV-001", "environment", "skipped", steps.Skip, "is about vault"),
		},
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.Text(&out, sample(), false)).To(Succeed())
	g.Expect(out.String()).To(Equal(`Target  binary:/usr/bin/bao (openbao 2.0.0), own command line
Run     7 scenarios of 6 requirements, 2 at a time, seed 7, 1.5s

Sessions of the documentation
  PASS        DOC-001  session

  Requirements    PASS  FAIL  KNOWN  ERROR  SKIP  UNSUPPORTED
  documentation      1     0      0      0     0            0
  environment        0     0      0      0     1            0
  registration       0     1      1      0     0            2
  total              1     1      1      0     1            2

KNOWN REG-004 (must, registration) four
    rule     the rule
    source   features/CONTRACT.md#2-registration
    known    it is so

FAIL REG-001 (must, registration) one, b
    rule     the rule
    source   features/CONTRACT.md#2-registration
    wanted   x
    got      y

KNOWN but the requirement is kept: REG-009 (openbao): does something else
    Take the entry out of its list, or end its versions there.

UNSUPPORTED needs restart: no
    REG-002 REG-003

Does not conform: 1 of 3 checked requirements failed, known deviations: 1, 2 could not be checked on this target, 1 does not apply; 6 requirements in all
`))
}

func TestTheLastLine(t *testing.T) {
	t.Parallel()
	outcomes := func(statuses ...steps.Status) []steps.Outcome {
		var all []steps.Outcome
		for i, status := range statuses {
			all = append(all, steps.Outcome{Requirement: steps.Requirement{ID: fmt.Sprintf("REG-%03d", i), Level: steps.Must}, Status: status})
		}
		return all
	}
	for want, run := range map[string]report.Run{
		"Conforms: 1 requirement holds":                                                                                {Outcomes: outcomes(steps.Pass)},
		"Conforms: 2 requirements hold":                                                                                {Outcomes: outcomes(steps.Pass, steps.Pass)},
		"Conforms: 1 of 2 requirements holds, known deviations":                                                        {Outcomes: outcomes(steps.Pass, steps.Known)},
		"Conforms: 2 requirements hold, 1 does not apply; 3 requirements in all\n":                                     {Outcomes: outcomes(steps.Pass, steps.Pass, steps.Skip)},
		"Conforms: 1 of 2 checked requirements holds, known deviations: 1, 1 was not checked; 3 requirements in all\n": {Plugin: "p", Outcomes: outcomes(steps.Pass, steps.Known, steps.Unsupported)},
		"Inconclusive: the run was interrupted; 1 of 2 requirements ran\n": {Interrupted: true, Outcomes: append(outcomes(steps.Pass), steps.Outcome{
			Requirement: steps.Requirement{ID: "REG-900"}, Status: steps.Skip, Reason: "the run was interrupted before it",
		})},
		"Inconclusive: the run was interrupted\n":                                        {Outcomes: outcomes(steps.Pass, steps.Skip), Interrupted: true},
		"Inconclusive: the run was interrupted; before that, 1 of 2 requirements failed": {Outcomes: outcomes(steps.Fail, steps.Pass), Interrupted: true},
	} {
		g := NewWithT(t)
		var out bytes.Buffer
		g.Expect(report.Text(&out, run, false)).To(Succeed())
		g.Expect(out.String()).To(ContainSubstring(want))
	}
}

func TestColourIsOnlyAddedWhenAskedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.Text(&out, sample(), true)).To(Succeed())
	g.Expect(out.String()).To(ContainSubstring("\x1b[31mFAIL\x1b[0m"))
}

// broken is a pipe whose reader has gone.
type broken struct{}

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestTextTellsThatItCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(report.Text(broken{}, sample(), false)).To(MatchError(errBroken))
}
