// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/diff"
	"github.com/plugproof/plugproof/suites/replay"
)

// TestMockEqualsRecordings replays every recorded case against the mock, in short mode
// one of each area. What differs must be listed, and what is listed must differ.
func TestMockEqualsRecordings(t *testing.T) {
	t.Parallel()
	args := []string{"replay", "--format", "json"}
	if testing.Short() {
		args = append(args, "--case", strings.Join(oneOfEachArea(t), ","))
	}
	var result struct {
		Recordings []*replay.Report `json:"recordings"`
	}
	code, failure := resultOf(t, &result, args...)
	if code != 0 || len(result.Recordings) != len(replay.BundledRecordings()) {
		t.Errorf("code %d for %d recordings: %s", code, len(result.Recordings), failure)
	}
	for _, report := range result.Recordings {
		t.Run(report.Recording, func(t *testing.T) {
			for id, failed := range report.Errors {
				t.Errorf("%s: %s", id, failed)
			}
			if report.Differs() {
				var text strings.Builder
				report.WriteDifferences(&text, false)
				t.Error(text.String())
			}
			_, sum := report.Counts()
			if sum.Missing > 0 {
				t.Errorf("%d steps could not be carried out", sum.Missing)
			}
			// The owner's limit.
			if sum.Listed*50 > sum.Total && !testing.Short() {
				t.Errorf("%d of %d steps are listed as deviations, more than 2 %%", sum.Listed, sum.Total)
			}
		})
	}
}

// oneOfEachArea names the first case of each area of each recording.
func oneOfEachArea(t *testing.T) (chosen []string) {
	t.Helper()
	for _, own := range replay.BundledRecordings() {
		recording, err := own.Load()
		if err != nil {
			t.Fatal(err)
		}
		areas := map[string]bool{}
		for _, id := range recording.IDs() {
			if area := recording.Cases[id].Area; !areas[area] {
				areas[area] = true
				chosen = append(chosen, id)
			}
		}
	}
	return chosen
}

// TestVault115To116 is the owner's question: what does the upgrade change? It
// must be what the list has from the release notes, and nothing else.
func TestVault115To116(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("records all cases twice")
	}
	cases, err := replay.Cases()
	if err != nil {
		t.Fatal(err)
	}
	// The cases made for one server's fidelity show the same changes in many
	// further forms, and would take the test ten times as long.
	var chosen []string
	for id := range cases {
		if !strings.HasPrefix(id, "more-") {
			chosen = append(chosen, id)
		}
	}
	var result diff.Result
	code, failure := resultOf(t, &result, "diff", "mock:vault-1.15", "mock:vault-1.16", "--format", "json",
		"--deviations", "testdata/vault-1.15-to-1.16.yaml", "--case", strings.Join(chosen, ","))
	if code != 0 || result.Steps < len(chosen) {
		t.Errorf("code %d for %d steps: %s", code, result.Steps, failure)
	}
	for _, e := range result.Entries {
		if e.Allowed == "" {
			t.Errorf("not in the release notes: %s, step %d: %s: %+v", e.Case, e.Step, e.Request, e.Differences)
		}
	}
	for _, unused := range result.Unused {
		t.Errorf("in the release notes, but equal: %s", unused)
	}
	if len(result.OnlyA)+len(result.OnlyB) > 0 {
		t.Errorf("not answered by both: %v %v", result.OnlyA, result.OnlyB)
	}
}

// resultOf executes a command line that prints its result as JSON.
func resultOf(t *testing.T, result any, args ...string) (code int, failure string) {
	t.Helper()
	stdout, code, failure := execute(t.Context(), t, args...)
	if err := json.Unmarshal([]byte(stdout), result); err != nil {
		t.Fatalf("code %d: %v\n%s", code, err, failure)
	}
	return code, failure
}
