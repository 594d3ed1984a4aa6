// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Form is a form in which a run can be written.
type Form struct {
	// Name is what --report calls it.
	Name string
	// Use says what it is for.
	Use string
	// Write writes the run.
	Write func(io.Writer, Run) error
	// requirements is set if it is for runs of requirements only.
	requirements bool
}

// Forms returns the forms that some run can be written in, in the order of the help.
func Forms() []Form {
	return []Form{
		{Name: "text", Use: "what is printed", Write: func(out io.Writer, run Run) error { return Text(out, run, false) }},
		{Name: "json", Use: "for plugproof report, --rerun-failed, --shard-times and scripts", Write: JSON},
		{Name: "junit", Use: "JUnit XML, for GitHub, GitLab and Jenkins", Write: JUnit},
		{Name: "cucumber", Use: "Cucumber's JSON", Write: Cucumber, requirements: true},
		{Name: "markdown", Use: "for $GITHUB_STEP_SUMMARY or a comment", Write: Markdown},
		{Name: "github", Use: "annotations of GitHub Actions", Write: GitHub},
		{Name: "html", Use: "one self-contained page", Write: HTML},
	}
}

// FormsOf returns the forms of runs of a kind, of any kind for "". Cucumber knows
// features only.
func FormsOf(kind Kind) []Form {
	of := Run{Kind: kind}
	return slices.DeleteFunc(Forms(), func(f Form) bool { return f.requirements && kind.known() && !of.OfRequirements() })
}

// FormOf returns the form of that name, if runs of the kind have it.
func FormOf(kind Kind, name string) (Form, error) {
	var names []string
	for _, form := range FormsOf(kind) {
		if form.Name == name {
			return form, nil
		}
		names = append(names, form.Name)
	}
	of := ""
	if kind != "" {
		of = " of plugproof " + Run{Kind: kind}.Command()
	}
	return Form{}, fmt.Errorf("there is no form %q%s; there are %s", name, of, strings.Join(names, ", "))
}
