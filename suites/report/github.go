// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// GitHub writes the run as workflow commands, which GitHub Actions shows as
// annotations: the verdict, an error for each binding failure, a warning for what
// only should hold, is flaky, could not be checked by a fault of the harness, or is
// listed as known and holds, and a notice for what is known.
// The verdict is the first, since GitHub shows ten errors of a step and no more.
func GitHub(out io.Writer, run Run) error {
	var b strings.Builder
	command := func(kind, title, message string) {
		fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, property(title), data(message))
	}
	judgement := run.Judgement()
	kind := map[Result]string{Conforms: "notice", Deviates: "error", Inconclusive: "error"}[judgement.Result]
	command(kind, "plugproof: "+judgement.Title, strings.Join(append([]string{judgement.Text}, judgement.Choice...), "\n"))
	for _, v := range run.Verdicts() {
		r := v.Requirement
		title := label(r)
		if run.OfRequirements() {
			title += fmt.Sprintf(" (%s)", r.Level)
		}
		_, whole := explain(v)
		switch {
		case v.Status == steps.Fail && r.Level == steps.Must:
			command("error", title, whole)
		case v.Status == steps.Fail || v.Status == steps.Errored:
			command("warning", title, whole)
		case v.Status == steps.Known:
			command("notice", "known: "+title, whole)
		case v.Flaky:
			command("warning", title, "flaky: it held only when tried again\n"+reasonsOf(v.Earlier))
		}
	}
	for _, entry := range run.Missed {
		command("warning", "plugproof: known, but it holds", entry)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// data and property encode as GitHub's toolkit does (actions/toolkit,
// packages/core/src/command.ts).
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func property(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}
