// SPDX-License-Identifier: MPL-2.0

package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// Markdown writes the run for the summary of a pipeline's step or a comment.
func Markdown(out io.Writer, run Run) error {
	var b strings.Builder
	judgement, verdicts := run.Judgement(), run.Verdicts()
	marks := map[Result]string{Conforms: "✅", Deviates: "❌", Inconclusive: "⚠️"}
	fmt.Fprintf(&b, "## %s %s: %s\n\n", marks[judgement.Result], judgement.Title, escape(judgement.Text))
	for _, line := range judgement.Choice {
		fmt.Fprintf(&b, "> %s\n\n", escape(line))
	}
	subject := ""
	if run.Plugin != "" {
		subject = "Plugin " + code(run.Plugin) + " on t"
	} else {
		subject = "T"
	}
	fmt.Fprintf(&b, "%sarget %s (%s), %s.\n\n", subject, code(run.Target), escape(run.Server), run.what())
	if !run.endedAtStart() {
		markdownAreas(&b, run.Kind.words().heading(), verdicts)
	}
	for _, status := range []steps.Status{steps.Fail, steps.Errored, steps.Known} {
		for _, v := range verdicts {
			if v.Status == status {
				markdownFailure(&b, run, v)
			}
		}
	}
	markdownUnchecked(&b, run, verdicts)
	for _, v := range verdicts {
		if v.Flaky {
			fmt.Fprintf(&b, "- FLAKY **%s** %s: it held at attempt %d\n", v.Requirement.ID, escape(v.Requirement.Title), len(v.Earlier)+1)
		}
	}
	for _, entry := range run.Missed {
		fmt.Fprintf(&b, "- KNOWN, but it holds: %s\n", escape(entry))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func markdownAreas(b *strings.Builder, things string, verdicts []Verdict) {
	byArea := map[string][]Verdict{}
	for _, v := range verdicts {
		byArea[v.Requirement.Area] = append(byArea[v.Requirement.Area], v)
	}
	b.WriteString("| " + things + " |")
	for _, status := range Statuses() {
		fmt.Fprintf(b, " %s |", status)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(Statuses())) + "\n")
	row := func(name string, in []Verdict) {
		counts := Count(in)
		fmt.Fprintf(b, "| %s |", name)
		for _, status := range Statuses() {
			fmt.Fprintf(b, " %d |", counts[status])
		}
		b.WriteString("\n")
	}
	for _, area := range sortedKeys(byArea) {
		row(area, byArea[area])
	}
	row("**total**", verdicts)
	b.WriteString("\n")
}

func markdownFailure(b *strings.Builder, run Run, v Verdict) {
	r := v.Requirement
	line, whole := explain(v)
	title := html(r.Title)
	if run.OfRequirements() {
		title = fmt.Sprintf("(%s) %s", r.Level, title)
	}
	fmt.Fprintf(b, "<details><summary>%s <b>%s</b> %s: %s</summary>\n\nSource: %s\n\n%s\n\n</details>\n\n",
		v.Status, html(r.ID), title, html(line), escape(strings.Join(r.Sources, ", ")), fenced(whole))
}

func markdownUnchecked(b *strings.Builder, run Run, verdicts []Verdict) {
	byReason := map[string][]string{}
	for _, v := range verdicts {
		if v.Status == steps.Unsupported {
			line, _ := explain(v)
			byReason[line] = append(byReason[line], v.Requirement.ID)
		}
	}
	for _, reason := range sortedKeys(byReason) {
		fmt.Fprintf(b, "- UNSUPPORTED, %s: %s\n", escape(reason), enumerated(run, byReason[reason]))
	}
}

// fenced puts a text into a code block that it cannot end.
func fenced(text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "text\n" + strings.TrimRight(text, "\n") + "\n" + fence
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "`", "'") + "`" }

// escape keeps a text within a cell or a line of Markdown.
func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "\n", " ").Replace(text)
}

// html keeps a text within an HTML element.
func html(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ").Replace(text)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
