// SPDX-License-Identifier: MPL-2.0

package diff_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/diff"
	"github.com/plugproof/plugproof/suites/replay"
)

// command runs `plugproof diff` and gives what it wrote, the exit code and the
// error's text.
func command(t *testing.T, args ...string) (stdout string, code int, message string) {
	t.Helper()
	var out bytes.Buffer
	cmd := diff.Command()
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
func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// file writes a recording, as that function makes it.
func file(t *testing.T, answers ...string) string {
	t.Helper()
	text, err := recording(t, answers...).Text()
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "recording.json", text)
}

func TestWrongUseIsRefused(t *testing.T) {
	t.Parallel()
	const own = "vault-1.14.3.json"
	a := file(t, ok(`1`))
	named := write(t, "named.json", []byte(`[{"recording": "x", "case": "case", "at": ["body"], "reason": "r"}]`))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such case":        {[]string{own, own, "--case", "nope"}, `--case "nope"`},
		"no such area":        {[]string{"mock:vault-1.15", "mock:vault-1.16", "--area", "nope"}, `--area "nope"`},
		"a broken pattern":    {[]string{own, "mock", "--case", "["}, `"[" is a broken pattern`},
		"nothing in common":   {[]string{own, a}, "nothing can be compared"},
		"one side's case":     {[]string{own, a, "--case", "case"}, "nothing can be compared"},
		"no such file":        {[]string{"none.json", "mock"}, "no file none.json; the program itself has vault-1.14.3.json, "},
		"nothing at a time":   {[]string{a, a, "--parallel", "0"}, "from 1 on"},
		"a recording's entry": {[]string{a, a, "--allow", named}, "entry 1 (case) names a recording"},
		"an unknown format":   {[]string{a, a, "--format", "xml"}, "xml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if stdout, code, message := command(t, c.args...); code != 2 || !strings.Contains(message, c.want) || stdout != "" {
				t.Errorf("code %d, %q, output %q; want 2 and %q", code, message, stdout, c.want)
			}
		})
	}
}

// TestWhatIsShownCanBeAllowed takes the place of a difference from the table.
func TestWhatIsShownCanBeAllowed(t *testing.T) {
	t.Parallel()
	a, b := file(t, ok(`{"data": {"v": 1}}`)), file(t, ok(`{"data": {"v": 2}}`))
	for _, format := range []string{"table", "markdown"} {
		stdout, code, message := command(t, a, b, "--format", format)
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
		stdout, code, message = command(t, a, b, "--format", format, "--allow", write(t, "allow.json", list))
		if code != 0 || !strings.Contains(stdout, "it is meant") {
			t.Errorf("%s, allowed at %q: code %d, %q:\n%s", format, at, code, message, stdout)
		}
	}
}

func TestUnusedAllowancesAreReported(t *testing.T) {
	t.Parallel()
	a, b := file(t, ok(`{"v": 1}`)), file(t, ok(`{"v": 2}`))
	list := write(t, "allow.json", []byte(`[
		{"case": "case", "steps": [1, 9], "at": ["body.v"], "reason": "r"},
		{"case": "case", "steps": [1], "at": ["status"], "reason": "r"},
		{"case": "nope", "at": ["body"], "reason": "r"}]`))
	stdout, code, message := command(t, a, b, "--allow", list)
	const want = "\nAllowed, but there is no such difference: case, step 1; case, step 9 (no such step); nope (no such case)\n"
	if code != 0 || !strings.HasSuffix(stdout, want) {
		t.Errorf("code %d, %q, want %s:\n%s", code, message, want, stdout)
	}
	// Targets know the project's cases, and what is not chosen is not unused.
	list = write(t, "allow.json", []byte(`[
		{"case": "env-conflict", "at": ["body"], "reason": "r"},
		{"case": "cli-*", "at": ["exit"], "reason": "r"},
		{"case": "nope", "at": ["body"], "reason": "r"}]`))
	stdout, code, message = command(t, "mock:vault-1.15", "mock:vault-1.16", "--case", "env-conflict", "--allow", list)
	if code != 0 || !strings.HasSuffix(stdout, "\nAllowed, but there is no such difference: nope (no such case)\n") {
		t.Errorf("code %d, %q:\n%s", code, message, stdout)
	}
}
