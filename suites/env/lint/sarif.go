// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// WriteSARIF writes the findings in the format that code scanning reads (SARIF
// 2.1.0), each with the file and the line of the variable.
func WriteSARIF(out io.Writer, r Report) error {
	run := sarif.NewRunWithInformationURI("plugproof env lint", "https://github.com/plugproof/plugproof")
	for _, f := range r.Findings {
		run.AddRule(f.Rule)
		subject := strings.TrimSpace(f.Plugin + " " + f.Variable)
		if subject != "" {
			subject += ": "
		}
		result := run.CreateResultForRule(f.Rule).
			WithLevel(sarifLevel(f.Level)).
			WithMessage(sarif.NewTextMessage(subject + f.Message + " " + f.Remedy))
		// A conflict stands in two files; code scanning shows the first location.
		main, other := f.Place, f.Registered
		if main.File == "" {
			main, other = other, hostenv.Place{}
		}
		if main.File != "" {
			result.AddLocation(location(main))
		}
		if other.File != "" {
			result.AddRelatedLocation(location(other).WithID(1).WithMessage(sarif.NewTextMessage("It is registered here.")))
		}
		// Without one, the same finding moves with every line that is added above.
		result.WithPartialFingerprints(map[string]string{"finding/v1": strings.Join([]string{f.Rule, f.Plugin, f.Variable}, "/")})
	}
	// What the run could not do is a notification of the tool, not a result.
	invocation := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, note := range r.Notes {
		invocation.AddToolExecutionNotification(sarif.NewNotification().WithLevel("note").WithMessage(sarif.NewTextMessage(note)))
	}
	run.AddInvocation(invocation)
	report := sarif.NewReport()
	report.AddRun(run)
	return report.PrettyWrite(out)
}

func sarifLevel(l Level) string {
	switch l {
	case Conflict:
		return "error"
	case Warning:
		return "warning"
	}
	return "note"
}

func location(p hostenv.Place) *sarif.Location {
	// A line has to be named, and a finding about a whole file is shown at its top.
	physical := sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(fileURI(p.File))).
		WithRegion(sarif.NewRegion().WithStartLine(max(p.Line, 1)))
	return sarif.NewLocation().WithPhysicalLocation(physical)
}

// fileURI returns the reference to a file: relative paths stay relative, for code
// scanning finds them in the repository.
func fileURI(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
