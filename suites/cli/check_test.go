// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// samplePlugins returns the paths of built sample plugins.
func samplePlugins(t *testing.T, names ...string) map[string]string {
	t.Helper()
	built, err := build.Plugins(t.Context(), build.Options{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// script makes a program of shell lines.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	// A process forked meanwhile would have the file open: text file busy.
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines), 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWrongUseOfCheckIsNotThePluginsFault gives flags that don't fit plugins
// that conform: no requirement may fail for that.
func TestWrongUseOfCheckIsNotThePluginsFault(t *testing.T) {
	t.Parallel()
	plugins := samplePlugins(t, "passthrough-plugin", "jwt", "memdb", "probe")
	secret, auth, database := plugins["passthrough-plugin"], plugins["jwt"], plugins["memdb"]
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a secrets engine as auth":    {[]string{"--type", "auth", secret}, "is a secrets engine: leave out --type, or give --type secret"},
		"what it needs to be another": {[]string{"--type", "auth", plugins["probe"]}, "registered as auth it logged: the probe is registered as of another type than it is: register it with env=PROBE_TYPE=auth"},
		"an auth method as secret":    {[]string{"--type", "secret", auth}, "is an auth method: leave out --type, or give --type auth"},
		"an auth method as database":  {[]string{"--type", "database", auth}, "is an auth method: leave out --type, or give --type auth"},
		"a database as secret":        {[]string{"--type", "secret", database}, "is a database plugin: leave out --type, or give --type database"},
		"unknown type":                {[]string{"--type", "engine", secret}, "there are secret, auth and database"},
		"body that it refuses":        {[]string{"--path", "config", auth}, "status 400: exactly one of 'jwt_validation_pubkeys'"},
		"body that it refuses, typed": {[]string{"--path", "config", "--type", "auth", auth}, "Correct its data, which has value"},
		"path that it lacks":          {[]string{"--path", "/none/", auth}, "Name a path that takes"},
		"path out of the mount":       {[]string{"--path", "x/../../y", secret}, "without . and .. in it"},
		"path of nothing":             {[]string{"--path", "/", secret}, "not empty"},
		"no body":                     {[]string{"--path", "x", "--body", "[]", secret}, "not a JSON object"},
		"no concurrency":              {[]string{"--concurrency", "0", secret}, "at least 1"},
		"no time":                     {[]string{"--plugin-start-timeout", "0s", secret}, "--plugin-start-timeout 0s"},
		"requirement of servers":      {[]string{"--only", "REG-001", secret}, "REG-001 is a requirement of servers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, code := plugproof(t.Context(), t, append([]string{"check"}, test.args...)...)
			g.Expect(code).To(Equal(2), out)
			g.Expect(out).To(ContainSubstring(test.want))
			g.Expect(out).NotTo(ContainSubstring("FAIL"))
		})
	}
}

func TestCheckFollowsDataAtAPathWithSlashes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plugin := samplePlugins(t, "passthrough-plugin")["passthrough-plugin"]
	out, code := plugproof(t.Context(), t, "check", "--path", "/a/b/", "--only", "PLG-020", plugin)
	g.Expect(code).To(Equal(0), out)
	g.Expect(out).To(ContainSubstring("Conforms: 1 requirement hold"))
}

// TestAPluginThatHangsIsNamedSo counts the starts: a second try, as another
// type, would only make the user wait again.
func TestAPluginThatHangsIsNamedSo(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	starts := filepath.Join(t.TempDir(), "starts")
	plugin := script(t, "echo start >> "+starts+"\nexec tail -f /dev/null\n")
	out, code := plugproof(t.Context(), t, "check", "--plugin-start-timeout", "1s", plugin)
	g.Expect(code).To(Equal(1), out)
	g.Expect(out).To(And(ContainSubstring("hangs at its start: it did not serve within 1s"), ContainSubstring("--plugin-start-timeout")))
	counted, err := os.ReadFile(starts)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Count(string(counted), "start")).To(Equal(1))
}

// TestAScriptAroundAPluginIsAPlugin checks scripts that become the plugin, or keep
// it as a child, by what is about processes: their start and environment, what they
// leave, reloads and kills.
func TestAScriptAroundAPluginIsAPlugin(t *testing.T) {
	t.Parallel()
	plugin := samplePlugins(t, "passthrough-plugin")["passthrough-plugin"]
	for name, lines := range map[string]string{"exec": "exec " + plugin + "\n", "child": plugin + "\ntrue\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, code := plugproof(t.Context(), t, "check", "--area", "start,process", "--level", "must", "--path", "a", script(t, lines))
			g.Expect(code).To(Equal(0), out)
			g.Expect(out).NotTo(ContainSubstring("FAIL PLG"))
		})
	}
}

// TestWhatKeepsAPluginFromStartingIsNamed checks files that no server can mount:
// each has its own cause and remedy, once.
func TestWhatKeepsAPluginFromStartingIsNamed(t *testing.T) {
	t.Parallel()
	plugin := samplePlugins(t, "passthrough-plugin")["passthrough-plugin"]
	for name, test := range map[string]struct{ lines, cause, remedy string }{
		"talks":  {"echo hello\nexec " + plugin + "\n", "printed something else than its handshake: hello", "log to stderr"},
		"exits":  {"echo need DB_URL >&2\nexit 3\n", "need DB_URL", "--env"},
		"silent": {"exit 0\n", "printed nothing", "plugin.ServeMultiplex"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, code := plugproof(t.Context(), t, "check", script(t, test.lines))
			g.Expect(code).To(Equal(1), out)
			g.Expect(out).To(And(ContainSubstring("FAIL PLG-001"), ContainSubstring(test.cause), ContainSubstring(test.remedy)))
			g.Expect(out).To(ContainSubstring("NOT CHECKED: the plugin can't be mounted, see PLG-001"))
			g.Expect(strings.Count(out, "FAIL PLG")).To(Equal(1), out)
		})
	}
}

// TestFeaturesOfAuthorsMoveTime carries out an author's scenarios with leases, time
// and the plugin's log.
func TestFeaturesOfAuthorsMoveTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out, code := plugproof(t.Context(), t, "check", "--features", "testdata/features_time", "--only", "OWN-001,OWN-002,OWN-003", samplePlugins(t, "probe")["probe"])
	g.Expect(code).To(Equal(0), out)
	g.Expect(out).To(ContainSubstring("Conforms: 3 requirements hold"))
}

func TestFeaturesOfAuthorsRunBesideOurs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plugin := samplePlugins(t, "passthrough-plugin")["passthrough-plugin"]
	out, code := plugproof(t.Context(), t, "check", "--features", "testdata/features", "--only", "OWN-001,OWN-002,PLG-010", plugin)
	g.Expect(code).To(Equal(0), out)
	g.Expect(out).To(ContainSubstring("Conforms: 3 requirements hold"))

	own := filepath.Join(t.TempDir(), "own.feature")
	g.Expect(os.WriteFile(own, []byte("Feature: f\n  Scenario: s\n    Given the plugin is mounted\n    When I GET \"{mount}/x\"\n    Then the answer is 299\n"), 0o600)).To(Succeed())
	out, code = plugproof(t.Context(), t, "check", "--features", filepath.Dir(own), "--area", "own", plugin)
	g.Expect(code).To(Equal(1), out)
	g.Expect(out).To(And(ContainSubstring("FAIL OWN-001 (must, own) s"), ContainSubstring("source   "+own+":2")))

	g.Expect(os.WriteFile(own, []byte("Feature: f\n  Scenario: s\n    Then the answer should be 200\n"), 0o600)).To(Succeed())
	out, code = plugproof(t.Context(), t, "check", "--features", filepath.Dir(own), plugin)
	g.Expect(code).To(Equal(2), out)
	g.Expect(out).To(And(ContainSubstring("no such sentence: the answer should be 200"), ContainSubstring("the answer is STATUS")))
}
