// SPDX-License-Identifier: MPL-2.0

package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/build"
)

// samplePlugins gives the paths of built sample plugins.
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
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWrongUseOfCheckIsNotThePluginsFault gives flags that don't fit plugins
// that conform: no requirement may fail for that.
func TestWrongUseOfCheckIsNotThePluginsFault(t *testing.T) {
	t.Parallel()
	plugins := samplePlugins(t, "passthrough-plugin", "jwt")
	secret, auth := plugins["passthrough-plugin"], plugins["jwt"]
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a secrets engine as auth":    {[]string{"--type", "auth", secret}, "is a secrets engine: leave out --type, or give --type secret"},
		"an auth method as secret":    {[]string{"--type", "secret", auth}, "is an auth method: leave out --type, or give --type auth"},
		"unknown type":                {[]string{"--type", "database", secret}, "there are secret and auth"},
		"body that it refuses":        {[]string{"--path", "config", auth}, "status 400: exactly one of 'jwt_validation_pubkeys'"},
		"body that it refuses, typed": {[]string{"--path", "config", "--type", "auth", auth}, "Give a body it accepts with --body."},
		"path that it lacks":          {[]string{"--path", "/none/", auth}, "Name a path that stores"},
		"path out of the mount":       {[]string{"--path", "x/../../y", secret}, "none with . or .. in it"},
		"path of nothing":             {[]string{"--path", "/", secret}, "no empty one"},
		"no body":                     {[]string{"--path", "x", "--body", "[]", secret}, "no JSON object"},
		"no concurrency":              {[]string{"--concurrency", "0", secret}, "--concurrency 0"},
		"no time":                     {[]string{"--plugin-start-timeout", "0s", secret}, "--plugin-start-timeout 0s"},
		"requirement of servers":      {[]string{"--only", "REG-001", secret}, "the requirements of plugins alone: PLG-001, PLG-002,"},
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
