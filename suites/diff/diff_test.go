// SPDX-License-Identifier: MPL-2.0

package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/diff"
	"github.com/plugproof/plugproof/suites/replay"
)

// recording makes one with a single case whose steps have these answers.
func recording(t *testing.T, answers ...string) *replay.Recording {
	t.Helper()
	c := &replay.Case{Area: "env", What: "what", Requirements: []string{"ENV-021"}}
	for _, a := range answers {
		var got replay.Answer
		if err := json.Unmarshal([]byte(a), &got); err != nil {
			t.Fatal(err)
		}
		c.Steps = append(c.Steps, replay.Exchange{Step: replay.Step{HTTP: "GET p/env/A"}, Got: got})
	}
	return &replay.Recording{Cases: map[string]*replay.Case{"case": c}}
}

func ok(body string) string { return `{"status": 200, "body": ` + body + `}` }

func TestCompareSaysWhatChanged(t *testing.T) {
	t.Parallel()
	a := recording(t, ok(`{"data": {"v": "parent"}, "v": "parent"}`), ok(`{"data": 1}`))
	b := recording(t, ok(`{"data": {"v": "child"}, "v": "child"}`), ok(`{"data": 1}`))
	result, err := diff.Compare(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Steps != 2 || result.Equal != 1 || len(result.Entries) != 1 || !result.Differs() {
		t.Fatalf("%+v", result)
	}
	e := result.Entries[0]
	if e.Step != 1 || e.Requirements[0] != "ENV-021" || len(e.Differences) != 1 || e.Differences[0] != (replay.Difference{Path: "body.data.v", Want: `"parent"`, Have: `"child"`}) {
		t.Errorf("%+v", e)
	}
	result.A, result.B = "one", "two"
	for name, write := range map[string]func() (string, error){
		"table":    func() (string, error) { var s bytes.Buffer; err := result.WriteTable(&s); return s.String(), err },
		"markdown": func() (string, error) { var s bytes.Buffer; err := result.WriteMarkdown(&s); return s.String(), err },
		"json":     func() (string, error) { var s bytes.Buffer; err := result.WriteJSON(&s); return s.String(), err },
	} {
		text, err := write()
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"ENV-021", "GET p/env/A", "data.v", "parent", "child", "one", "two"} {
			if !strings.Contains(text, word) {
				t.Errorf("the %s lacks %q:\n%s", name, word, text)
			}
		}
	}
}

func TestVersionsAreNoDifference(t *testing.T) {
	t.Parallel()
	a := recording(t, ok(`{"version": "1.15.1", "builtin": "v1.15.1+builtin.vault", "kv": "v0.16.1+builtin"}`))
	b := recording(t, ok(`{"version": "1.16.0", "builtin": "v1.16.0+builtin.vault", "kv": "v0.17.0+builtin"}`))
	result, err := diff.Compare(a, b, nil)
	if err != nil || result.Differs() {
		t.Errorf("%+v, %v", result, err)
	}
	// A plugin's own version is one.
	a, b = recording(t, ok(`{"v": "v1.0.0"}`)), recording(t, ok(`{"v": "v2.0.0"}`))
	if result, err = diff.Compare(a, b, nil); err != nil || !result.Differs() {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestCasesOfOneSideAreNamed(t *testing.T) {
	t.Parallel()
	a, b := recording(t, ok(`1`)), recording(t, ok(`1`))
	b.Cases["more"] = b.Cases["case"]
	a.Cases["unanswered"] = recording(t, ok(`1`)).Cases["case"]
	b.Cases["unanswered"] = recording(t, `{}`).Cases["case"]
	result, err := diff.Compare(a, b, nil)
	if err != nil || strings.Join(result.OnlyB, " ") != "more" || strings.Join(result.OnlyA, " ") != "unanswered" || result.Differs() {
		t.Errorf("%+v, %v", result, err)
	}
	b.Cases["case"].Steps[0].Step.HTTP = "GET other"
	if _, err := diff.Compare(a, b, nil); err == nil {
		t.Error("answers to different requests were compared")
	}
}

// TestFoldingHidesNothing has the same answer on one side everywhere and different
// ones on the other: they are different changes, and each is shown.
func TestFoldingHidesNothing(t *testing.T) {
	t.Parallel()
	a, b := &replay.Recording{Cases: map[string]*replay.Case{}}, &replay.Recording{Cases: map[string]*replay.Case{}}
	for i, area := range []string{"a", "a", "b", "b", "c", "c"} {
		id := fmt.Sprintf("case-%d", i)
		step := replay.Step{HTTP: "GET x"}
		answer := func(value string, more map[string]any) replay.Answer {
			body := map[string]any{"v": value}
			maps.Copy(body, more)
			return replay.Answer{Status: 200, Body: body}
		}
		a.Cases[id] = &replay.Case{Area: area, Steps: []replay.Exchange{{Step: step, Got: answer("old", nil)}}}
		b.Cases[id] = &replay.Case{Area: area, Steps: []replay.Exchange{{Step: step, Got: answer("new-"+id, map[string]any{"mount_type": area})}}}
	}
	result, err := diff.Compare(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer) error{"text": result.WriteTable, "markdown": result.WriteMarkdown} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			if want := fmt.Sprintf("new-case-%d", i); !strings.Contains(out.String(), want) {
				t.Errorf("%s does not show %s:\n%s", name, want, &out)
			}
		}
		if n := strings.Count(out.String(), "mount_type"); n != 1 {
			t.Errorf("%s names the member that every answer gained %d times, want once:\n%s", name, n, &out)
		}
	}
}
