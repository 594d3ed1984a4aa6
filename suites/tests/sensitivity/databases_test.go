// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
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
		"changing-everybody":  "PLG-928",
		"deleting-everybody":  "PLG-928",
		"renewing-password":   "PLG-929",
		"refusing-keys":       "PLG-926",
	}
}

// databaseProfile returns the profile of testdata/wrongdatabase.
func databaseProfile(wrong, dir string) steps.Profile {
	return steps.Profile{
		Type: "database", Env: []string{"WRONG=" + wrong, "WRONG_DIR=" + dir},
		Database: steps.DatabaseProfile{
			Connection: map[string]any{
				"connection_url": "memdb://" + filepath.Join(dir, "users.json"), "username": "root", "password": "planted-password",
				"username_template": "v-{{.RoleName}}-{{random 20}}",
			},
			CreationStatements: []string{"CREATE USER {{name}}"},
		},
	}
}

// TestEveryWrongDatabaseFailsByWhatItDoesWrong checks database plugins with one defect
// each: each fails the requirement about its defect and no other.
func TestEveryWrongDatabaseFailsByWhatItDoesWrong(t *testing.T) {
	t.Parallel()
	path := program(t, "wrongdatabase", "")
	for wrong, fails := range wrongDatabases() {
		t.Run("wrong="+wrong, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var only []string
			if fails != "" && !all() {
				only = chosen([]string{fails}, nil, []string{"PLG-900", "PLG-906"})
			}
			result := checked(t, conformance.CheckConfig{Only: only, Profile: databaseProfile(wrong, dir)}, path, "planted-password")
			judge(t, result, fails, nil)
			for _, verdict := range result.Verdicts() {
				for _, outcome := range verdict.Outcomes {
					if outcome.Status == steps.Fail && outcome.Failure.Remedy == "" {
						t.Errorf("%s has no remedy", verdict.Requirement.ID)
					}
				}
			}
		})
	}
}
