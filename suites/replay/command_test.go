// SPDX-License-Identifier: MPL-2.0

package replay_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/targets"
)

// command runs `plugproof replay` and gives what it wrote, the exit code and the
// error's text.
func command(t *testing.T, args ...string) (stdout string, code int, message string) {
	t.Helper()
	var out bytes.Buffer
	cmd := replay.Command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&bytes.Buffer{})
	err := cmd.ExecuteContext(t.Context())
	if err == nil {
		return out.String(), 0, ""
	}
	var coded interface{ ExitCode() int }
	if !errors.As(err, &coded) {
		return out.String(), 2, err.Error() // as main does
	}
	return out.String(), coded.ExitCode(), err.Error()
}

// write writes a file for the test and gives its name.
func write(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestWrongUseIsRefused(t *testing.T) {
	t.Parallel()
	list := write(t, "list.json", `[]`)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such case":         {[]string{"--case", "nope"}, `--case "nope"`},
		"one of several":       {[]string{"--case", "env-*", "--case", "nope"}, `--case "nope"`},
		"no such area":         {[]string{"--area", "nope"}, `--area "nope"`},
		"nothing in common":    {[]string{"--area", "cli", "--case", "env-*"}, "none in common"},
		"a broken pattern":     {[]string{"--case", "["}, `--case: "[" is a broken pattern`},
		"a file's cases":       {[]string{"--target", "mock", "--file", "vault-1.14.3.json", "--case", "more-*"}, `--case "more-*"`},
		"no such file":         {[]string{"--target", "mock", "--file", "none.json"}, "no file none.json; the program itself has vault-1.14.3.json, "},
		"no recording":         {[]string{"--target", "mock", "--file", list}, list + " is no recording: there must be no array"},
		"nothing at a time":    {[]string{"--parallel", "0"}, "from 1 on"},
		"an unknown format":    {[]string{"--format", "xml"}, "xml"},
		"a broken deviation":   {[]string{"--deviations", write(t, "d.json", `[{"case": "a[", "at": ["x"], "reason": "r"}]`)}, `"a[" is a broken pattern`},
		"no list":              {[]string{"--deviations", write(t, "d.json", `{}`)}, "there must be no object"},
		"a target and no file": {[]string{"--target", "mock"}, "file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if stdout, code, message := command(t, c.args...); code != 2 || !strings.Contains(message, c.want) || stdout != "" {
				t.Errorf("code %d, %q, output %q; want 2 and %q", code, message, stdout, c.want)
			}
		})
	}
}

// TestSomeCasesOfTheOwnRecordings: what has none of them is left out.
func TestSomeCasesOfTheOwnRecordings(t *testing.T) {
	t.Parallel()
	stdout, code, message := command(t, "--case", "more-lease*", "--format", "markdown")
	if code != 0 || !strings.HasPrefix(stdout, "| area | openbao-2.5.5-more against mock:openbao-2.5@2.0.0-HEAD |\n") {
		t.Errorf("code %d, %q, output:\n%s", code, message, stdout)
	}
}

func TestUnknownDeviationsAreReported(t *testing.T) {
	t.Parallel()
	list := write(t, "list.json", `[
		{"case": "nope", "at": ["body"], "reason": "r"},
		{"case": "env-conflict", "steps": [2, 99], "at": ["body"], "reason": "r"},
		{"case": "cli-*", "at": ["body"], "reason": "that is not replayed now"},
		{"recording": "other", "case": "of-other", "at": ["body"], "reason": "r"}]`)
	for _, format := range []string{"text", "markdown"} {
		stdout, code, message := command(t, "--target", "mock:vault-1.14", "--file", "vault-1.14.3.json",
			"--case", "env-conflict", "--deviations", list, "--format", format)
		for _, want := range []string{"nope (no such case)\n", "env-conflict, step 99 (no such step)\n"} {
			if code != 1 || !strings.Contains(stdout, want) {
				t.Errorf("%s: code %d, %q, want %q:\n%s", format, code, message, want, stdout)
			}
		}
		if strings.Contains(stdout, "cli-") || strings.Contains(stdout, "other") {
			t.Errorf("%s: what is not replayed is said to be unused:\n%s", format, stdout)
		}
	}
}

func TestNothingComparedIsNoSuccess(t *testing.T) {
	t.Parallel()
	file := write(t, "shell.json", `{"cases": {"a": {"area": "x", "steps": [{"step": {"shell": "true"}, "got": {}}]}}}`)
	if _, code, message := command(t, "--target", "mock", "--file", file); code != 3 || message != "nothing could be compared" {
		t.Errorf("code %d, %q", code, message)
	}
}

// none is a target that can do nothing.
type none struct{ steps.Target }

func (none) Name() string { return "none" }

func (none) Server(context.Context, steps.Spec) (steps.Server, error) {
	return nil, targets.ErrUnsupported
}

func TestNothingRecordedIsNoRecording(t *testing.T) {
	t.Parallel()
	r := &replay.Runner{Target: none{}}
	_, err := r.Record(t.Context(), map[string]*replay.Case{"a": {}, "b": {}}, replay.Options{})
	if !errors.Is(err, targets.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestChoiceLeavesOnlyTheChosen(t *testing.T) {
	t.Parallel()
	first := map[string]*replay.Case{"a-1": {Area: "a"}, "a-2": {Area: "a"}, "b-1": {Area: "b"}}
	second := map[string]*replay.Case{"b-1": {Area: "b"}}
	wrong := replay.Selection{Cases: []string{"a-*", "c"}}
	if err := wrong.Choose(first, second); err == nil || len(first) != 3 || len(second) != 1 {
		t.Errorf("got %v, left %v and %v", err, first, second)
	}
	s := replay.Selection{Cases: []string{"a-?", "b-*"}, Areas: []string{"a"}}
	if err := s.Choose(first, second); err != nil || len(first) != 2 || first["b-1"] != nil || len(second) != 0 {
		t.Errorf("got %v, left %v and %v", err, first, second)
	}
}

// TestFilesGoBeforeOwnRecordings changes the directory, so it can't run beside
// others.
func TestFilesGoBeforeOwnRecordings(t *testing.T) {
	t.Chdir(t.TempDir())
	rec, err := replay.LoadFile("vault-1.14.3.json")
	if err != nil || !strings.Contains(rec.Server, "1.14.3") {
		t.Fatalf("got %+v, %v", rec, err)
	}
	if err := os.WriteFile("vault-1.14.3.json", []byte(`{"server": "mine", "cases": {"a": {}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if rec, err = replay.LoadFile("vault-1.14.3.json"); err != nil || rec.Server != "mine" {
		t.Errorf("got %+v, %v", rec, err)
	}
}

func TestBadRecordingsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"an array":  {`[]`, "there must be no array here"},
		"a member":  {`{"cases": {"a": {"steps": 1}}}`, "there must be no number at cases.steps"},
		"an answer": {`{"cases": {"a": {"steps": [{"got": {"status": "x"}}]}}}`, "there must be no string at status"},
		"no case":   {`{"cases": {"a": null}}`, "there is nothing at cases.a"},
		"no cases":  {`{}`, "it has no cases"},
		"cut off":   {`{`, "unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "x.json", c.text)
			if _, err := replay.LoadFile(file); err == nil || err.Error() != file+" is no recording: "+c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestMarkdownNamesEachDifference(t *testing.T) {
	t.Parallel()
	meant, other := different(14, "body"), different(2, "status")
	meant.Outcome, meant.Reason = replay.Listed, "there is no page"
	meant.Request, other.Request = "GET /", "GET sys/`x`"
	other.Differences[0].Want, other.Differences[0].Have = "200", "a\nb"
	rep := report(meant, other)
	rep.Target = "mock"
	rep.Errors = map[string]string{"case-b": "no server"}
	var out bytes.Buffer
	if err := replay.WriteMarkdown(&out, []*replay.Report{report(), rep}, []string{"case-c"}); err != nil {
		t.Fatal(err)
	}
	const want = `
#### rec against mock

- case-a, step 2, ` + "`` GET sys/`x` ``" + `: different
  - status: want ` + "`200`, have `a⏎b`" + `
- case-a, step 14, ` + "`GET /`" + `: listed, there is no page
  - body: want nothing, have nothing
- case-b failed: ` + "`no server`" + `

#### Listed as deviations, but without such a difference

- case-c
`
	if _, below, _ := strings.Cut(out.String(), "| total |"); !strings.HasSuffix(below, want) || strings.Count(below, "####") != 2 {
		t.Errorf("got\n%s\nwant below the table\n%s", out.String(), want)
	}
}
