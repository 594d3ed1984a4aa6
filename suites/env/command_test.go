// SPDX-License-Identifier: MPL-2.0

package env_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env"
)

// result is what a command line came to.
type result struct {
	out  string
	code int
	err  error
}

// command runs `env ARGS` as the program does, within this process.
func command(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	cmd := env.Command()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	var out, progress bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&progress)
	err := cmd.ExecuteContext(context.WithoutCancel(t.Context()))
	r := result{out: out.String(), err: err}
	if progress.Len() > 0 && !strings.Contains(progress.String(), "building") {
		t.Logf("standard error: %s", progress.String())
	}
	var coded interface{ ExitCode() int }
	switch {
	case errors.As(err, &coded):
		r.code = coded.ExitCode()
	case err != nil:
		r.code = 2 // what cobra itself refuses
	}
	return r
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExplainSaysWhereTheDialectsDiffer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := command(t, "", "explain", "HTTP_PROXY", "--host", "HTTP_PROXY=corp", "--plugin", "HTTP_PROXY=eu")
	g.Expect(r.err).NotTo(HaveOccurred())
	g.Expect(r.out).To(MatchRegexp(`(?m)^vault-1.15 +"corp" +host +registered "eu" +host-wins$`))
	g.Expect(r.out).To(MatchRegexp(`(?m)^vault-1.16 +"eu" +registered +host "corp" +plugin-wins$`))
	g.Expect(r.out).To(ContainSubstring("differ"))

	r = command(t, "", "explain", "A", "--plugin", "A=1")
	g.Expect(r.out).To(ContainSubstring("agree"))
}

func TestExplainDrawsTheStackOfOneDialect(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := command(t, "", "explain", "VAULT_VERSION", "--host", "VAULT_VERSION=9", "--plugin", "VAULT_VERSION=1", "--dialect", "vault-1.16")
	g.Expect(r.err).NotTo(HaveOccurred())
	g.Expect(r.out).To(HavePrefix("VAULT_VERSION = \"1.16.0\"\nfrom the server's own variables"))
	g.Expect(r.out).To(MatchRegexp(`(?s)go-plugin.*▶ the server's own.*registered env +"1"  shadowed.*server's environment +"9"  shadowed.*plugin-wins`))

	r = command(t, "", "explain", "A", "--host", "A=1", "--container", "--dialect", "vault-1.16")
	g.Expect(r.out).To(And(ContainSubstring("A is not set"), ContainSubstring("never reaches the plugin")))
}

func TestExplainForPrograms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := command(t, "", "explain", "BAO_VERSION", "--host", "BAO_VERSION=host", "--dialect", "openbao-2.5", "--format", "json")
	g.Expect(r.err).NotTo(HaveOccurred())
	var answers []map[string]any
	g.Expect(json.Unmarshal([]byte(r.out), &answers)).To(Succeed())
	g.Expect(answers).To(HaveLen(1))
	g.Expect(answers[0]).To(HaveKeyWithValue("dialect", "openbao-2.5"))
	g.Expect(answers[0]["winner"]).To(Equal(map[string]any{"layer": "host", "value": "host"}))
	g.Expect(answers[0]["shadowed"]).To(Equal([]any{map[string]any{"layer": "server", "value": "2.5.5"}}))
}

func TestExplainKnowsWhatOldPluginsGet(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := command(t, "", "explain", "VAULT_UNWRAP_TOKEN", "--no-automtls", "--dialect", "vault-1.16")
	g.Expect(r.out).To(ContainSubstring("generated"))
	r = command(t, "", "explain", "PLUGIN_CLIENT_CERT", "--no-automtls", "--dialect", "vault-1.16")
	g.Expect(r.out).To(ContainSubstring("is not set"))
}

func TestBadInputIsWrongUsage(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	empty := file(t, "")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no name":               {[]string{"explain"}, "one variable"},
		"two names":             {[]string{"explain", "A", "B"}, "one variable"},
		"empty name":            {[]string{"explain", ""}, "empty"},
		"name with =":           {[]string{"explain", "A=1"}, "contains ="},
		"name with NUL":         {[]string{"explain", "A\x00"}, "NUL"},
		"value with NUL":        {[]string{"explain", "A", "--host", "A=\x00"}, "NUL"},
		"host without =":        {[]string{"explain", "A", "--host", "A"}, "NAME=value"},
		"plugin without a name": {[]string{"explain", "A", "--plugin", "=1"}, "name is empty"},
		"unknown dialect":       {[]string{"explain", "A", "--dialect", "vault-0.1"}, "known are"},
		"unknown format":        {[]string{"explain", "A", "--format", "xml"}, "text and json"},
		"unknown flag":          {[]string{"explain", "A", "--nope"}, "nope"},
		"lint without source":   {[]string{"lint"}, "name one source"},
		"lint of two sources":   {[]string{"lint", "--env-file", empty, "--pid", "1"}, "name one source"},
		"lint with arguments":   {[]string{"lint", "x"}, "no arguments"},
		"lint format":           {[]string{"lint", "--env-file", empty, "--format", "x"}, "table and json"},
		"unreadable file":       {[]string{"lint", "--env-file", missing}, "no such file"},
		"unreadable manifest":   {[]string{"lint", "--env-file", empty, "--registrations", missing}, "no such file"},
		"bad manifest":          {[]string{"lint", "--env-file", empty, "--registrations", empty}, "no plugins"},
		"bad plugin":            {[]string{"lint", "--env-file", empty, "--plugin", "x"}, "TYPE/NAME"},
		"standard input twice":  {[]string{"lint", "--env-file", "-", "--registrations", "-"}, "both"},
		"no such process":       {[]string{"lint", "--pid", "1073741824"}, "no process"},
		"bad address":           {[]string{"lint", "--env-file", empty, "--addr", "::"}, "--addr"},
		"matrix of nothing":     {[]string{"--target", "nonsense:x"}, "nonsense"},
		"unknown mock":          {[]string{"--target", "mock:vault-0.1"}, "vault-1.16"},
		"target twice":          {[]string{"--target", "mock", "--target", "mock"}, "twice"},
		"matrix format":         {[]string{"--format", "pdf"}, "markdown"},
		"update of nothing":     {[]string{"--update-baseline"}, "--baseline FILE"},
		"missing baseline":      {[]string{"--baseline", missing}, "--update-baseline"},
		"bad baseline":          {[]string{"--baseline", empty}, "no stored matrix"},
		"missing allowances":    {[]string{"--baseline", missing, "--allow", missing}, "--allow"},
		"missing plugins":       {[]string{"--plugins", missing}, "--plugins"},
		"bad image":             {[]string{"--probe-image", "probe:1"}, "--probe-image"},
		"runtime alone":         {[]string{"--probe-runtime", "runc"}, "--probe-image"},
		"unknown subcommand":    {[]string{"explian", "A"}, "explian"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := command(t, "", c.args...)
			g.Expect(r.code).To(Equal(2))
			g.Expect(r.err).To(MatchError(ContainSubstring(c.says)))
			g.Expect(r.out).To(BeEmpty())
		})
	}
}

func TestLintFailsOnConflictsOnly(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := command(t, "A=1\nVAULT_TOKEN=hvs.leaky\n", "lint", "--env-file", "-", "--plugin", "secret/mine:A=2")
	g.Expect(r.code).To(Equal(1))
	g.Expect(r.out).To(And(ContainSubstring("CONFLICT secret/mine A"), ContainSubstring("Conflicts: 1, warnings: 1, infos: 0.")))
	g.Expect(r.out).NotTo(ContainSubstring("leaky"))

	r = command(t, "VAULT_TOKEN=hvs.leaky\n", "lint", "--env-file", "-", "--plugin", "secret/mine:A=2")
	g.Expect(r.err).NotTo(HaveOccurred(), "warnings alone are no failure")
	g.Expect(r.out).To(ContainSubstring("no conflicts found between system and plugin environment variables"))

	r = command(t, "", "lint", "--env-file", file(t, "A=1"), "--plugin", "secret/mine:A=2", "--format", "json")
	g.Expect(r.code).To(Equal(1))
	var report struct {
		Findings []struct{ Level, Rule, Plugin, Variable string }
	}
	g.Expect(json.Unmarshal([]byte(r.out), &report)).To(Succeed())
	g.Expect(report.Findings).To(HaveLen(1))
	g.Expect(report.Findings[0].Level).To(Equal("conflict"))
}

func TestLintOfARunningCatalog(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	up := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !up {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"data": {"detailed": [{"type": "secret", "name": "mine", "builtin": false}]}}`))
	}))
	defer server.Close()
	names := file(t, "plugins: [{type: secret, name: mine, env_names: [A]}, {type: auth, name: gone, env_names: [A]}]")
	r := command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL, "--registrations", names)
	g.Expect(r.code).To(Equal(1))
	g.Expect(r.out).To(And(ContainSubstring("CONFLICT secret/mine A"), ContainSubstring("auth/gone is in")))

	r = command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL)
	g.Expect(r.code).To(BeZero())
	g.Expect(r.out).To(ContainSubstring("env-not-disclosed"))

	up = false
	r = command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL)
	g.Expect(r.code).To(Equal(3))
	g.Expect(r.err).To(MatchError(ContainSubstring("VAULT_TOKEN")))
}
