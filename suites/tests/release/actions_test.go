// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

// action is a composite action.
type action struct {
	Inputs map[string]struct {
		Required bool   `yaml:"required"`
		Default  string `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Value string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []struct {
			ID    string            `yaml:"id"`
			Shell string            `yaml:"shell"`
			Run   string            `yaml:"run"`
			Env   map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"runs"`
}

func readAction(name string) (a action, directory string, err error) {
	directory, err = filepath.Abs(filepath.Join(root, ".github/actions", name))
	if err != nil {
		return action{}, "", err
	}
	text, err := os.ReadFile(filepath.Join(directory, "action.yml"))
	if err != nil {
		return action{}, "", err
	}
	return a, directory, yaml.Unmarshal(text, &a)
}

// ran is what an action left, as GitHub would see it.
type ran struct {
	log, summary, workspace string
	outputs                 map[string]string
	code                    int
	path                    string
}

// runAction carries an action's steps out as GitHub's runner does: each a script
// of its own, with expressions filled in, ending at the first that fails.
func runAction(t *testing.T, name string, with map[string]string) ran {
	t.Helper()
	r := release(t)
	a, directory, err := readAction(name)
	if err != nil {
		t.Fatal(err)
	}
	expressions := map[string]string{"github.action_path": directory}
	for input, declared := range a.Inputs {
		expressions["inputs."+input] = declared.Default
	}
	for input, value := range maps.All(with) {
		if _, ok := a.Inputs[input]; !ok {
			t.Fatalf("%s has no input %s", name, input)
		}
		expressions["inputs."+input] = value
	}
	expressions["inputs.releases"] = r.url

	workspace, runner := t.TempDir(), t.TempDir()
	result := ran{workspace: workspace, outputs: map[string]string{}, path: r.toolbox}
	var log bytes.Buffer
	for i, step := range a.Runs.Steps {
		if step.Shell != "bash" {
			t.Fatalf("step %d has the shell %q", i, step.Shell)
		}
		file := func(kind string) string { return filepath.Join(runner, fmt.Sprintf("%s-%d", kind, i)) }
		for _, kind := range []string{"output", "path", "env"} {
			write(t, file(kind), "")
		}
		write(t, file("script"), fill(t, step.Run, expressions))
		cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", file("script"))
		cmd.Dir = workspace
		cmd.Env = []string{
			"PATH=" + result.path, "HOME=" + runner, "CI=true", "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=" + workspace,
			"RUNNER_TEMP=" + runner, "RUNNER_OS=Linux", "GITHUB_OUTPUT=" + file("output"), "GITHUB_PATH=" + file("path"),
			"GITHUB_ENV=" + file("env"), "GITHUB_STEP_SUMMARY=" + filepath.Join(runner, "summary"),
		}
		for name, value := range step.Env {
			cmd.Env = append(cmd.Env, name+"="+fill(t, value, expressions))
		}
		cmd.Stdout, cmd.Stderr = &log, &log
		err := cmd.Run()
		for line := range strings.Lines(text(t, file("output"))) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			expressions["steps."+step.ID+".outputs."+name] = value
		}
		for line := range strings.Lines(text(t, file("path"))) {
			result.path = strings.TrimSpace(line) + ":" + result.path
		}
		if err != nil {
			var ended *exec.ExitError
			if !errors.As(err, &ended) {
				t.Fatal(err)
			}
			result.code = ended.ExitCode()
			break
		}
	}
	for name, output := range a.Outputs {
		result.outputs[name] = fill(t, output.Value, expressions)
	}
	result.log, result.summary = log.String(), text(t, filepath.Join(runner, "summary"))
	return result
}

// fill replaces the expressions of a text. Those of which nothing is known are
// empty, as on GitHub, if they are outputs.
func fill(t *testing.T, text string, known map[string]string) string {
	t.Helper()
	return regexp.MustCompile(`\$\{\{\s*(\S+)\s*\}\}`).ReplaceAllStringFunc(text, func(expression string) string {
		name := strings.TrimSpace(strings.Trim(expression, "${}"))
		value, ok := known[name]
		if !ok && !strings.HasPrefix(name, "steps.") {
			t.Fatalf("nothing is known of %s", expression)
		}
		return value
	})
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// text returns what a file holds; one that is not there holds nothing.
func text(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

func TestActionChecksPlugins(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plugin := filepath.Join(filepath.Dir(release(t).installed(t)), "plugins", "passthrough-plugin")
	got := runAction(t, "check", map[string]string{"plugin": plugin, "target": "mock:vault-1.16", "args": "--level=must\n\n  --only=PLG-001  \n"})
	g.Expect(got.code).To(Equal(0), got.log)
	g.Expect(got.outputs).To(Equal(map[string]string{"exit-code": "0", "reports": "plugproof-reports"}))
	g.Expect(got.summary).To(ContainSubstring("Conforms"))
	g.Expect(got.log).To(ContainSubstring("vault 1.16"))
	for _, file := range []string{"result.json", "junit.xml", "result.html"} {
		g.Expect(filepath.Join(got.workspace, "plugproof-reports", file)).To(BeARegularFile())
	}
}

// TestActionReportsFailures: the reports and outputs are there when it fails.
func TestActionReportsFailures(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plugin := filepath.Join(t.TempDir(), "plugin")
	g.Expect(os.WriteFile(plugin, []byte("#!/bin/sh\nexit 3\n"), 0o755)).To(Succeed()) //nolint:gosec // a program
	got := runAction(t, "check", map[string]string{"plugin": plugin, "reports": "out/reports"})
	g.Expect(got.code).To(Equal(1), got.log)
	g.Expect(got.outputs).To(Equal(map[string]string{"exit-code": "1", "reports": "out/reports"}))
	g.Expect(got.log).To(ContainSubstring("::error"))
	g.Expect(filepath.Join(got.workspace, "out/reports/junit.xml")).To(BeARegularFile())
}

func TestActionRunsRequirements(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := runAction(t, "run", map[string]string{"target": "mock:openbao-2.5", "args": "--only=REG-001,LST-001", "version": "v1.2.3"})
	g.Expect(got.code).To(Equal(0), got.log)
	g.Expect(got.outputs["exit-code"]).To(Equal("0"))
	g.Expect(got.summary).To(ContainSubstring("Conforms"))

	got = runAction(t, "run", map[string]string{"target": "nothing:known"})
	g.Expect(got.code).To(Equal(2), got.log)
	g.Expect(got.outputs["exit-code"]).To(Equal("2"))
}

func TestActionInstalls(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := runAction(t, "install", nil)
	g.Expect(got.code).To(Equal(0), got.log)
	directory, _, _ := strings.Cut(got.path, ":")
	out, err := exec.CommandContext(t.Context(), filepath.Join(directory, "plugproof"), "version").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))

	got = runAction(t, "install", map[string]string{"version": "v9.9.9"})
	g.Expect(got.code).To(Equal(1), got.log)
	g.Expect(got.path).NotTo(ContainSubstring("plugproof:"), "nothing is on the PATH")
}
