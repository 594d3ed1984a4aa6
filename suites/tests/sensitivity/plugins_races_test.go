// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
)

// ofRaceBuilds are the requirements of plugins that are built with the race detector.
func ofRaceBuilds() []string { return []string{"PLG-610", "PLG-927"} }

// raceProgram builds a program of testdata with the race detector, which needs cgo.
func raceProgram(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", path, "./testdata/"+name).CombinedOutput(); err != nil {
		t.Skipf("go build -race: %v\n%s", err, out)
	}
	return path
}

// TestPluginsThatReportRaces checks plugins that are built with the race detector: those
// that have a data race fail the requirement about that.
func TestPluginsThatReportRaces(t *testing.T) {
	t.Parallel()
	service := startService(t)
	plugin, database := raceProgram(t, "wrongplugin"), raceProgram(t, "wrongdatabase")
	for _, test := range []struct {
		name, wrong, fails string
		path               string
		profile            func(wrong, dir, address string) steps.Profile
	}{
		{"engine", "", "", plugin, nil},
		{"engine", "counting-requests", "PLG-610", plugin, nil},
		{"database", "", "", database, databaseProfile},
		{"database", "counting-users", "PLG-927", database, databaseProfile},
	} {
		t.Run(test.name+"="+test.wrong, func(t *testing.T) {
			t.Parallel()
			var profile steps.Profile
			if dir := t.TempDir(); test.profile != nil {
				profile = test.profile(test.wrong, dir, echo(t))
			} else {
				profile = profileOf(false, "", service)
				profile.Env = []string{"WRONG=" + test.wrong, "WRONG_DIR=" + dir}
			}
			result := checked(t, conformance.CheckConfig{Profile: profile, Only: ofRaceBuilds()}, test.path, "(planted|right)-password")
			judge(t, result, test.fails, nil)
			for _, verdict := range result.Verdicts() {
				if verdict.Status == steps.Unsupported {
					t.Errorf("%s was not checked: %s", verdict.Requirement.ID, verdict.Outcomes[0].Reason)
				}
			}
		})
	}
}
