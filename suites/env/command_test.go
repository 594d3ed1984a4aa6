// SPDX-License-Identifier: MPL-2.0

package env_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	var out bytes.Buffer
	r := commandTo(t, &out, stdin, args...)
	r.out = out.String()
	return r
}

// commandTo is command with an output of the test's choice.
func commandTo(t *testing.T, out io.Writer, stdin string, args ...string) result {
	t.Helper()
	cmd := env.Command()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	var progress bytes.Buffer
	cmd.SetOut(out)
	cmd.SetErr(&progress)
	err := cmd.ExecuteContext(context.WithoutCancel(t.Context()))
	r := result{err: err}
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
		"lint of no plugin":     {[]string{"lint", "--env-file", empty}, "--registrations"},
		"container of no pod":   {[]string{"lint", "--env-file", empty, "--container", "vault", "--addr", "http://127.0.0.1:1"}, "--kubernetes"},
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
		"no servers at a time":  {[]string{"--parallel", "0"}, "--parallel 0"},
		"unwritable baseline":   {[]string{"--baseline", filepath.Join(missing, "x"), "--update-baseline"}, "can't be written"},
		"directory as baseline": {[]string{"--baseline", filepath.Dir(missing), "--update-baseline"}, "it is a directory"},
		"output as baseline":    {[]string{"--baseline", "-", "--update-baseline"}, "--format json"},
		"bad allowances":        {[]string{"--baseline", missing, "--allow", file(t, "- {row: a, raeson: x}"), "--update-baseline"}, `--allow: unusable list of allowed changes`},
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
	g.Expect(r.out).To(And(ContainSubstring("CONFLICT secret/mine A"), ContainSubstring("CONFLICT auth/gone A"), ContainSubstring("auth/gone is not in")))

	r = command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL)
	g.Expect(r.code).To(BeZero())
	g.Expect(r.out).To(And(ContainSubstring("env-not-disclosed"), ContainSubstring("1 of 1 plugins")))
	g.Expect(r.out).NotTo(ContainSubstring("no conflicts found"), "nothing was looked at")

	up = false
	r = command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL)
	g.Expect(r.code).To(Equal(3))
	g.Expect(r.err).To(MatchError(ContainSubstring("VAULT_TOKEN")))
}

// TestSecretsAreNotInErrors gives every input of the command a secret where its
// form is wrong.
func TestSecretsAreNotInErrors(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	plain := file(t, "A=1\n")
	for name, c := range map[string]struct {
		stdin string
		args  []string
		says  string
	}{
		"file, other syntax":        {"A=1\nDB_PASSWORD: hunter2\n", []string{"lint", "--env-file", "-"}, "line 2"},
		"file, base64":              {"A=1\nDB_PASSWORD: hunter2=\n", []string{"lint", "--env-file", "-"}, "line 2"},
		"file, no name":             {"=hunter2\n", []string{"lint", "--env-file", "-"}, "line 1"},
		"file, NUL":                 {"hunter2\x00=1\n", []string{"lint", "--env-file", "-"}, "line 1"},
		"unit, other syntax":        {"[Service]\nEnvironment=A=1 DB_PASSWORD:hunter2\n", []string{"lint", "--systemd-unit", "-"}, "assignment 2"},
		"unit, open quote":          {"[Service]\nEnvironment=\"A=hunter2\n", []string{"lint", "--systemd-unit", "-"}, "not closed"},
		"unit, not one":             {"[Service] hunter2\n", []string{"lint", "--systemd-unit", "-"}, "no systemd unit"},
		"container, other syntax":   {`[{"Config":{"Env":["A=1","DB_PASSWORD: hunter2"]}}]`, []string{"lint", "--docker-inspect", "-"}, "entry 2"},
		"container, no list":        {`[{"Config":{"Env":"hunter2"}}]`, []string{"lint", "--docker-inspect", "-"}, "byte 27"},
		"container, no JSON":        {`hunter2`, []string{"lint", "--docker-inspect", "-"}, "byte 1"},
		"manifest, no list":         {"kind: Pod\nspec: {containers: [{name: x, env: hunter2}]}", []string{"lint", "--kubernetes", "-"}, "line 2"},
		"manifest, name for value":  {"kind: Pod\nspec: {containers: [{name: x, env: [{name: A=hunter2}]}]}", []string{"lint", "--kubernetes", "-"}, "entry 1"},
		"manifest, anchor":          {"kind: Pod\nspec: {containers: [{name: x, env: [{name: A, value: *hunter2}]}]}", []string{"lint", "--kubernetes", "-"}, "needs quotes"},
		"registrations, no list":    {"plugins:\n- {type: secret, name: x, env: hunter2}", []string{"lint", "--env-file", plain, "--registrations", "-"}, "line 2"},
		"registrations, mapping":    {"plugins:\n- {type: secret, name: x, env: [{A: hunter2}]}", []string{"lint", "--env-file", plain, "--registrations", "-"}, "line 2"},
		"registrations, entry":      {"plugins:\n- {type: secret, name: x, env: ['A: hunter2']}", []string{"lint", "--env-file", plain, "--registrations", "-"}, "env, entry 1"},
		"registrations, env_names":  {"plugins:\n- {type: secret, name: x, env_names: [A=hunter2]}", []string{"lint", "--env-file", plain, "--registrations", "-"}, "env_names, entry 1"},
		"registrations, lost entry": {"plugins:\n- {type: secret, name: x, A=hunter2}", []string{"lint", "--env-file", plain, "--registrations", "-"}, "line 2"},
		"plugin without type":       {"", []string{"lint", "--env-file", plain, "--plugin", "mine:A=hunter2"}, "argument 1"},
		"plugin without variable":   {"", []string{"lint", "--env-file", plain, "--plugin", "secret/mine=A=hunter2"}, "argument 1"},
		"plugin, other syntax":      {"", []string{"lint", "--env-file", plain, "--plugin", "secret/mine:A: hunter2"}, "NAME=value"},
		"address":                   {"", []string{"lint", "--env-file", plain, "--addr", "http://me:hunter2@[x"}, "--addr"},
		"explain, host":             {"", []string{"explain", "A", "--host", "B=1", "--host", "hunter2"}, "--host, argument 2"},
		"explain, plugin":           {"", []string{"explain", "A", "--plugin", "=hunter2"}, "--plugin, argument 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := command(t, c.stdin, c.args...)
			g.Expect(r.code).To(Equal(2))
			g.Expect(r.err).To(MatchError(ContainSubstring(c.says)))
			g.Expect(r.err.Error() + r.out).NotTo(ContainSubstring(secret))
		})
	}
}

func TestATypoInTheRegistrationsIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	names := file(t, "plugins:\n- type: secret\n  nam: mine\n")
	r := command(t, "", "lint", "--env-file", file(t, "A=1"), "--registrations", names)
	g.Expect(r.code).To(Equal(2))
	g.Expect(r.err).To(MatchError(HaveSuffix(names + ` is no list of registrations: line 3: there is no field "nam"; known are type, name, version, oci_image, env, env_names`)))
}

func TestACatalogWithoutPluginsHasNoCleanBill(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data": {"detailed": [{"type": "secret", "name": "kv", "builtin": true}]}}`))
	}))
	defer server.Close()
	r := command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL)
	g.Expect(r.err).NotTo(HaveOccurred())
	g.Expect(r.out).To(ContainSubstring("has no plugin but those built in"))
	g.Expect(r.out).NotTo(ContainSubstring("no conflicts found"))
}

func TestAPartlyKnownCatalogHasNoCleanBill(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data": {"detailed": [{"type": "secret", "name": "mine"}, {"type": "auth", "name": "other"}]}}`))
	}))
	defer server.Close()
	r := command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL, "--plugin", "secret/mine:B=1")
	g.Expect(r.err).NotTo(HaveOccurred())
	g.Expect(r.out).NotTo(ContainSubstring("no conflicts found"))
	r = command(t, "A=1", "lint", "--env-file", "-", "--addr", server.URL, "--plugin", "secret/mine:A=1")
	g.Expect(r.code).To(Equal(1))
	g.Expect(r.out).To(ContainSubstring("[WARN]  conflict between system and plugin environment variable"), "one is certain")
}

// brokenOutput refuses what is written to it, as a full disk does.
type brokenOutput struct{}

func (brokenOutput) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestAReportThatCannotBeWrittenIsNotTheUsersFault(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"explain", "A"}, {"explain", "A", "--dialect", "vault-1.16"}, {"explain", "A", "--format", "json"},
		{"lint", "--env-file", "-", "--plugin", "secret/mine:A=1"},
		{"lint", "--env-file", "-", "--plugin", "secret/mine:A=1", "--format", "json"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := commandTo(t, brokenOutput{}, "", args...)
			g.Expect(r.err).To(MatchError(syscall.ENOSPC))
			g.Expect(r.code).To(Equal(3))
		})
	}
}
