// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
)

// wrongDatabases are the defects of testdata/wrongdatabase and the requirement that
// each fails.
func wrongDatabases() map[string]string {
	return map[string]string{
		"":                        "",
		"talking":                 "PLG-900",
		"refusing-settings":       "PLG-901",
		"never-verifying":         "PLG-902",
		"always-verifying":        "PLG-903",
		"forgetting-setting":      "PLG-904",
		"forgetting-password":     "PLG-905",
		"failing-user":            "PLG-906",
		"nameless-user":           "PLG-906",
		"same-name":               "PLG-907",
		"other-password":          "PLG-908",
		"no-statements":           "PLG-909",
		"keeping-users":           "PLG-910",
		"deleting-once":           "PLG-911",
		"refusing-expiration":     "PLG-912",
		"ignoring-passwords":      "PLG-913",
		"fixed-own-password":      "PLG-914",
		"remembering-users":       "PLG-915",
		"password-in-error":       "PLG-917",
		"logging-passwords":       "PLG-918",
		"single":                  "PLG-919",
		"closing-all":             "PLG-920",
		"lingering-child":         "PLG-921",
		"hanging-close":           "PLG-922",
		"leaving-lock":            "PLG-923",
		"racing":                  "PLG-925",
		"changing-everybody":      "PLG-928",
		"deleting-everybody":      "PLG-928",
		"renewing-password":       "PLG-929",
		"refusing-keys":           "PLG-926",
		"failing-type":            "PLG-900",
		"swallowing-creation":     "PLG-930",
		"swallowing-revocation":   "PLG-931",
		"own-statements":          "PLG-932",
		"swallowing-password":     "PLG-933",
		"leaving-users":           "PLG-934",
		"ignoring-template":       "PLG-935",
		"cutting-names":           "PLG-936",
		"showing-password":        "PLG-937",
		"password-in-user-error":  "PLG-938",
		"never-expiring":          "PLG-939",
		"ignoring-renewals":       "PLG-940",
		"sharing-settings":        "PLG-941",
		"mixing-passwords":        "PLG-942",
		"keeping-connections":     "PLG-943",
		"ignoring-outages":        "PLG-944",
		"keeping-broken":          "PLG-945",
		"waiting-for-ever":        "PLG-946",
		"keyless":                 "PLG-947",
		"rotating-once":           "PLG-948",
		"leaving-some-users":      "PLG-934",
		"swallowing-refusals":     "PLG-949",
		"panicking-on-settings":   "PLG-950",
		"only-parsing-rotation":   "PLG-951",
		"only-parsing-revocation": "PLG-951",
	}
}

// databaseProfile returns the profile of testdata/wrongdatabase.
func databaseProfile(wrong, dir, address string) steps.Profile {
	return steps.Profile{
		Type: "database", Env: []string{"WRONG=" + wrong, "WRONG_DIR=" + dir},
		Database: steps.DatabaseProfile{
			Connection: map[string]any{
				"connection_url": "memdb://" + filepath.Join(dir, "users.json"), "username": "root", "password": "planted-password",
				"username_template": "v-{{.RoleName}}-{{random 20}}", "address": address,
			},
			CreationStatements:   []string{"CREATE USER {{name}} VALID UNTIL '{{expiration}}'", "GRANT read"},
			RevocationStatements: []string{"DROP USER {{name}}"},
			RenewStatements:      []string{"ALTER USER {{name}} VALID UNTIL '{{expiration}}'"},
			RotationStatements:   []string{"ALTER USER {{name}} PASSWORD '{{password}}'"},
			KeySetting:           "private_key",
		},
	}
}

// echo starts a server that answers each line with itself, and returns its address.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
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
			timeout := steps.DefaultRequestTimeout
			if wrong == "waiting-for-ever" {
				timeout = 3 * time.Second
			}
			result := checked(t, conformance.CheckConfig{Only: only, RequestTimeout: timeout, Profile: databaseProfile(wrong, dir, echo(t))}, path, "planted-password")
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
