// SPDX-License-Identifier: MPL-2.0

package replay_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/replay"
)

func answer(t *testing.T, text string) replay.Answer {
	t.Helper()
	var g replay.Answer
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCompareNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want, have string
		paths      string // joined by a space
	}{
		"equal":              {`{"status": 200, "body": {"a": [1, {"b": null}]}}`, `{"body": {"a": [1, {"b": null}]}, "status": 200}`, ""},
		"nothing recorded":   {`{}`, `{"status": 500, "body": null}`, ""},
		"a value":            {`{"status": 200, "body": {"a": {"b": 1}}}`, `{"status": 200, "body": {"a": {"b": 2}}}`, "body.a.b"},
		"a number's form":    {`{"status": 200, "body": 1}`, `{"status": 200, "body": 1.0}`, "body"},
		"null for absent":    {`{"status": 200, "body": {"a": null}}`, `{"status": 200, "body": {}}`, "body.a"},
		"list lengths":       {`{"status": 200, "body": ["a"]}`, `{"status": 200, "body": ["a", "b"]}`, "body"},
		"status once":        {`{"status": 200, "body": {"data": {"a": 1}, "auth": null}}`, `{"status": 400, "body": {"errors": ["x"]}}`, "status body"},
		"type of a raw body": {`{"status": 200, "body": "x", "type": "text/plain"}`, `{"status": 200, "body": "x", "type": "text/html"}`, "type"},
		"a command's ending": {`{"exit": 0, "stdout": "a\nb\n", "stderr": ""}`, `{"exit": 2, "stdout": "a\nc\n", "stderr": ""}`, "exit stdout line 2"},
		// What happens by chance, on one server too.
		"a later look":            {`{"status": 200, "body": {"data": {"ttl": 2764800}}}`, `{"status": 200, "body": {"data": {"ttl": 2764799}}}`, ""},
		"another lifetime":        {`{"status": 200, "body": {"data": {"ttl": 60}}}`, `{"status": 200, "body": {"data": {"ttl": 59}}}`, "body.data.ttl"},
		"how a plugin is gone":    {`{"status": 500, "body": {"errors": ["rpc error: code = Unavailable desc = error reading from server: <gone>"]}}`, `{"status": 500, "body": {"errors": ["plugin is shut down"]}}`, ""},
		"whose file it is":        {`{"status": 400, "body": "Owner: 0 [root] (current: 0 [root])"}`, `{"status": 400, "body": "Owner: 5 [me] (current: 5 [me])"}`, ""},
		"a capped renewal":        {`{"status": 200, "body": {"warnings": null}}`, `{"status": 200, "body": {"warnings": ["TTL of \"768h\" exceeded the effective max_ttl of \"767h59m59s\"; TTL value is capped accordingly"]}}`, ""},
		"a late renewal for more": {`{"status": 200, "body": {"warnings": ["TTL of \"2h\" exceeded the effective max_ttl of \"1h\"; capped"]}}`, `{"status": 200, "body": {"warnings": ["TTL of \"2h\" exceeded the effective max_ttl of \"59m59s\"; capped"]}}`, ""},
		"a cap that is gone":      {`{"status": 200, "body": {"warnings": ["TTL of \"2h\" exceeded the effective max_ttl of \"59m59s\"; capped"]}}`, `{"status": 200, "body": {"warnings": null}}`, "body.warnings"},
		"a maximum a moment on":   {`{"status": 200, "body": {"warnings": ["TTL of \"27h\" exceeded the effective max_ttl of \"10m\"; capped"]}}`, `{"status": 200, "body": {"warnings": ["TTL of \"27h\" exceeded the effective max_ttl of \"9m59s\"; capped"]}}`, ""},
		"another maximum":         {`{"status": 200, "body": {"warnings": ["TTL of \"27h\" exceeded the effective max_ttl of \"10m\"; capped"]}}`, `{"status": 200, "body": {"warnings": ["TTL of \"27h\" exceeded the effective max_ttl of \"20m\"; capped"]}}`, "body.warnings[0]"},
		"any other warning":       {`{"status": 200, "body": {"warnings": null}}`, `{"status": 200, "body": {"warnings": ["TTL of \"2h\" exceeded the effective max_ttl of \"20m\""]}}`, "body.warnings"},
		"an answer of no shape":   {`{"status": 200, "body": {"a": 1}}`, `{"exit": 0, "stdout": "", "stderr": ""}`, "status body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			for _, d := range replay.Compare(answer(t, c.want), answer(t, c.have)) {
				paths = append(paths, d.Path)
			}
			if got := strings.Join(paths, " "); got != c.paths {
				t.Errorf("differences at %q, want %q", got, c.paths)
			}
		})
	}
}

func TestAnswersKeepTheirFormInJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`,
		`{"body":null,"status":204}`,
		`{"body":{"n":1.50,"s":"<id>"},"status":200}`,
		`{"body":"x","status":202,"type":"text/plain"}`,
		`{"exit":0,"stderr":"","stdout":"a\n"}`,
	} {
		data, err := answer(t, text).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != text {
			t.Errorf("read and written again: %s, want %s", data, text)
		}
	}
}

func report(outcomes ...replay.Result) *replay.Report {
	return &replay.Report{Recording: "rec", Target: "mock:vault-1.16", Results: outcomes}
}

func different(step int, paths ...string) replay.Result {
	res := replay.Result{Case: "case-a", Step: step, Outcome: replay.Different}
	for _, p := range paths {
		res.Differences = append(res.Differences, replay.Difference{Path: p})
	}
	return res
}

func TestDeviationsExplainWhatTheyName(t *testing.T) {
	t.Parallel()
	const entry = `{"recording": "rec", "case": "case-*", "steps": [2], "at": ["body.data"], "reason": "r"}`
	equal := replay.Result{Case: "case-a", Step: 2, Outcome: replay.Equal}
	for name, c := range map[string]struct {
		entry   string
		result  replay.Result
		outcome replay.Outcome
		unused  int
	}{
		"explained":           {entry, different(2, "body.data.x"), replay.Listed, 0},
		"more differs":        {entry, different(2, "body.data.x", "status"), replay.Different, 0},
		"another step":        {entry, different(3, "body.data"), replay.Different, 0},
		"no longer different": {entry, equal, replay.Equal, 1},
		"another recording":   {strings.Replace(entry, `"rec"`, `"other"`, 1), different(2, "body.data"), replay.Different, 0},
		"any recording":       {strings.Replace(entry, `"recording": "rec", `, "", 1), different(2, "body.data"), replay.Listed, 0},
		"all steps":           {strings.Replace(entry, `"steps": [2], `, "", 1), different(3, "body.data"), replay.Listed, 0},
		"all steps, unused":   {strings.Replace(entry, `"steps": [2], `, "", 1), equal, replay.Equal, 1},
		"two entries":         {entry + `,{"case": "case-a", "at": ["status"], "reason": "s"}`, different(2, "body.data.x", "status"), replay.Listed, 0},
		"expired":             {strings.Replace(entry, `"reason"`, `"expires": "2020-01-01", "reason"`, 1), different(2, "body.data"), replay.Different, 0},
		"this target":         {strings.Replace(entry, `"reason"`, `"target": "mock:*", "reason"`, 1), different(2, "body.data"), replay.Listed, 0},
		"another target":      {strings.Replace(entry, `"reason"`, `"target": "binary:*", "reason"`, 1), different(2, "body.data"), replay.Different, 0},
		"a command line's":    {strings.Replace(entry, `"reason"`, `"command_line": true, "reason"`, 1), different(2, "body.data"), replay.CommandLineOutcome, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "list.yaml")
			if err := os.WriteFile(file, []byte("["+c.entry+"]"), 0o600); err != nil {
				t.Fatal(err)
			}
			list, err := replay.LoadDeviations(file)
			if err != nil {
				t.Fatal(err)
			}
			rep := report(c.result)
			unused := list.Apply(rep)
			if rep.Results[0].Outcome != c.outcome || len(unused) != c.unused {
				t.Errorf("outcome %q and unused %q, want %q and %d", rep.Results[0].Outcome, unused, c.outcome, c.unused)
			}
		})
	}
}
