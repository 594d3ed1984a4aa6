// SPDX-License-Identifier: MPL-2.0

package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps"
)

//go:embed style.css
var style string

//go:embed run.gohtml
var runPage string

// HTML writes the run as one page without outside resources.
func HTML(out io.Writer, run Run) error {
	parsed, err := page(runPage)
	if err != nil {
		return err
	}
	return parsed.Execute(out, runView(run))
}

func page(text string) (*template.Template, error) {
	return template.New("page").Funcs(template.FuncMap{
		"css":   func() template.CSS { return template.CSS(style) }, //#nosec G203 -- our own file
		"lower": strings.ToLower,
		"short": shortDuration,
		"url":   func(s string) bool { return strings.HasPrefix(s, "https://") },
	}).Parse(text)
}

// pageView is what the page of a run shows.
type pageView struct {
	Run       Run
	Judgement Judgement
	Started   string
	Counts    []countView
	Areas     []areaView
	Levels    []string
	Unchecked []uncheckedView
	Failed    []verdictView
	// Things, Many name the requirements, or what they stand for.
	Things, Many string
	// Requirements is set if they are requirements.
	Requirements bool
	// What says what was run.
	What string
}

type countView struct {
	Status steps.Status
	Count  int
}

type areaView struct {
	Name     string
	words    words
	Verdicts []verdictView
}

type verdictView struct {
	Verdict
	Line string
	// Search is the text that a search looks through, in lower case.
	Search string
	// Open is set for what failed.
	Open bool
	// Worst are the outcomes that made the verdict.
	Worst, Others []steps.Outcome
}

type uncheckedView struct {
	Reason string
	IDs    []string
}

func runView(run Run) pageView {
	verdicts := run.Verdicts()
	view := pageView{
		Run: run, Judgement: run.Judgement(), What: run.what(), Started: run.Started.UTC().Format("2006-01-02 15:04 UTC"),
		Things: run.Kind.words().heading(), Many: run.Kind.words().many, Requirements: run.OfRequirements(),
	}
	counts := Count(verdicts)
	for _, status := range Statuses() {
		if counts[status] > 0 {
			view.Counts = append(view.Counts, countView{status, counts[status]})
		}
	}
	byArea, byReason := map[string][]verdictView{}, map[string][]string{}
	for _, v := range verdicts {
		line, whole := explain(v)
		shown := verdictView{Verdict: v, Line: line, Open: v.Status == steps.Fail || v.Status == steps.Errored}
		r := v.Requirement
		shown.Search = strings.ToLower(strings.Join([]string{r.ID, r.Title, r.Rule, r.Area, string(r.Level), whole}, " "))
		for _, o := range v.Outcomes {
			if o.Status == v.Status {
				shown.Worst = append(shown.Worst, o)
			} else {
				shown.Others = append(shown.Others, o)
			}
		}
		if shown.Open {
			view.Failed = append(view.Failed, shown)
		}
		byArea[r.Area] = append(byArea[r.Area], shown)
		if v.Status == steps.Unsupported || v.Status == steps.Skip {
			byReason[line] = append(byReason[line], r.ID)
		}
		if !slices.Contains(view.Levels, string(r.Level)) {
			view.Levels = append(view.Levels, string(r.Level))
		}
	}
	for _, area := range sortedKeys(byArea) {
		view.Areas = append(view.Areas, areaView{area, run.Kind.words(), byArea[area]})
	}
	for _, reason := range sortedKeys(byReason) {
		view.Unchecked = append(view.Unchecked, uncheckedView{reason, byReason[reason]})
	}
	return view
}

// Size says how many of an area hold, of those that were checked.
func (a areaView) Size() string {
	held, checked := 0, 0
	for _, v := range a.Verdicts {
		switch v.Status {
		case steps.Pass:
			held++
			checked++
		case steps.Fail, steps.Known, steps.Errored:
			checked++
		}
	}
	if all := len(a.Verdicts); checked < all {
		return fmt.Sprintf("%s; %d in all", a.words.checkedOnly().held(held, checked), all)
	}
	return a.words.held(held, checked)
}

// shortDuration is a time that a reader can compare with others; none if nothing was
// measured.
func shortDuration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return max(time.Millisecond, d.Round(time.Millisecond)).String()
}
