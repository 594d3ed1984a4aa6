// SPDX-License-Identifier: MPL-2.0

package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/reporters"

	"github.com/plugproof/plugproof/steps"
)

// JUnit writes the run as JUnit XML in the form that GitHub's, GitLab's and
// Jenkins' readers share: a suite an area, a test case a requirement. A
// requirement that only should or may hold is a skipped case with its reason, so
// that readers agree with the exit code.
func JUnit(out io.Writer, run Run) error {
	document := reporters.JUnitTestSuites{Time: run.Duration.Seconds()}
	byArea := map[string][]Verdict{}
	for _, v := range run.Verdicts() {
		byArea[v.Requirement.Area] = append(byArea[v.Requirement.Area], v)
	}
	for _, area := range sortedKeys(byArea) {
		suite := reporters.JUnitTestSuite{
			Name: "plugproof." + area, Timestamp: run.Started.UTC().Format("2006-01-02T15:04:05"),
			Properties: reporters.JUnitProperties{Properties: properties(run)},
		}
		for _, v := range byArea[area] {
			addCase(&suite, v)
		}
		document.Tests += suite.Tests
		document.Failures += suite.Failures
		document.Errors += suite.Errors
		document.Disabled += suite.Skipped
		document.TestSuites = append(document.TestSuites, suite)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func properties(run Run) []reporters.JUnitProperty {
	judgement := run.Judgement()
	all := []reporters.JUnitProperty{
		{Name: "target", Value: run.Target}, {Name: "server", Value: run.Server}, {Name: "plugin", Value: run.Plugin},
		{Name: "verdict", Value: judgement.Title + ": " + judgement.Text},
		{Name: "choice", Value: strings.Join(judgement.Choice, "; ")},
		{Name: "program", Value: run.Program},
	}
	if run.OfRequirements() {
		all = append(all, reporters.JUnitProperty{Name: "seed", Value: fmt.Sprint(run.Seed)})
	}
	for _, entry := range run.Missed {
		all = append(all, reporters.JUnitProperty{Name: "known, but it holds", Value: valid(entry)})
	}
	return slices.DeleteFunc(all, func(p reporters.JUnitProperty) bool { return p.Value == "" })
}

func addCase(suite *reporters.JUnitTestSuite, v Verdict) {
	r := v.Requirement
	test := reporters.JUnitTestCase{
		Name: label(r), Classname: suite.Name, Status: string(v.Status), Time: v.Duration.Seconds(),
	}
	first, reasons := explain(v)
	binding := r.Level == steps.Must
	switch {
	case v.Status == steps.Fail && binding:
		suite.Failures++
		test.Failure = &reporters.JUnitFailure{Message: first, Type: string(r.Level), Description: valid(reasons)}
	case v.Status == steps.Errored:
		suite.Errors++
		test.Error = &reporters.JUnitError{Message: first, Type: "harness", Description: valid(reasons)}
	case v.Status == steps.Fail:
		suite.Skipped++
		test.Skipped = &reporters.JUnitSkipped{Message: fmt.Sprintf("fails, and only %s hold: %s", r.Level, first)}
	case v.Status != steps.Pass:
		suite.Skipped++
		test.Skipped = &reporters.JUnitSkipped{Message: strings.TrimSpace(string(v.Status) + ": " + first)}
	}
	if v.Status == steps.Known {
		test.SystemOut = valid(reasons)
	}
	if v.Flaky {
		test.SystemOut = valid("flaky: it held only when tried again\n" + reasonsOf(v.Earlier))
	}
	suite.Tests++
	suite.Time += v.Duration.Seconds()
	suite.TestCases = append(suite.TestCases, test)
}

// explain returns a line and the whole of what a verdict rests on.
func explain(v Verdict) (line, whole string) {
	var worst []steps.Outcome
	for _, o := range v.Outcomes {
		if o.Status == v.Status {
			worst = append(worst, o)
		}
	}
	for _, o := range worst {
		if f := o.Failure; f != nil && line == "" {
			line = "wanted " + oneLine(f.Wanted) + ", got " + oneLine(f.Got)
		}
		if line == "" {
			line = oneLine(o.Reason)
		}
	}
	return valid(line), reasonsOf(worst)
}

func reasonsOf(outcomes []steps.Outcome) string {
	var text strings.Builder
	for _, o := range outcomes {
		fmt.Fprintf(&text, "%s %s\n%s\n", o.Status, o.Case, o.Reason)
	}
	return text.String()
}

// oneLine is the first line of a text, at most 200 bytes of it.
func oneLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "…"
	}
	return line
}

// valid replaces characters that XML cannot hold.
func valid(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return '\uFFFD'
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
