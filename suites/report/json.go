// SPDX-License-Identifier: MPL-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/jsontext"
)

// Format names the JSON form and its version; schema.json describes it. A new
// field does not change the version, a changed or removed one does.
const Format = "plugproof-result/1"

// document is the JSON form of a Run.
type document struct {
	Format       string                `json:"format"`
	Kind         Kind                  `json:"kind"`
	Program      string                `json:"program,omitempty"`
	Features     string                `json:"features,omitempty"`
	Target       string                `json:"target"`
	Server       string                `json:"server"`
	Plugin       string                `json:"plugin,omitempty"`
	CommandLine  string                `json:"command_line,omitempty"`
	Seed         int64                 `json:"seed"`
	Concurrency  int                   `json:"concurrency"`
	Started      time.Time             `json:"started"`
	Seconds      float64               `json:"seconds"`
	Interrupted  bool                  `json:"interrupted,omitempty"`
	Stopped      string                `json:"stopped,omitempty"`
	Choice       choiceDocument        `json:"choice"`
	Verdict      verdictDocument       `json:"verdict"`
	Requirements []requirementDocument `json:"requirements"`
	Missed       []string              `json:"known_deviations_that_did_not_happen,omitempty"`
}

type choiceDocument struct {
	Only       []string          `json:"only,omitempty"`
	Area       []string          `json:"area,omitempty"`
	Level      []string          `json:"level,omitempty"`
	Tags       string            `json:"tags,omitempty"`
	Set        string            `json:"set,omitempty"`
	Rerun      string            `json:"rerun_failed,omitempty"`
	Shard      *shardDocument    `json:"shard,omitempty"`
	Origins    map[string]string `json:"origins,omitempty"`
	Chosen     []string          `json:"chosen"`
	Total      int               `json:"total"`
	RequireAll bool              `json:"require_all,omitempty"`
}

type shardDocument struct {
	Index int `json:"index"`
	Count int `json:"count"`
}

type verdictDocument struct {
	Result   Result         `json:"result"`
	ExitCode int            `json:"exit_code"`
	Text     string         `json:"text"`
	Counts   map[string]int `json:"counts"`
}

type requirementDocument struct {
	ID        string             `json:"id"`
	Title     string             `json:"title"`
	Area      string             `json:"area"`
	Rule      string             `json:"rule,omitempty"`
	Level     steps.Level        `json:"level"`
	Sources   []string           `json:"sources"`
	Needs     []steps.Capability `json:"needs,omitempty"`
	BuildsOn  []string           `json:"builds_on,omitempty"`
	AppliesTo string             `json:"applies_to,omitempty"`
	Remedy    string             `json:"remedy,omitempty"`
	Status    steps.Status       `json:"status"`
	Flaky     bool               `json:"flaky,omitempty"`
	Scenarios []scenarioDocument `json:"scenarios"`
	Earlier   []scenarioDocument `json:"earlier_attempts,omitempty"`
}

type scenarioDocument struct {
	Name      string           `json:"name"`
	Status    steps.Status     `json:"status"`
	Reason    string           `json:"reason,omitempty"`
	Follows   string           `json:"follows,omitempty"`
	Failure   *failureDocument `json:"failure,omitempty"`
	Exchanges []string         `json:"exchanges,omitempty"`
	Started   time.Time        `json:"started"`
	Seconds   float64          `json:"seconds"`
}

type failureDocument struct {
	Step     string `json:"step"`
	Wanted   string `json:"wanted,omitempty"`
	Got      string `json:"got,omitempty"`
	Exchange string `json:"exchange,omitempty"`
	Log      string `json:"log,omitempty"`
	Trace    string `json:"trace,omitempty"`
	Remedy   string `json:"remedy,omitempty"`
}

// JSON writes the run in the form that ReadJSON reads.
func JSON(out io.Writer, run Run) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(toDocument(run))
}

func toDocument(run Run) document {
	judgement, verdicts := run.Judgement(), run.Verdicts()
	d := document{
		Format: Format, Kind: run.kind(), Program: run.Program, Features: run.Features, Target: run.Target, Server: run.Server,
		Plugin: run.Plugin, CommandLine: run.CommandLine, Seed: run.Seed, Concurrency: run.Concurrency,
		Started: run.Started, Seconds: run.Duration.Seconds(), Interrupted: run.Interrupted, Stopped: run.Stopped,
		Choice: choiceDocument{
			Only: run.Choice.Only, Area: run.Choice.Area, Level: run.Choice.Level, Tags: run.Choice.Tags,
			Set: run.Choice.Set, Rerun: run.Choice.Rerun, Origins: run.Choice.Origins,
			Chosen: append([]string{}, run.Choice.Chosen...), Total: run.Choice.Total, RequireAll: run.Choice.RequireAll,
		},
		Verdict: verdictDocument{
			Result: judgement.Result, ExitCode: judgement.Result.ExitCode(), Text: judgement.Text, Counts: map[string]int{},
		},
		Requirements: []requirementDocument{}, Missed: run.Missed,
	}
	if s := run.Choice.Shard; s != (Shard{}) {
		d.Choice.Shard = &shardDocument{s.Index, s.Count}
	}
	counts := Count(verdicts)
	for _, status := range Statuses() {
		d.Verdict.Counts[string(status)] = counts[status]
	}
	for _, v := range verdicts {
		r := v.Requirement
		d.Requirements = append(d.Requirements, requirementDocument{
			ID: r.ID, Title: r.Title, Area: r.Area, Rule: r.Rule, Level: r.Level, Sources: append([]string{}, r.Sources...),
			Needs: r.Needs, BuildsOn: r.BuildsOn, AppliesTo: r.Applies, Remedy: r.Remedy, Status: v.Status, Flaky: v.Flaky,
			Scenarios: toScenarios(v.Outcomes), Earlier: toScenarios(v.Earlier),
		})
	}
	return d
}

func toScenarios(outcomes []steps.Outcome) []scenarioDocument {
	var all []scenarioDocument
	for _, o := range outcomes {
		s := scenarioDocument{
			Name: o.Case, Status: o.Status, Reason: o.Reason, Follows: o.Follows, Exchanges: o.Exchanges, Started: o.Started, Seconds: o.Duration.Seconds(),
		}
		if f := o.Failure; f != nil {
			s.Failure = &failureDocument{f.Step, f.Wanted, f.Got, f.Exchange, f.Log, f.Trace, f.Remedy}
		}
		all = append(all, s)
	}
	return all
}

// ReadJSON reads a run that JSON wrote. The error says whether the text is cut
// off, of a newer version, or something else altogether.
func ReadJSON(text []byte) (Run, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return Run{}, errors.New("is empty, not a result of plugproof; maybe it was cut off")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return Run{}, fmt.Errorf("is not a result of plugproof: %w", jsontext.Error(text, err))
	}
	var head struct {
		Format string `json:"format"`
	}
	if json.Unmarshal(whole, &head) != nil || head.Format == "" {
		return Run{}, errors.New("is not a result of plugproof: there is no format; 'plugproof run --report json=FILE' writes one")
	}
	if head.Format != Format {
		return Run{}, foreignFormat(head.Format)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return Run{}, fmt.Errorf("is not a result of plugproof: %w", jsontext.Error(text, err))
	}
	if err := d.check(); err != nil {
		return Run{}, fmt.Errorf("is not a whole result of plugproof: %w", err)
	}
	return d.run()
}

// foreignFormat says what is wrong with a format that is not Format.
func foreignFormat(format string) error {
	name, own, _ := strings.Cut(Format, "/")
	version, ours := strings.CutPrefix(format, name+"/")
	number, err := strconv.Atoi(version)
	if !ours || err != nil {
		return fmt.Errorf("is not a result of plugproof: its format is %q", format)
	}
	remedy := "take a newer plugproof"
	if known, _ := strconv.Atoi(own); number < known {
		remedy = "make it again"
	}
	return fmt.Errorf("has the format %s and this program reads %s: %s", format, Format, remedy)
}

// check reports what the schema would of the parts that a run is made of.
func (d document) check() error {
	if d.Target == "" || d.Requirements == nil {
		return errors.New("target or requirements are missing")
	}
	if s := d.Choice.Shard; s != nil && !(Shard{s.Index, s.Count}).valid() {
		return fmt.Errorf("its shard is %d/%d", s.Index, s.Count)
	}
	seen := map[string]bool{}
	for n, r := range d.Requirements {
		switch {
		case r.ID == "":
			return fmt.Errorf("requirement %d has no id", n+1)
		case seen[r.ID]:
			return fmt.Errorf("%s is there twice", r.ID)
		case len(r.Scenarios) == 0:
			return fmt.Errorf("%s has no scenarios", r.ID)
		}
		seen[r.ID] = true
	}
	return nil
}

func (d document) run() (Run, error) {
	if d.Kind != "" && !d.Kind.known() {
		return Run{}, fmt.Errorf("is a result of %q, which this program does not know: take a newer plugproof", d.Kind)
	}
	run := Run{
		Kind: d.Kind, Program: d.Program, Features: d.Features, Target: d.Target, Server: d.Server, Plugin: d.Plugin,
		CommandLine: d.CommandLine, Seed: d.Seed, Concurrency: d.Concurrency, Started: d.Started,
		Duration: seconds(d.Seconds), Interrupted: d.Interrupted, Stopped: d.Stopped, Missed: d.Missed,
		Choice: Choice{
			Only: d.Choice.Only, Area: d.Choice.Area, Level: d.Choice.Level, Tags: d.Choice.Tags, Set: d.Choice.Set,
			Rerun: d.Choice.Rerun, Origins: d.Choice.Origins, Chosen: d.Choice.Chosen, Total: d.Choice.Total,
			RequireAll: d.Choice.RequireAll,
		},
	}
	if s := d.Choice.Shard; s != nil {
		run.Choice.Shard = Shard{s.Index, s.Count}
	}
	for _, r := range d.Requirements {
		requirement := steps.Requirement{
			ID: r.ID, Title: r.Title, Area: r.Area, Rule: r.Rule, Level: r.Level, Sources: r.Sources,
			Needs: r.Needs, BuildsOn: r.BuildsOn, Applies: r.AppliesTo, Remedy: r.Remedy, Cases: len(r.Scenarios),
		}
		outcomes, err := fromScenarios(requirement, r.Scenarios)
		if err != nil {
			return Run{}, err
		}
		run.Outcomes = append(run.Outcomes, outcomes...)
		if outcomes, err = fromScenarios(requirement, r.Earlier); err != nil {
			return Run{}, err
		}
		run.Earlier = append(run.Earlier, outcomes...)
	}
	return run, nil
}

func fromScenarios(requirement steps.Requirement, all []scenarioDocument) ([]steps.Outcome, error) {
	var outcomes []steps.Outcome
	for _, s := range all {
		if severity(s.Status) < 0 {
			return nil, fmt.Errorf("is not a result of plugproof: %s has the status %q", requirement.ID, s.Status)
		}
		outcome := steps.Outcome{
			Requirement: requirement, Case: s.Name, Status: s.Status, Reason: s.Reason, Follows: s.Follows, Exchanges: s.Exchanges,
			Started: s.Started, Duration: seconds(s.Seconds),
		}
		if f := s.Failure; f != nil {
			outcome.Failure = &steps.Failure{Step: f.Step, Wanted: f.Wanted, Got: f.Got, Exchange: f.Exchange, Log: f.Log, Trace: f.Trace, Remedy: f.Remedy}
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
