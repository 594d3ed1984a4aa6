// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

// gitlabJob is a job of GitLab CI.
type gitlabJob struct {
	Variables map[string]string `yaml:"variables"`
	Script    []string          `yaml:"script"`
	Artifacts struct {
		Paths   []string          `yaml:"paths"`
		Reports map[string]string `yaml:"reports"`
	} `yaml:"artifacts"`
}

// includeComponent returns the job that .gitlab/plugproof.yml becomes with inputs.
func includeComponent(t *testing.T, inputs map[string]string) gitlabJob {
	t.Helper()
	header, body, found := strings.Cut(text(t, filepath.Join(root, ".gitlab/plugproof.yml")), "\n---\n")
	if !found {
		t.Fatal("there is no --- below the inputs")
	}
	var declared struct {
		Spec struct {
			Inputs map[string]struct {
				Default *string  `yaml:"default"`
				Options []string `yaml:"options"`
			} `yaml:"inputs"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal([]byte(header), &declared); err != nil {
		t.Fatal(err)
	}
	body = regexp.MustCompile(`\$\[\[ inputs\.(\w+) \]\]`).ReplaceAllStringFunc(body, func(expression string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(expression, "$[[ inputs."), " ]]")
		input, ok := declared.Spec.Inputs[name]
		value, given := inputs[name]
		switch {
		case !ok:
			t.Fatalf("there is no input %s", name)
		case !given && input.Default == nil:
			t.Fatalf("the input %s is required", name)
		case !given:
			value = *input.Default
		}
		return value
	})
	jobs := map[string]gitlabJob{}
	if err := yaml.Unmarshal([]byte(body), &jobs); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return jobs[inputs["job"]]
}

func TestGitLabComponent(t *testing.T) {
	t.Parallel()
	r := release(t)
	plugin := filepath.Join(filepath.Dir(r.installed(t)), "plugins", "passthrough-plugin")
	broken := filepath.Join(t.TempDir(), "broken")
	write(t, broken, "#!/bin/sh\nexit 3\n")
	if err := os.Chmod(broken, 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		command, subject, args, version string
		code                            int
		files                           []string
	}{
		"a plugin":          {command: "check", subject: plugin, args: "--only PLG-001 --level must", version: "latest", files: []string{"junit.xml", "result.json", "result.html"}},
		"a broken plugin":   {command: "check", subject: broken, version: "latest", code: 1, files: []string{"junit.xml"}},
		"a server":          {command: "run", subject: "mock:vault-1.20", args: "--only REG-001", version: "v1.2.3", files: []string{"junit.xml"}},
		"the environment":   {command: "env", subject: "mock:vault-1.16", version: "latest", files: []string{"junit.xml", "result.json", "result.html"}},
		"an unknown server": {command: "run", subject: "mock:vault-0.1", version: "latest", code: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			job := includeComponent(t, map[string]string{
				"job": "conformance", "command": test.command, "subject": test.subject, "args": test.args, "version": test.version, "releases": r.url,
			})
			g.Expect(job.Script).NotTo(BeEmpty())
			project := t.TempDir()
			// GitLab joins the lines to one script, which ends at the first failure.
			cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", strings.Join(job.Script, "\n"))
			cmd.Dir = project
			cmd.Env = []string{"PATH=" + r.toolbox, "HOME=" + t.TempDir(), "CI=true", "GITLAB_CI=true", "CI_PROJECT_DIR=" + project, "CI_JOB_NAME=conformance"}
			for name, value := range job.Variables {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			out, _ := cmd.CombinedOutput()
			g.Expect(cmd.ProcessState.ExitCode()).To(Equal(test.code), string(out))
			for _, file := range test.files {
				g.Expect(filepath.Join(project, job.Artifacts.Paths[0], file)).To(BeARegularFile())
			}
			g.Expect(job.Artifacts.Reports["junit"]).To(Equal("plugproof-reports/junit.xml"))
		})
	}
}
