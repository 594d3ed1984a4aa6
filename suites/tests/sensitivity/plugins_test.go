// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/targets"
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
	return slices.Concat([]wrongPlugin{{}, {auth: true}},
		wrongStarts(), wrongPaths(), wrongData(), wrongProcesses(), wrongRobustness(), wrongLeases(), wrongLogins(), wrongTimes(), wrongDisclosures(), wrongVariables(), wrongChanges(), wrongSubtleties())
}

// profileOf returns the profile of the correct plugin of that type, which calls a
// service.
func profileOf(auth bool, older, service string) steps.Profile {
	type object = map[string]any
	config := steps.Write{Path: "config", Data: object{"url": service, "username": "admin", "password": "planted-password"}}
	if auth {
		return steps.Profile{
			Type: "auth", Env: []string{"WRONG_TYPE=auth"}, Secrets: []string{"password"}, Open: []string{"login"}, UpgradeFrom: older,
			Setup:   []steps.Write{config, {Path: "user/a", Data: object{"password": "right-password", "policies": "app", "ttl": 600, "max_ttl": 1200}}},
			Samples: []steps.Sample{{Path: "user/b", Data: object{"password": "another-password", "policies": "app,ops", "ttl": "60s"}, Update: object{"ttl": "90s"}}},
			Logins: []steps.Login{{
				Path: "login", Data: object{"name": "a", "password": "right-password"},
				Wrong: object{"name": "a", "password": "wrong-password"}, Policies: []string{"app"},
			}},
		}
	}
	return steps.Profile{
		Type: "secret", Secrets: []string{"password", "key"}, Open: []string{}, UpgradeFrom: older,
		Setup:       []steps.Write{config, {Path: "role/a", Data: object{"username": "u", "ttl": 60, "max_ttl": 600}}},
		Samples:     []steps.Sample{{Path: "role/b", Data: object{"username": "w", "groups": "a,b", "ttl": "60s"}, Update: object{"ttl": "90s"}}},
		Credentials: []steps.Write{{Path: "creds/a"}},
	}
}

// buildWrongPlugin builds it twice: as it is, and as an older version.
func buildWrongPlugin(t *testing.T) (path, older string) {
	t.Helper()
	dir := t.TempDir()
	path, older = filepath.Join(dir, "wrongplugin"), filepath.Join(dir, "wrongplugin-0.9")
	for program, version := range map[string]string{path: "v1.0.0", older: "v0.9.0"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version="+version, "-o", program, "./testdata/wrongplugin")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	return path, older
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

// TestEveryWrongPluginFailsByWhatItDoesWrong checks plugins with one defect each,
// all on one mock: each fails the requirement about its defect and no other.
func TestEveryWrongPluginFailsByWhatItDoesWrong(t *testing.T) {
	t.Parallel()
	path, older := buildWrongPlugin(t)
	target := targets.Mock("mock", dialect.Newest(), targets.Changes{})
	t.Cleanup(func() {
		if err := target.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(service.Close)
	for _, wrong := range wrongPlugins() {
		name := "wrong=" + wrong.name
		if wrong.auth {
			name += ",auth"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			profile := profileOf(wrong.auth, older, service.URL)
			profile.Env = append(profile.Env, "WRONG="+wrong.name, "WRONG_DIR="+t.TempDir())
			if wrong.profile != nil {
				wrong.profile(&profile)
			}
			result, err := conformance.CheckOn(t.Context(), conformance.CheckConfig{Profile: profile, Concurrency: 2, RequestTimeout: wrong.timeout, Only: wrong.requirementsFor()}, target, path)
			g.Expect(err).NotTo(HaveOccurred())
			var failed []string
			for _, verdict := range result.Verdicts() {
				id := verdict.Requirement.ID
				for _, outcome := range verdict.Outcomes {
					for _, text := range append(outcome.Exchanges, outcome.Reason) {
						g.Expect(text).NotTo(MatchRegexp("(planted|right|another|wrong)-password"), "%s shows a secret of the profile", id)
					}
					switch {
					case outcome.Status == steps.Unsupported && wrong.fails == "":
						// The table would never notice what does not run.
						t.Errorf("%s was not checked: %s", id, outcome.Reason)
						continue
					case outcome.Status == steps.Errored:
						t.Errorf("%s: %s", id, outcome.Reason)
						continue
					case outcome.Status != steps.Fail:
						continue
					}
					failed = append(failed, id)
					if id != wrong.fails && !slices.Contains(wrong.also, id) {
						t.Errorf("unrelated: %s: %s\nwanted %s\ngot %.300s", id, outcome.Failure.Step, outcome.Failure.Wanted, outcome.Failure.Got)
					}
				}
			}
			if wrong.fails != "" {
				g.Expect(failed).To(ContainElement(wrong.fails))
			}
		})
	}
}
