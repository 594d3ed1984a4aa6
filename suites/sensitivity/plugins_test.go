// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/run"
)

// TestEveryWrongPluginFailsByWhatItDoesWrong checks plugins as 'plugproof check'
// does that do one thing wrong each, by the requirements that they have to fail
// and some others, and with PLUGPROOF_TEST_SENSITIVITY=all by every one.
func TestEveryWrongPluginFailsByWhatItDoesWrong(t *testing.T) {
	t.Parallel()
	samples := plugins(t)
	program := filepath.Join(t.TempDir(), "wrongplugin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/wrongplugin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for wrong, want := range map[string]struct{ fails, also []string }{
		"":                       {},
		"versionless":            {fails: []string{"PLG-002"}},
		"single":                 {fails: []string{"PLG-004"}},
		"old":                    {fails: []string{"PLG-003"}, also: []string{"PLG-002", "PLG-004"}},
		"forgetting-environment": {fails: []string{"PLG-005"}},
		"helpless":               {fails: []string{"PLG-010"}},
		"crashing":               {fails: []string{"PLG-011"}},
		"open":                   {fails: []string{"PLG-012"}},
		"process-state":          {fails: []string{"PLG-020", "PLG-031"}},
		"mount-state":            {fails: []string{"PLG-031"}},
		"outside-state":          {fails: []string{"PLG-021"}},
		"lingering":              {fails: []string{"PLG-033"}, also: []string{"PLG-004", "PLG-005", "PLG-030", "PLG-032"}},
		"talking": {fails: []string{"PLG-001"}, also: []string{
			"PLG-002", "PLG-003", "PLG-004", "PLG-005", "PLG-010", "PLG-011", "PLG-012",
			"PLG-020", "PLG-021", "PLG-030", "PLG-031", "PLG-032", "PLG-033",
		}},
	} {
		t.Run("wrong="+wrong, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			args := []string{
				"--type", "secret", "--env", "WRONG=" + wrong, "--env", "WRONG_DIR=" + t.TempDir(),
				"--path", "sample", "--body", `{"value": "kept"}`, program,
			}
			if wrong == "old" {
				// Newer SDKs can't be told to do without AutoMTLS.
				args = []string{"--type", "secret", "--path", "kv/sample", "--body", `{"value": "kept"}`, filepath.Join(samples, "probe-v4")}
			}
			// The one that is right is held against everything.
			if only := chosen(want.fails, want.also, []string{"PLG-001", "PLG-002", "PLG-012"}); len(want.fails) > 0 && !all() {
				args = append(args, "--only", strings.Join(only, ","))
			}
			var output bytes.Buffer
			command := run.CheckCommand()
			command.SetOut(&output)
			command.SetArgs(args)
			err := command.ExecuteContext(t.Context())
			code := 0
			var coded interface{ ExitCode() int }
			if errors.As(err, &coded) {
				code = coded.ExitCode()
			}
			failed := failures(output.String())
			if len(want.fails) == 0 {
				g.Expect(code).To(Equal(0), "%v %s", err, &output)
				return
			}
			// A requirement that only should hold does not change the exit code.
			g.Expect(code).To(BeElementOf(0, 1), "%v %s", err, &output)
			g.Expect(failed).To(ContainElements(want.fails), output.String())
			t.Logf("failed: %v", failed)
			for _, id := range failed {
				if !slices.Contains(want.fails, id) && !slices.Contains(want.also, id) {
					t.Errorf("unrelated: %s\n%s", id, &output)
				}
			}
		})
	}
}

// failures finds the requirements that a report says failed.
func failures(text string) []string {
	var ids []string
	for _, match := range regexp.MustCompile(`(?m)^(?:FAIL|ERROR) (PLG-\d+)`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, match[1])
	}
	return ids
}
