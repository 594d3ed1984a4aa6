// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/targets"
)

// wrongDatabases are the defects of testdata/wrongdatabase and the requirement that
// each fails.
func wrongDatabases() map[string]string {
	return map[string]string{
		"":                    "",
		"talking":             "PLG-900",
		"refusing-settings":   "PLG-901",
		"never-verifying":     "PLG-902",
		"always-verifying":    "PLG-903",
		"forgetting-setting":  "PLG-904",
		"forgetting-password": "PLG-905",
		"failing-user":        "PLG-906",
		"nameless-user":       "PLG-906",
		"same-name":           "PLG-907",
		"other-password":      "PLG-908",
		"no-statements":       "PLG-909",
		"keeping-users":       "PLG-910",
		"deleting-once":       "PLG-911",
		"refusing-expiration": "PLG-912",
		"ignoring-passwords":  "PLG-913",
		"fixed-own-password":  "PLG-914",
		"remembering-users":   "PLG-915",
		"password-in-error":   "PLG-917",
		"logging-passwords":   "PLG-918",
		"single":              "PLG-919",
		"closing-all":         "PLG-920",
		"lingering-child":     "PLG-921",
		"hanging-close":       "PLG-922",
		"leaving-lock":        "PLG-923",
		"racing":              "PLG-925",
		"refusing-keys":       "PLG-926",
	}
}

// TestEveryWrongDatabaseFailsByWhatItDoesWrong checks database plugins with one defect
// each, all on one mock: each fails the requirement about its defect and no other.
func TestEveryWrongDatabaseFailsByWhatItDoesWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wrongdatabase")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./testdata/wrongdatabase")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	target := targets.Mock("mock", dialect.Newest(), targets.Changes{})
	t.Cleanup(func() {
		if err := target.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for wrong, fails := range wrongDatabases() {
		t.Run("wrong="+wrong, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			dir := t.TempDir()
			var only []string
			if wrong != "" && raceDetector && !all() {
				only = []string{fails}
			}
			result, err := conformance.CheckOn(t.Context(), conformance.CheckConfig{Concurrency: 2, Only: only, Profile: steps.Profile{
				Type: "database", Env: []string{"WRONG=" + wrong, "WRONG_DIR=" + dir},
				Database: steps.DatabaseProfile{
					Connection: map[string]any{
						"connection_url": "memdb://" + filepath.Join(dir, "users.json"), "username": "root", "password": "planted-password",
						"username_template": "v-{{.RoleName}}-{{random 20}}",
					},
					CreationStatements: []string{"CREATE USER {{name}}"},
				},
			}}, target, path)
			g.Expect(err).NotTo(HaveOccurred())
			var failed []string
			for _, verdict := range result.Verdicts() {
				for _, outcome := range verdict.Outcomes {
					switch {
					case outcome.Status == steps.Unsupported && wrong == "":
						t.Errorf("%s was not checked: %s", verdict.Requirement.ID, outcome.Reason)
					case outcome.Status == steps.Errored, outcome.Status == steps.Fail && verdict.Requirement.ID != fails:
						t.Errorf("%s: %s", verdict.Requirement.ID, outcome.Reason)
					case outcome.Status == steps.Fail:
						failed = append(failed, verdict.Requirement.ID)
						g.Expect(outcome.Failure.Remedy).NotTo(BeEmpty())
						g.Expect(outcome.Reason).NotTo(ContainSubstring("planted-password-"), "the report shows a password")
					}
				}
			}
			if fails != "" {
				g.Expect(failed).To(ContainElement(fails))
			}
		})
	}
}
