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
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

type none struct{ steps.Target }

func (none) Name() string { return "none" }

func (none) Unsupported(steps.Capability) string { return "" }

func (none) Server(context.Context, steps.Spec) (steps.Server, error) {
	return nil, steps.ErrUnsupported
}

func TestNothingRecordedIsNoRecording(t *testing.T) {
	t.Parallel()
	r := &replay.Runner{Target: none{}}
	_, err := r.Record(t.Context(), map[string]*replay.Case{"a": {}, "b": {}}, replay.Options{})
	if !errors.Is(err, steps.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

// remoteTarget is a target whose plugin directory is not on this machine.
type remoteTarget struct{ steps.Target }

func (remoteTarget) Name() string { return "remote" }

func (remoteTarget) Unsupported(c steps.Capability) string {
	if c == steps.PluginFiles {
		return "the directory is elsewhere"
	}
	return ""
}

func (remoteTarget) Server(context.Context, steps.Spec) (steps.Server, error) {
	return nil, errors.New("a server was started")
}

// TestCasesOfFilesNeedThem: a case that changes files of the plugin directory has
// no answers where that is not on this machine; it does not fail the others.
func TestCasesOfFilesNeedThem(t *testing.T) {
	t.Parallel()
	cases, err := replay.Cases()
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&replay.Runner{Target: remoteTarget{}}).Run(t.Context(), cases["reg-subdir"])
	if !errors.Is(err, steps.ErrUnsupported) || !strings.Contains(err.Error(), "the directory is elsewhere") {
		t.Errorf("got %v", err)
	}
	if _, err = (&replay.Runner{Target: remoteTarget{}}).Run(t.Context(), cases["env-proxy"]); err == nil || errors.Is(err, steps.ErrUnsupported) {
		t.Errorf("a case without files: got %v", err)
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

func TestFilesGoBeforeBundledRecordings(t *testing.T) {
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
		"an array":  {`[]`, "line 1, column 1: there must be no array"},
		"a member":  {`{"cases": {"a": {"steps": 1}}}`, "line 1, column 27: there must be no number at cases.steps"},
		"an answer": {`{"cases": {"a": {"steps": [{"got": {"status": "x"}}]}}}`, "there must be no string at status"},
		"no case":   {`{"cases": {"a": null}}`, "there is nothing at cases.a"},
		"no cases":  {`{}`, "it has no cases"},
		"cut off":   {`{`, "it ends in the middle of its JSON: it is cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "x.json", c.text)
			if _, err := replay.LoadFile(file); err == nil || err.Error() != file+" is not a recording: "+c.want {
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
