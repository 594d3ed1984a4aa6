// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/replay"
)

func TestWhatIsShownCanBeAllowed(t *testing.T) {
	t.Parallel()
	a, b := answering(t, `{"data": {"v": 1}}`), answering(t, `{"data": {"v": 2}}`)
	for _, format := range []string{"text", "markdown"} {
		stdout, code, message := execute(t.Context(), t, "diff", a, b, "--format", format)
		if code != 1 {
			t.Fatalf("code %d, %q", code, message)
		}
		words := strings.Fields(stdout)
		at := ""
		for _, word := range words {
			if strings.HasSuffix(word, "data.v") {
				at = word
			}
		}
		list, err := json.Marshal(replay.Deviations{{Case: "case", At: []string{at}, Reason: "it is meant"}})
		if err != nil {
			t.Fatal(err)
		}
		stdout, code, message = execute(t.Context(), t, "diff", a, b, "--format", format, "--deviations", write(t, "allow.json", string(list)))
		if code != 0 || !strings.Contains(stdout, "it is meant") {
			t.Errorf("%s, allowed at %q: code %d, %q:\n%s", format, at, code, message, stdout)
		}
	}
}

func TestUnusedAllowancesAreReported(t *testing.T) {
	t.Parallel()
	a, b := answering(t, `{"v": 1}`), answering(t, `{"v": 2}`)
	list := write(t, "allow.json", `[
		{"case": "case", "steps": [1, 9], "at": ["body.v"], "reason": "r"},
		{"case": "case", "steps": [1], "at": ["status"], "reason": "r"},
		{"case": "nope", "at": ["body"], "reason": "r"}]`)
	stdout, code, message := execute(t.Context(), t, "diff", a, b, "--deviations", list)
	const want = "\nAllowed, but there is no such difference: case, step 1; case, step 9 (no such step); nope (no such case)\n"
	if code != 0 || !strings.HasSuffix(stdout, want) {
		t.Errorf("code %d, %q, want %s:\n%s", code, message, want, stdout)
	}
	// Targets know the project's cases, and what is not chosen is not unused.
	list = write(t, "allow.json", `[
		{"case": "env-conflict", "at": ["body"], "reason": "r"},
		{"case": "cli-*", "at": ["exit"], "reason": "r"},
		{"case": "nope", "at": ["body"], "reason": "r"}]`)
	stdout, code, message = execute(t.Context(), t, "diff", "mock:vault-1.15", "mock:vault-1.16", "--case", "env-conflict", "--deviations", list)
	if code != 0 || !strings.HasSuffix(stdout, "\nAllowed, but there is no such difference: nope (no such case)\n") {
		t.Errorf("code %d, %q:\n%s", code, message, stdout)
	}
}

// answering writes a recording of one case whose only request has a body, and
// returns its name.
func answering(t *testing.T, body string) string {
	t.Helper()
	return write(t, "recording.json", `{"cases": {"case": {"area": "x", "steps": [
		{"step": {"http": "GET a"}, "got": {"status": 200, "body": `+body+`}}]}}}`)
}

// TestTheServerOfARecordingIsKnownToTheList states what is meant for a server that
// was recorded: by the name of its target, and by its product and version.
func TestTheServerOfARecordingIsKnownToTheList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	today, next := filepath.Join(dir, "today.json"), filepath.Join(dir, "next.json")
	for file, target := range map[string]string{today: "mock:vault-1.15", next: "mock:vault-1.16"} {
		if _, code, message := command(t, "record", "--target", target, "--case", "env-conflict", "--output", file); code != 0 {
			t.Fatal(message)
		}
	}
	for list, want := range map[string]int{
		`{"target": "mock:vault-1.1?"}`:                             0,
		`{"target": "mock:vault-1.15", "servers": ["vault<1.16"]}`:  0,
		`{"servers": ["vault=1.15.1"]}`:                             0,
		`{"target": "*/today.json", "servers": ["vault"]}`:          0,
		`{"target": "container:*"}`:                                 1,
		`{"servers": ["openbao"]}`:                                  1,
		`{"target": "mock:vault-1.15", "servers": ["vault>=1.16"]}`: 1,
	} {
		entry := `[{"case": "env-*", "at": ["body"], "reason": "it is meant", ` + list[1:] + `]`
		stdout, code, message := command(t, "diff", today, next, "--deviations", write(t, "list.json", entry))
		if code != want {
			t.Errorf("%s: code %d, want %d: %s\n%s", list, code, want, message, stdout)
		}
	}
}
