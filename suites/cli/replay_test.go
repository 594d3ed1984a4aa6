// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"strings"
	"testing"
)

func TestSomeCasesOfTheBundledRecordings(t *testing.T) {
	t.Parallel()
	stdout, code, message := execute(t.Context(), t, "replay", "--case", "more-lease*", "--format", "markdown")
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
		stdout, code, message := execute(t.Context(), t, "replay", "--target", "mock:vault-1.14", "--file", "vault-1.14.3.json",
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
	if _, code, message := execute(t.Context(), t, "replay", "--target", "mock", "--file", file); code != 3 || !strings.HasSuffix(message, "plugproof: nothing could be compared\n") {
		t.Errorf("code %d, %q", code, message)
	}
}
