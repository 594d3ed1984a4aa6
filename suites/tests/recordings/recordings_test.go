// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors strings.Builder
	code = execute(t.Context(), args, &out, &errors)
	return code, out.String(), errors.String()
}

// TestOneFailureLosesNothing measures servers of which some can't be: the others'
// results, the summary and the table of versions are there.
func TestOneFailureLosesNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := t.TempDir()
	notAServer := filepath.Join(directory, "nothing")
	g.Expect(os.WriteFile(notAServer, []byte("#!/bin/sh\nexit 1\n"), 0o755)).To(Succeed()) //nolint:gosec // a program
	out := filepath.Join(directory, "out")
	few := []string{"-out", out, "-only", "REG-001,ENV-021", "-case", "env-proxy"}
	code, stdout, stderr := run(t, append(few, "mock:openbao-2.5", "binary:"+notAServer, "mock:vault-1.16", "mock:vault-1.15")...)
	g.Expect(code).To(Equal(3), stderr)
	lines := strings.Split(stdout[strings.Index(stdout, "| Server"):], "\n")
	g.Expect(lines[2:6]).To(HaveExactElements(
		HavePrefix("| vault 1.15.1 | mock:vault-1.15 | 2 requirements hold | mock:vault-1.15 | [5 of 5]("),
		HavePrefix("| vault 1.16."),
		HavePrefix("| openbao 2.5."),
		And(HavePrefix("| unknown | binary:"), ContainSubstring("does not say that it is vault or bao")),
	), stdout)
	for _, file := range []string{
		"summary.md", "versions.md", "versions.html", "mock-vault-1.15/recording.json", "mock-openbao-2.5/differences.md", "mock-vault-1.16/result.html",
	} {
		g.Expect(filepath.Join(out, file)).To(BeARegularFile())
	}

	// Alone, what could be measured conforms, and is joined without measuring.
	entries, err := filepath.Glob(filepath.Join(out, "*nothing*"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entries).To(HaveLen(1))
	g.Expect(os.RemoveAll(entries[0])).To(Succeed())
	code, joined, stderr := run(t, "-out", out, "-join")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(joined).To(ContainSubstring("vault 1.16"))
	g.Expect(joined).NotTo(ContainSubstring("unknown"))
}

// TestDifferencesFromADialectAreFound compares a server with the dialect that the
// user names, which is another one.
func TestDifferencesFromADialectAreFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out := t.TempDir()
	code, stdout, stderr := run(t, "-out", out, "-only", "REG-001", "-case", "env-proxy", "mock:vault-1.16=vault-1.15")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(stdout).To(ContainSubstring("beside mock:vault-1.15"))
	text, err := os.ReadFile(filepath.Join(out, "mock-vault-1.16", differencesFile))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("eu.example.com"))

	// What is meant to differ is listed for the target, as for an image.
	list := filepath.Join(t.TempDir(), "known.yaml")
	g.Expect(os.WriteFile(list, []byte("- {case: env-*, at: [body, stdout], target: 'mock:vault-1.1*', reason: ours}\n"), 0o600)).To(Succeed())
	code, stdout, stderr = run(t, "-out", out, "-only", "REG-001", "-case", "env-proxy", "-deviations", list, "mock:vault-1.16=vault-1.15")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stdout).To(MatchRegexp(`\[\d of 5\]\(.*\), differing as listed: \d`))
	code, _, stderr = run(t, "-out", out, "-deviations", list+".none", "mock")
	g.Expect(code).To(Equal(2))
	g.Expect(stderr).To(ContainSubstring("-deviations: "))
}

// TestGitHubIsToldOnce measures as a job of GitHub Actions does.
func TestGitHubIsToldOnce(t *testing.T) {
	g := NewWithT(t)
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	code, _, stderr := run(t, "-out", t.TempDir(), "-only", "REG-001", "-case", "env-proxy", "mock:vault-1.16=vault-1.15")
	g.Expect(code).To(Equal(1), stderr)
	text, err := os.ReadFile(summary)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Count(string(text), "answers are equal, ")).To(Equal(1), string(text))
}

func TestNames(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for name, want := range map[string]subject{
		"hashicorp/vault:1.20":          {target: "container:hashicorp/vault:1.20"},
		"vault:1.20":                    {target: "container:vault:1.20"},
		"localhost:5000/bao=vault-1.20": {target: "container:localhost:5000/bao", dialect: "vault-1.20"},
		"mock":                          {target: "mock"},
		"mock:vault-1.20":               {target: "mock:vault-1.20"},
	} {
		got, err := parse(name)
		g.Expect(err).NotTo(HaveOccurred(), name)
		g.Expect(got).To(Equal(want))
	}
	for _, wrong := range []string{"UPPER/Case:1", "mock:vault-0.1", "hashicorp/vault:1.20=vault-0.1", ""} {
		code, _, stderr := run(t, "-out", t.TempDir(), wrong)
		g.Expect(code).To(Equal(2), wrong+": "+stderr)
		g.Expect(stderr).NotTo(BeEmpty())
	}

	code, _, stderr := run(t, "-out", t.TempDir(), "-join")
	g.Expect(code).To(Equal(3))
	g.Expect(stderr).To(ContainSubstring("there are no results"))

	// The matrix of the workflow.
	code, stdout, _ := run(t, "-list")
	g.Expect(code).To(Equal(0))
	var names []string
	g.Expect(json.Unmarshal([]byte(stdout), &names)).To(Succeed())
	g.Expect(names).To(ContainElements("hashicorp/vault:1.15", "openbao/openbao:2.6", "hashicorp/vault:latest", "openbao/openbao:latest"))
	for _, name := range names {
		_, err := parse(name)
		g.Expect(err).NotTo(HaveOccurred())
	}
}
