// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
)

// rightPlugin is a plugin that is right and, or its profile, unlike most in what one
// requirement is about.
type rightPlugin struct {
	// name is that in testdata/wrongplugin; empty for the correct plugin.
	name string
	auth bool
	// holds are the requirements that must not fail.
	holds []string
	// timeout bounds its answers; 0 is the default.
	timeout time.Duration
	// profile changes that of the correct plugin; nil changes nothing.
	profile func(*steps.Profile)
}

func rightPlugins() []rightPlugin {
	return []rightPlugin{
		{name: "right-stocking", holds: []string{"PLG-318"}},
		{name: "right-asking-the-cloud", holds: []string{"PLG-207"}, timeout: 3 * time.Second},
		// The time of one lease passes for the others too.
		{holds: []string{"PLG-515"}, profile: twoRoles},
		// What the setup wrote is there already, and the sample changes it.
		{holds: []string{"PLG-300", "PLG-303"}, profile: sampleOfSetup},
	}
}

// TestRightPluginsOfOtherShapesFailNothing checks plugins that public ones are like, whose
// users would not call what they do a defect.
func TestRightPluginsOfOtherShapesFailNothing(t *testing.T) {
	t.Parallel()
	path, older := buildWrongPlugin(t)
	service := startService(t)
	for _, right := range rightPlugins() {
		t.Run("right="+right.name+","+strings.Join(right.holds, ","), func(t *testing.T) {
			t.Parallel()
			profile := profileOf(right.auth, older, service)
			profile.Env = append(profile.Env, "WRONG="+right.name)
			if right.profile != nil {
				right.profile(&profile)
			}
			result := checked(t, conformance.CheckConfig{Profile: profile, RequestTimeout: right.timeout, Only: right.holds}, path, "(planted|right|another|wrong)-password")
			for _, verdict := range result.Verdicts() {
				for _, outcome := range verdict.Outcomes {
					if outcome.Status == steps.Fail || outcome.Status == steps.Errored {
						t.Errorf("%s %s: %s %+v", verdict.Requirement.ID, outcome.Status, outcome.Reason, outcome.Failure)
					}
				}
			}
		})
	}
}

// twoRoles adds a second role to the profile of the secrets engine, and its credentials.
func twoRoles(p *steps.Profile) {
	p.Setup = append(p.Setup, steps.Write{Path: "role/c", Data: map[string]any{"username": "v", "ttl": 60, "max_ttl": 600}})
	p.Credentials = append(p.Credentials, steps.Write{Path: "creds/c", Works: p.Credentials[0].Works})
}

// sampleOfSetup makes what the setup writes a sample too.
func sampleOfSetup(p *steps.Profile) {
	p.Samples = append(p.Samples, steps.Sample{Path: "config", Data: p.Setup[0].Data, Update: map[string]any{"username": "other"}})
}
