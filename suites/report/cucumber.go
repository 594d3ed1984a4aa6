// SPDX-License-Identifier: MPL-2.0

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// The JSON of Cucumber, which its report tools read: features, their scenarios,
// and the steps of each. A scenario that did not fail has one step that stands
// for all of its sentences.
type cucumberFeature struct {
	URI      string             `json:"uri"`
	ID       string             `json:"id"`
	Keyword  string             `json:"keyword"`
	Name     string             `json:"name"`
	Elements []cucumberScenario `json:"elements"`
}

type cucumberScenario struct {
	ID      string         `json:"id"`
	Keyword string         `json:"keyword"`
	Name    string         `json:"name"`
	Type    string         `json:"type"`
	Tags    []cucumberTag  `json:"tags"`
	Steps   []cucumberStep `json:"steps"`
}

type cucumberTag struct {
	Name string `json:"name"`
}

type cucumberStep struct {
	Keyword string         `json:"keyword"`
	Name    string         `json:"name"`
	Result  cucumberResult `json:"result"`
}

type cucumberResult struct {
	Status string `json:"status"`
	// Duration is in nanoseconds.
	Duration int64  `json:"duration"`
	Error    string `json:"error_message,omitempty"`
}

// Cucumber writes the run as Cucumber's JSON.
func Cucumber(out io.Writer, run Run) error {
	directory := "features/server/"
	if run.Plugin != "" {
		directory = "features/plugin/"
	}
	byArea := map[string]*cucumberFeature{}
	for _, v := range run.Verdicts() {
		r := v.Requirement
		feature, ok := byArea[r.Area]
		if !ok {
			feature = &cucumberFeature{URI: directory + r.Area + ".feature", ID: r.Area, Keyword: "Feature", Name: r.Area}
			byArea[r.Area] = feature
		}
		for _, o := range v.Outcomes {
			feature.Elements = append(feature.Elements, cucumberElement(r, o))
		}
	}
	features := []*cucumberFeature{}
	for _, area := range sortedKeys(byArea) {
		features = append(features, byArea[area])
	}
	if len(run.Missed) > 0 {
		features = append(features, cucumberMissed(run.Missed))
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(features)
}

// cucumberMissed reports known deviations that did not happen.
func cucumberMissed(entries []string) *cucumberFeature {
	feature := &cucumberFeature{URI: "deviations", ID: "deviations", Keyword: "Feature", Name: "Known, but it holds"}
	for n, entry := range entries {
		feature.Elements = append(feature.Elements, cucumberScenario{
			ID: fmt.Sprintf("deviations;%d", n+1), Keyword: "Scenario", Name: entry, Type: "scenario", Tags: []cucumberTag{},
			Steps: []cucumberStep{{Keyword: "Then ", Name: "the entry goes out of its list", Result: cucumberResult{Status: "skipped"}}},
		})
	}
	return feature
}

func cucumberElement(r steps.Requirement, o steps.Outcome) cucumberScenario {
	// Cucumber knows no status for the harness's failures: they are failed too.
	status := map[steps.Status]string{
		steps.Pass: "passed", steps.Fail: "failed", steps.Errored: "failed",
		steps.Known: "skipped", steps.Skip: "skipped", steps.Unsupported: "skipped",
	}[o.Status]
	step := "every sentence holds"
	if o.Failure != nil {
		step = o.Failure.Step
	}
	return cucumberScenario{
		ID: r.Area + ";" + strings.ToLower(r.ID), Keyword: "Scenario", Name: o.Case, Type: "scenario",
		Tags: []cucumberTag{{"@" + r.ID}, {"@" + string(r.Level)}},
		Steps: []cucumberStep{{
			Keyword: "Then ", Name: step,
			Result: cucumberResult{Status: status, Duration: o.Duration.Nanoseconds(), Error: o.Reason},
		}},
	}
}
