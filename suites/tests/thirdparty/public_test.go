// SPDX-License-Identifier: MPL-2.0

package thirdparty_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/profile"
)

// publicPlugin is a plugin that is a Go module. Its profile is in testdata/public.
type publicPlugin struct {
	// name is that of the module without what all begin with.
	name, version string
	// profile is the name of the profile; empty for the module's.
	profile string
	// defects are requirements that it fails, and that its users would call defects too.
	defects []string
}

func publicPlugins() []publicPlugin {
	return []publicPlugin{
		{name: "secrets-kv", version: "v0.25.0"},
		{name: "secrets-kv", version: "v0.25.0", profile: kvVersion2},
		{name: "secrets-kubernetes", version: "v0.12.0"},
		{name: "secrets-openldap", version: "v0.17.0"},
		{name: "secrets-alicloud", version: "v0.21.0"},
		// A read of config panics before there is one.
		{name: "secrets-terraform", version: "v0.13.0", defects: []string{"PLG-206"}},
		{name: "auth-jwt", version: "v0.26.1"},
		{name: "auth-kubernetes", version: "v0.23.1"},
		{name: "auth-cf", version: "v0.22.0"},
		{name: "auth-alicloud", version: "v0.22.0"},
	}
}

// TestPublicPluginsConform checks public plugins as they are: what must hold does, but for
// what is a defect to their users too. It builds each in a module of its own, which is not
// the project's, through the module proxy.
func TestPublicPluginsConform(t *testing.T) {
	if os.Getenv("PLUGPROOF_TEST_PUBLIC") == "" {
		t.Skip("builds the public plugins with their dependencies, which takes minutes; set PLUGPROOF_TEST_PUBLIC=1")
	}
	for _, plugin := range publicPlugins() {
		t.Run(cmp.Or(plugin.profile, plugin.name), func(t *testing.T) {
			g := NewWithT(t)
			read := publicProfile(t, cmp.Or(plugin.profile, plugin.name))
			result, err := conformance.Check(t.Context(), conformance.CheckConfig{Plugin: plugin.build(t), Profile: read, Concurrency: 2})
			g.Expect(err).NotTo(HaveOccurred())
			passed := 0
			for _, verdict := range result.Verdicts() {
				for _, outcome := range verdict.Outcomes {
					known := slices.Contains(plugin.defects, verdict.Requirement.ID)
					switch {
					case outcome.Status == steps.Pass:
						passed++
					case outcome.Status == steps.Errored, outcome.Status == steps.Fail && verdict.Requirement.Level == steps.Must && !known:
						t.Errorf("%s %s: %s\n%s", verdict.Requirement.ID, outcome.Status, outcome.Case, outcome.Reason)
					}
				}
			}
			g.Expect(passed).To(BeNumerically(">", 50), "requirements that were checked")
		})
	}
}

// kvVersion2 is the profile of the key-value store with versions.
const kvVersion2 = "secrets-kv-v2"

func publicProfile(t *testing.T, name string) steps.Profile {
	t.Helper()
	read, err := profile.Read(filepath.Join("testdata", "public", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// build builds the plugin and returns the path of its binary.
func (p publicPlugin) build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	pkg := "github.com/hashicorp/vault-plugin-" + p.name + "/cmd/vault-plugin-" + p.name
	binary := filepath.Join(dir, "vault-plugin-"+p.name)
	for _, args := range [][]string{
		{"mod", "init", "plugproof.example/public"},
		{"get", "-tool", pkg + "@" + p.version},
		{"build", "-o", binary, pkg},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
		if printed, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, printed)
		}
	}
	return binary
}
