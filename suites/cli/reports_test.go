// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plugproof/plugproof/suites/report"
)

// fits holds a JSON text to a schema of the project.
func fits(t *testing.T, schema string, text []byte) {
	t.Helper()
	g := NewWithT(t)
	compiled, err := jsonschema.NewCompiler().Compile(schema)
	g.Expect(err).NotTo(HaveOccurred())
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(compiled.Validate(instance)).To(Succeed())
}

// TestEveryComparisonHasReports: what replay, diff and env find is told in the forms
// of run and check, with the same exit code, and each form is valid.
func TestEveryComparisonHasReports(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args            []string
		code            int
		schema, own     string
		verdict, second string
	}{
		"replay": {
			[]string{"replay", "--target", "mock:vault-1.14", "--file", "vault-1.14.3.json", "--case", "env-case"}, 0,
			"../replay/schema.json", "| area | vault-1.14.3 against mock:vault-1.14 |", "The answers are equal", "1 case is equal",
		},
		"differing": {
			[]string{"replay", "--target", "mock:vault-1.16", "--file", "vault-1.14.3.json", "--case", "env-case"}, 1,
			"../replay/schema.json", "env-case", "The answers differ", "1 case differs",
		},
		"diff": {
			[]string{"diff", "mock:vault-1.15", "mock:vault-1.16", "--case", "env-case"}, 1,
			"../diff/schema.json", "### `mock:vault-1.15` → `mock:vault-1.16`", "The answers differ", "1 case differs",
		},
		"env": {
			[]string{"env", "--target", "mock:vault-1.16"}, 0,
			"../env/matrix/schema.json", "# Environment of plugins: who wins", "Measured", "rows were measured",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			dir := t.TempDir()
			file := func(name string) string { return filepath.Join(dir, name) }
			read := func(name string) []byte {
				text, err := os.ReadFile(file(name))
				g.Expect(err).NotTo(HaveOccurred())
				return text
			}
			args := append(test.args, "--format", "json", "--output", file("own.json"))
			for form, name := range map[string]string{"json": "r.json", "junit": "r.xml", "html": "r.html", "markdown": "r.md", "github": "r.gh", "text": "r.txt"} {
				args = append(args, "--report", form+"="+file(name))
			}
			out, code := plugproof(t.Context(), t, args...)
			g.Expect(code).To(Equal(test.code), out)

			fits(t, test.schema, read("own.json"))
			fits(t, "../report/schema.json", read("r.json"))
			run, err := report.ReadJSON(read("r.json"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(run.Command()).To(Equal(test.args[0]))
			g.Expect(run.ExitCode()).To(Equal(test.code), run.Judgement().Text)
			g.Expect(run.Judgement().Title).To(Equal(test.verdict))
			g.Expect(run.Judgement().Text).To(ContainSubstring(test.second))

			var suites struct {
				Failures int `xml:"failures,attr"`
				Tests    int `xml:"tests,attr"`
			}
			g.Expect(xml.Unmarshal(read("r.xml"), &suites)).To(Succeed())
			g.Expect(suites.Tests).To(BeNumerically(">", 0))
			g.Expect(suites.Failures > 0).To(Equal(test.code == 1))
			if xmllint, err := exec.LookPath("xmllint"); err == nil {
				said, err := exec.CommandContext(t.Context(), xmllint, "--noout", "--schema", "../report/testdata/junit.xsd", file("r.xml")).CombinedOutput()
				g.Expect(err).NotTo(HaveOccurred(), string(said))
			}
			g.Expect(string(read("r.md"))).To(ContainSubstring(test.own), "the command's own tables")
			g.Expect(string(read("r.html"))).To(HavePrefix("<!DOCTYPE html>"))
			g.Expect(string(read("r.gh"))).To(ContainSubstring("title=plugproof%3A " + test.verdict))
			g.Expect(read("r.txt")).NotTo(BeEmpty())

			// The stored result has the other forms too, and is not a result of run.
			out, code = plugproof(t.Context(), t, "report", file("r.json"), "--report", "html="+file("again.html"), "--report", "markdown=-")
			g.Expect(code).To(BeZero(), out)
			g.Expect(out).To(ContainSubstring(test.verdict))
			out, code = plugproof(t.Context(), t, "report", file("r.json"), "--report", "cucumber="+file("c.json"))
			g.Expect(code).To(Equal(2), out)
			out, code = plugproof(t.Context(), t, "run", "--rerun-failed", file("r.json"))
			g.Expect(code).To(Equal(2), out)
			g.Expect(out).To(ContainSubstring("is a result of plugproof " + test.args[0] + "; want one of run or check"))
		})
	}
}

// TestReportsAreLookedAtFirst: what can't be written is wrong usage, and nothing
// runs.
func TestReportsAreLookedAtFirst(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`there is no form "pdf" of plugproof replay; there are text, json, junit, markdown, github, html`:    {"replay", "--report", "pdf=x"},
		`there is no form "cucumber" of plugproof diff; there are text, json, junit, markdown, github, html`: {"diff", "a", "b", "--report", "cucumber=x"},
		`there is no form "cucumber" of plugproof env;`:                                                      {"env", "--report", "cucumber=x"},
		`there is no form "sarif" of plugproof run; there are text, json, junit, cucumber`:                   {"run", "--report", "sarif=x"},
		"/not/there/x.json can't be written":                                                                 {"diff", "mock:vault-1.15", "mock:vault-1.16", "--report", "json=/not/there/x.json"},
		`"json": want FORM=FILE`:                                                                             {"env", "--target", "mock:vault-1.16", "--report", "json"},
		"x is named twice":                                                                                   {"env", "--report", "json=x", "--output", "x"},
		"both go to the standard output":                                                                     {"replay", "--report", "json=-", "--format", "markdown"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, code, message := execute(t.Context(), t, args...)
			g.Expect(code).To(Equal(2), message)
			g.Expect(message).To(ContainSubstring(want))
			g.Expect(message).To(ContainSubstring("--report"))
			g.Expect(out).To(BeEmpty())
		})
	}
}

// TestAPrintedReportIsAlone: a form with - is all of the standard output, so that
// programs can read it.
func TestAPrintedReportIsAlone(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"run":    {"run", "--only", "LST-001"},
		"replay": {"replay", "--target", "mock:vault-1.14", "--file", "vault-1.14.3.json", "--case", "env-case"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, code, message := execute(t.Context(), t, append(args, "--report", "json=-")...)
			g.Expect(code).To(BeZero(), message)
			g.Expect(json.Valid([]byte(out))).To(BeTrue(), out)
		})
	}
}

// TestOnGitHub: with the variables of GitHub Actions, annotations and the step's
// summary are written without a flag, and the standard output stays a document.
func TestOnGitHub(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	g := NewWithT(t)
	out, code, message := execute(t.Context(), t, "diff", "mock:vault-1.15", "mock:vault-1.16", "--case", "env-case", "--format", "json")
	g.Expect(code).To(Equal(1), message)
	g.Expect(json.Valid([]byte(out))).To(BeTrue(), out)
	g.Expect(message).To(MatchRegexp(`(?m)^::error title=plugproof%3A The answers differ::`))
	g.Expect(message).To(MatchRegexp(`(?m)^::error title=env-case`))
	out, code, message = execute(t.Context(), t, "run", "--only", "LST-001")
	g.Expect(code).To(BeZero(), message)
	g.Expect(message).To(MatchRegexp(`(?m)^::notice title=plugproof%3A Conforms::`))
	text, err := os.ReadFile(summary)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("### `mock:vault-1.15` → `mock:vault-1.16`"))
	g.Expect(string(text)).To(ContainSubstring("## ✅ Conforms: 1 requirement holds"))
	g.Expect(strings.Count(out, "Conforms")).To(Equal(1))
}
