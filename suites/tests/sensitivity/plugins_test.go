// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"slices"
	"testing"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/report"
)

// wrongPlugin is a plugin with one defect: testdata/wrongplugin has it under its
// name. The empty name is a plugin that is right.
type wrongPlugin struct {
	name string
	// auth makes it an auth method; otherwise it is a secrets engine.
	auth bool
	// fails is the requirement about that defect; empty for the plugin that is
	// right.
	fails string
	// also are requirements that the defect breaks too, as there is no plugin with
	// it that keeps them.
	also []string
	// timeout bounds its answers; 0 is the default.
	timeout time.Duration
	// profile changes that of the correct plugin; nil changes nothing.
	profile func(*steps.Profile)
}

// wrongPlugins returns those of every group.
func wrongPlugins() []wrongPlugin {
	return slices.Concat([]wrongPlugin{{}, {auth: true, profile: twoUsers}},
		wrongStarts(), wrongPaths(), wrongData(), wrongProcesses(), wrongRobustness(), wrongLeases(), wrongLogins(), wrongTimes(), wrongDisclosures(), wrongVariables(), wrongChanges(), wrongSubtleties(), wrongAnswers(), wrongEffects(), wrongWithServices(), wrongSamples(), wrongOrigins(), wrongBeside(), wrongKeys(), wrongRenewals(), wrongDocuments())
}

// profileOf returns the profile of the correct plugin of that type, which calls a
// service.
func profileOf(auth bool, older, service string) steps.Profile {
	type object = map[string]any
	pairs := []steps.Pair{{
		Write: steps.Write{Path: "sign", Data: object{"text": "a text"}},
		Back:  steps.Write{Path: "verify", Data: object{"text": "a text", "signature": "{{signature}}"}},
		Gives: object{"valid": true}, Between: []steps.Write{{Path: "rotate"}},
	}}
	rotations := []steps.Rotation{{
		Write: steps.Write{Path: "config/rotate"},
		Setup: []steps.Write{{Path: "config", Data: object{"url": service, "username": "rotator-{{random}}", "password": "planted-password"}}},
	}}
	config := steps.Write{Path: "config", Data: object{"url": service, "username": "admin", "password": "planted-password"}}
	if auth {
		return steps.Profile{
			Type: "auth", Env: []string{"WRONG_TYPE=auth"}, Secrets: []string{"password"}, Open: []string{"login"}, UpgradeFrom: older,
			Pairs: pairs, Rotations: rotations,
			Setup:   []steps.Write{config, {Path: "user/a", Data: object{"password": "right-password", "policies": "app", "ttl": 600, "max_ttl": 1200}}},
			Samples: []steps.Sample{{Path: "user/b", Data: object{"password": "another-password", "policies": "app,ops", "ttl": "60s"}, Update: object{"ttl": "90s"}}, note()},
			Logins: []steps.Login{{
				Path: "login", Data: object{"name": "a", "password": "right-password"},
				Wrong: object{"name": "a", "password": "wrong-password"}, Policies: []string{"app"},
			}},
		}
	}
	return steps.Profile{
		Type: "secret", Secrets: []string{"password", "key"}, Open: []string{}, UpgradeFrom: older,
		Pairs: pairs, Rotations: rotations,
		Setup:       []steps.Write{config, {Path: "role/a", Data: object{"username": "u", "ttl": 60, "max_ttl": 600}}},
		Samples:     []steps.Sample{{Path: "role/b", Data: object{"username": "w", "groups": "a,b", "ttl": "60s"}, Update: object{"ttl": "90s"}}, note()},
		Credentials: []steps.Write{{Path: "creds/a", Works: &steps.Proof{URL: service + "/account/{{account}}"}}},
	}
}

// note is a sample that can be patched.
func note() steps.Sample {
	return steps.Sample{Path: "note/n", Data: map[string]any{"text": "first", "about": "plugins"}, Update: map[string]any{"text": "second"}}
}

// buildWrongPlugin builds it twice: as it is, and as an older version.
func buildWrongPlugin(t *testing.T) (path, older string) {
	t.Helper()
	return program(t, "wrongplugin", "v1.0.0"), program(t, "wrongplugin", "v0.9.0")
}

// pluginSample are requirements that most defects leave alone. They share the one
// mount of the plugin.
func pluginSample() []string { return []string{"PLG-001", "PLG-007", "PLG-011"} }

// requirementsFor returns what a wrong plugin is checked by: everything if it is
// right or PLUGPROOF_TEST_SENSITIVITY is all, otherwise the requirement that it
// fails, and of the sample what it has to hold.
func (w wrongPlugin) requirementsFor() []string {
	if w.fails == "" || all() {
		return nil
	}
	return chosen([]string{w.fails}, w.also, pluginSample())
}

// TestEveryWrongPluginFailsByWhatItDoesWrong checks plugins with one defect each:
// each fails the requirement about its defect and no other.
func TestEveryWrongPluginFailsByWhatItDoesWrong(t *testing.T) {
	t.Parallel()
	path, older := buildWrongPlugin(t)
	service := startService(t)
	for _, wrong := range wrongPlugins() {
		name := "wrong=" + wrong.name
		if wrong.auth {
			name += ",auth"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			profile := profileOf(wrong.auth, older, service)
			profile.Env = append(profile.Env, "WRONG="+wrong.name, "WRONG_DIR="+t.TempDir())
			if wrong.profile != nil {
				wrong.profile(&profile)
			}
			config := conformance.CheckConfig{Profile: profile, RequestTimeout: wrong.timeout, Only: wrong.requirementsFor()}
			result := checked(t, config, path, "(planted|right|another|wrong)-password")
			judge(t, result, wrong.fails, wrong.also)
		})
	}
}

// judge holds the result of a wrong plugin to what its defect breaks: the requirement
// fails, and maybe others of also. The empty requirement is that of a plugin that is
// right, of which everything is checked: the table would never notice what does not run.
func judge(t *testing.T, result report.Run, fails string, also []string) {
	t.Helper()
	var failed []string
	for _, verdict := range result.Verdicts() {
		id := verdict.Requirement.ID
		for _, outcome := range verdict.Outcomes {
			switch {
			case outcome.Status == steps.Unsupported && fails == "" && !slices.Contains(ofRaceBuilds(), id):
				t.Errorf("%s was not checked: %s", id, outcome.Reason)
			case outcome.Status == steps.Errored:
				t.Errorf("%s: %s", id, outcome.Reason)
			case outcome.Status != steps.Fail:
			case id != fails && !slices.Contains(also, id):
				t.Errorf("unrelated: %s: %s\nwanted %s\ngot %.300s", id, outcome.Failure.Step, outcome.Failure.Wanted, outcome.Failure.Got)
			default:
				failed = append(failed, id)
			}
		}
	}
	if fails != "" && !slices.Contains(failed, fails) {
		t.Errorf("%s holds", fails)
	}
}
