// SPDX-License-Identifier: MPL-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
)

// full is a run with something of everything, and with texts that no form may
// take for its own syntax.
func full() report.Run {
	run := sample()
	run.Program, run.Features = "v1.0.0, go1.26", "sha256:"+string(bytes.Repeat([]byte("0"), 64))
	run.Started = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	odd := "<script>alert(1)</script> | `x` ]]> \x00\x1b[31m \xff % , :: ```\nsecond"
	run.Outcomes = append(run.Outcomes, steps.Outcome{
		Requirement: steps.Requirement{ID: "REG-005", Area: "registration", Level: steps.Must, Title: odd, Sources: []string{"https://example.com/a"}},
		Case:        odd, Status: steps.Fail, Reason: odd, Exchanges: []string{odd},
		Failure: &steps.Failure{Step: "a step", Wanted: odd, Got: odd, Exchange: odd, Remedy: "do it"},
		Started: run.Started, Duration: time.Second,
	}, steps.Outcome{
		Requirement: steps.Requirement{ID: "REG-006", Area: "registration", Level: steps.Should, Title: "recommended", Sources: []string{"x"}},
		Case:        "recommended", Status: steps.Fail, Reason: "no", Started: run.Started,
	})
	run.Earlier = []steps.Outcome{{
		Requirement: run.Outcomes[5].Requirement, Case: "session", Status: steps.Fail, Reason: "at first", Started: run.Started,
	}}
	run.Choice = report.Choice{Area: []string{"registration"}, Origins: map[string]string{"area": "plugproof.yaml:1"}, Chosen: []string{"REG-001"}, Total: 9}
	return run
}

func write(t *testing.T, form string, run report.Run) []byte {
	t.Helper()
	f, err := report.FormOf(report.Server, form)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out, run); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestJSONReadsBack: what is read is what was written, in every other form too.
func TestJSONReadsBack(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	run := full()
	read, err := report.ReadJSON(write(t, "json", run))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(write(t, "json", read)).To(MatchJSON(write(t, "json", run)))
	g.Expect(read.Judgement()).To(Equal(run.Judgement()))
}

func TestJSONFitsItsSchema(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	g.Expect(err).NotTo(HaveOccurred())
	for _, run := range []report.Run{full(), sample(), {}} {
		run.Concurrency = max(1, run.Concurrency)
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, "json", run)))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(schema.Validate(instance)).To(Succeed())
	}
}

func TestJUnitFitsItsSchema(t *testing.T) {
	t.Parallel()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "junit.xml")
	g.Expect(os.WriteFile(file, write(t, "junit", full()), 0o600)).To(Succeed())
	out, err := exec.CommandContext(t.Context(), xmllint, "--noout", "--schema", "testdata/junit.xsd", file).CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
}

// TestJUnitAgreesWithTheExitCode: what only should hold is not a failure to readers
// of JUnit, as it is none to the exit code.
func TestJUnitAgreesWithTheExitCode(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	run := full()
	text := string(write(t, "junit", run))
	g.Expect(text).To(ContainSubstring(`failures="2"`))
	g.Expect(text).To(ContainSubstring("fails, and only should hold"))
	g.Expect(text).To(ContainSubstring("flaky: it held only when tried again"))
}

func TestCucumberIsJSON(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var features []struct {
		URI      string
		Elements []struct {
			Steps []struct{ Result struct{ Status string } }
		}
	}
	g.Expect(json.Unmarshal(write(t, "cucumber", full()), &features)).To(Succeed())
	g.Expect(features).To(HaveLen(4), "three areas, and what is listed and did not happen")
	g.Expect(features[0].URI).To(Equal("features/server/documentation.feature"))
}

// TestTextsStayTexts: nothing of a server or plugin becomes markup.
func TestTextsStayTexts(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(string(write(t, "html", full()))).NotTo(ContainSubstring("<script>alert"))
	g.Expect(string(write(t, "markdown", full()))).NotTo(MatchRegexp("(?m)^[^`]*<script>alert[^`]*$\n[^`]*</summary>"))
	for _, line := range bytes.Split(bytes.TrimSpace(write(t, "github", full())), []byte("\n")) {
		g.Expect(string(line)).To(HavePrefix("::"))
	}
}

func TestForeignFilesAreNotResults(t *testing.T) {
	t.Parallel()
	whole := write(t, "json", full())
	for name, c := range map[string]struct{ text, want string }{
		"empty":     {"", "cut off"},
		"cut off":   {string(whole[:len(whole)/2]), "cut off"},
		"foreign":   {`{"tests": 1}`, "there is no format"},
		"an array":  {`[1]`, "not a result"},
		"newer":     {`{"format": "plugproof-result/2"}`, "take a newer plugproof"},
		"of others": {`{"format": "sarif"}`, `its format is "sarif"`},
		"older":     {`{"format": "plugproof-result/0"}`, "make it again"},
		"no number": {`{"format": "plugproof-result/1x"}`, `its format is "plugproof-result/1x"`},
		"no text":   {`{"format": 1}`, "there is no format"},
		"only that": {`{"format": "plugproof-result/1"}`, "not a whole result of plugproof: target or requirements are missing"},
		"nothing":   {`{"format": "plugproof-result/1", "target": "mock", "requirements": [null]}`, "requirement 1 has no id"},
		"hollow":    {`{"format": "plugproof-result/1", "target": "mock", "requirements": [{"id": "A"}]}`, "A has no scenarios"},
		"twice":     {`{"format": "plugproof-result/1", "target": "mock", "requirements": [{"id": "A", "scenarios": [{}]}, {"id": "A", "scenarios": [{}]}]}`, "A is there twice"},
		"no shard":  {`{"format": "plugproof-result/1", "target": "mock", "choice": {"shard": {"index": -1, "count": -5}}, "requirements": []}`, "its shard is -1/-5"},
		"a million": {`{"format": "plugproof-result/1", "target": "mock", "choice": {"shard": {"index": 1, "count": 1000000000000}}, "requirements": []}`, "its shard is 1/1000000000000"},
		"a status":  {`{"format": "plugproof-result/1", "target": "mock", "requirements": [{"id": "A", "scenarios": [{"status": "GOOD"}]}]}`, `has the status "GOOD"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := report.ReadJSON([]byte(c.text))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.want)))
		})
	}
}

func FuzzReadJSON(f *testing.F) {
	var out bytes.Buffer
	if err := report.JSON(&out, full()); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add([]byte(`{"format": "plugproof-result/1"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		run, err := report.ReadJSON(text)
		if err != nil {
			return
		}
		for _, form := range report.Forms() {
			var out bytes.Buffer
			if err := form.Write(&out, run); err != nil && form.Name != "json" {
				t.Errorf("%s: %v", form.Name, err)
			}
		}
		if table, err := report.NewVersions([]report.Run{run, run}); err == nil {
			_ = table.Markdown(&out)
		}
		_, _ = report.Merge([]report.Run{run, run})
	})
}

// TestEveryFormHasKnownFailures looks in each form for why a failure is known, and
// for an entry of the list that did not happen.
func TestEveryFormHasKnownFailures(t *testing.T) {
	t.Parallel()
	run := report.Run{
		Target: "mock", Server: "vault 1.16.0", Concurrency: 1, Missed: []string{"REG-009 is kept"},
		Outcomes: []steps.Outcome{{
			Requirement: steps.Requirement{ID: "REG-001", Area: "registration", Level: steps.Must, Title: "known", Sources: []string{"x"}},
			Case:        "known", Status: steps.Known, Reason: "reason   ours to mend\nissue    https://example.com/7\nexpires  2099-01-01\nstep     s",
			Failure: &steps.Failure{Step: "s", Wanted: "a", Got: "b"},
		}},
	}
	for _, form := range report.Forms() {
		text := string(write(t, form.Name, run))
		for _, want := range []string{"ours to mend", "example.com/7", "2099-01-01", "REG-009 is kept"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", form.Name, want, text)
			}
		}
	}
}

// TestAnEmptyShardSaysSo is about more shards than requirements.
func TestAnEmptyShardSaysSo(t *testing.T) {
	t.Parallel()
	run := report.Run{Choice: report.Choice{Shard: report.Shard{Index: 3, Count: 3}, Chosen: []string{"REG-001", "REG-002"}, Total: 9}}
	NewWithT(t).Expect(run.Judgement().Text).To(Equal("no requirement falls to shard 3/3 of 2 requirements"))
}
