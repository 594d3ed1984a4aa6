// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// result is what a command line came to.
type result struct {
	out  string
	code int
	err  string
}

// env runs 'plugproof env ARGS'.
func env(t *testing.T, args ...string) result {
	t.Helper()
	out, code, stderr := command(t, append([]string{"env"}, args...)...)
	return result{out, code, stderr}
}

// textFile writes a file of the test and returns its path.
func textFile(t *testing.T, text string) string {
	t.Helper()
	return write(t, "file", text)
}

func TestExplainSaysWhereTheDialectsDiffer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := env(t, "explain", "HTTP_PROXY", "--host", "HTTP_PROXY=corp", "--plugin", "HTTP_PROXY=eu")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(MatchRegexp(`(?m)^vault-1.15 +"corp" +host +registered "eu" +host-wins$`))
	g.Expect(r.out).To(MatchRegexp(`(?m)^vault-1.16 +"eu" +registered +host "corp" +plugin-wins$`))
	g.Expect(r.out).To(ContainSubstring("differ"))

	r = env(t, "explain", "A", "--plugin", "A=1")
	g.Expect(r.out).To(ContainSubstring("agree"))
}

func TestExplainDrawsTheStackOfOneDialect(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := env(t, "explain", "VAULT_VERSION", "--host", "VAULT_VERSION=9", "--plugin", "VAULT_VERSION=1", "--dialect", "vault-1.16")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(HavePrefix("VAULT_VERSION = \"1.16.0\"\nfrom the server's own variables"))
	g.Expect(r.out).To(MatchRegexp(`(?s)go-plugin.*▶ the server's own.*registered env +"1"  shadowed.*server's environment +"9"  shadowed.*plugin-wins`))

	r = env(t, "explain", "A", "--host", "A=1", "--oci-image", "--dialect", "vault-1.16")
	g.Expect(r.out).To(And(ContainSubstring("A is not set"), ContainSubstring("never reaches the plugin")))
}

func TestExplainReadsTheSourcesThatLintReads(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	unit := write(t, "vault.service", "[Service]\nEnvironment=A=top-secret\n")
	r := env(t, "explain", "A", unit, "--plugin", "A=mine", "--dialect", "vault-1.15")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(And(HavePrefix("A = <"+unit+", line 2>\nfrom the server's environment"), Not(ContainSubstring("top-secret"))))

	manifest := write(t, "pod.yaml", "kind: Pod\nspec: {containers: [{name: a, env: [{name: A, value: x}]}, {name: b}]}\n")
	r = env(t, "explain", "A", manifest, "--server-container", "b", "--dialect", "vault-1.15")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(HavePrefix("A is not set"))
}

func TestExplainAnswersForTheRealDeployment(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	root := t.TempDir()
	for name, text := range map[string]string{
		"usr/lib/systemd/system/vault.service":             "[Service]\nEnvironment=HTTP_PROXY=leaky\nEnvironment=\"HTTPS_PROXY=http://u:Pa%40leaky@x\"\n",
		"etc/systemd/system/vault.service.d/override.conf": "[Service]\nEnvironment=VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true\n",
	} {
		path := filepath.Join(root, name)
		g.Expect(os.MkdirAll(filepath.Dir(path), 0o750)).To(Succeed())
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	}
	unit := filepath.Join(root, "usr/lib/systemd/system/vault.service")
	for _, args := range [][]string{{"--systemd-unit", unit}, {unit}, {"--root", root, "vault.service"}, {"--root", root, "vault"}} {
		r := env(t, append([]string{"explain", "HTTP_PROXY", "--plugin", "HTTP_PROXY=eu", "--dialect", "vault-1.16"}, args...)...)
		g.Expect(r.code).To(BeZero(), r.err)
		g.Expect(r.out).To(HavePrefix("HTTP_PROXY = <"+unit+", line 2>\nfrom the server's environment"), "the opt-out of the drop-in counts")
		g.Expect(r.out).NotTo(ContainSubstring("leaky"))
	}
	// What systemd ignores is not there, and it says why.
	r := env(t, "explain", "HTTPS_PROXY", unit, "--dialect", "vault-1.16")
	g.Expect(r.out).To(And(ContainSubstring("HTTPS_PROXY is not set"), ContainSubstring("%4"), Not(ContainSubstring("leaky"))))
	r = env(t, "explain", "HTTPS_PROXY", unit, "--dialect", "vault-1.16", "--format", "json")
	g.Expect(json.Valid([]byte(r.out))).To(BeTrue())
	g.Expect(r.out).To(And(ContainSubstring("%4"), Not(ContainSubstring("leaky"))))
}

func TestExplainForPrograms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := env(t, "explain", "BAO_VERSION", "--host", "BAO_VERSION=host", "--dialect", "openbao-2.5", "--format", "json")
	g.Expect(r.code).To(BeZero(), r.err)
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
	r := env(t, "explain", "VAULT_UNWRAP_TOKEN", "--no-automtls", "--dialect", "vault-1.16")
	g.Expect(r.out).To(ContainSubstring("generated"))
	r = env(t, "explain", "PLUGIN_CLIENT_CERT", "--no-automtls", "--dialect", "vault-1.16")
	g.Expect(r.out).To(ContainSubstring("is not set"))
}

func TestBadInputIsWrongUsage(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	empty := textFile(t, "")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no name":               {[]string{"explain"}, "usage: plugproof env explain NAME"},
		"missing file":          {[]string{"explain", "A", missing}, "no such file"},
		"empty name":            {[]string{"explain", ""}, "empty"},
		"name with =":           {[]string{"explain", "A=1"}, "contains ="},
		"name with NUL":         {[]string{"explain", "A\x00"}, "NUL"},
		"value with NUL":        {[]string{"explain", "A", "--host", "A=\x00"}, "NUL"},
		"host without =":        {[]string{"explain", "A", "--host", "A"}, "NAME=value"},
		"plugin without a name": {[]string{"explain", "A", "--plugin", "=1"}, "name is empty"},
		"unknown dialect":       {[]string{"explain", "A", "--dialect", "vault-0.1"}, "known are"},
		"unknown format":        {[]string{"explain", "A", "--format", "xml"}, "text and json"},
		"unknown flag":          {[]string{"explain", "A", "--nope"}, "nope"},
		"lint without source":   {[]string{"lint"}, "no source"},
		"lint of no file":       {[]string{"lint", missing}, "no such file"},
		"lint format":           {[]string{"lint", "--env-file", empty, "--format", "x"}, "markdown and sarif"},
		"lint of no plugin":     {[]string{"lint", "--env-file", empty}, "--registrations"},
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
		"bad baseline":          {[]string{"--baseline", empty}, "not a stored matrix"},
		"missing allowances":    {[]string{"--baseline", missing, "--deviations", missing}, "--deviations"},
		"missing plugins":       {[]string{"--plugins", missing}, "--plugins"},
		"bad image":             {[]string{"--probe-image", "probe:1"}, "--probe-image"},
		"runtime alone":         {[]string{"--probe-runtime", "runc"}, "--probe-image"},
		"no servers at a time":  {[]string{"--concurrency", "0"}, "--concurrency"},
		"unwritable baseline":   {[]string{"--baseline", filepath.Join(missing, "x"), "--update-baseline"}, "can't be written"},
		"directory as baseline": {[]string{"--baseline", filepath.Dir(missing), "--update-baseline"}, "it is a directory"},
		"output as baseline":    {[]string{"--baseline", "-", "--update-baseline"}, "--format json"},
		"bad allowances":        {[]string{"--baseline", missing, "--deviations", textFile(t, "- {row: a, raeson: x}"), "--update-baseline"}, `there is no field "raeson"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := env(t, c.args...)
			g.Expect(r.code).To(Equal(2))
			g.Expect(r.err).To(ContainSubstring(c.says))
			g.Expect(r.out).To(BeEmpty())
		})
	}
}

func TestLintFailsOnConflictsOnly(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := env(t, "lint", "--env-file", textFile(t, "A=1\nVAULT_TOKEN=hvs.leaky\n"), "--plugin", "secret/mine:A=2")
	g.Expect(r.code).To(Equal(1))
	g.Expect(r.out).To(And(ContainSubstring("CONFLICT secret/mine A"), ContainSubstring("Conflicts: 1, warnings: 1, infos: 0.")))
	g.Expect(r.out).NotTo(ContainSubstring("leaky"))

	r = env(t, "lint", "--env-file", textFile(t, "VAULT_TOKEN=hvs.leaky\n"), "--plugin", "secret/mine:A=2")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(ContainSubstring("no conflicts found between system and plugin environment variables"))

	r = env(t, "lint", "--env-file", textFile(t, "A=1"), "--plugin", "secret/mine:A=2", "--format", "json")
	g.Expect(r.code).To(Equal(1))
	var report struct {
		Findings []struct{ Level, Rule, Plugin, Variable string }
	}
	g.Expect(json.Unmarshal([]byte(r.out), &report)).To(Succeed())
	g.Expect(report.Findings).To(HaveLen(1))
	g.Expect(report.Findings[0].Level).To(Equal("conflict"))
}

// TestLintCanBeToldToFailWhereItCannotSee: a pipeline may want no bill that rests on
// what could not be seen.
func TestLintCanBeToldToFailWhereItCannotSee(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	whole := textFile(t, "A=1\n")
	unit := write(t, "vault.service", "[Service]\nExecStart=/usr/bin/vault server\nEnvironmentFile=/etc/not-here.env\n")
	for _, test := range []struct {
		file []string
		args []string
		code int
	}{
		{[]string{"--env-file", whole}, nil, 0},
		{[]string{"--env-file", whole}, []string{"--require-all"}, 0},
		{[]string{unit}, nil, 0},
		{[]string{unit}, []string{"--require-all"}, 1},
	} {
		r := env(t, slices.Concat([]string{"lint", "--plugin", "secret/mine:B=2"}, test.file, test.args)...)
		g.Expect(r.code).To(Equal(test.code), "%v %v: %s%s", test.file, test.args, r.out, r.err)
		if test.code == 1 {
			g.Expect(r.err).To(ContainSubstring("incomplete"))
		}
	}
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
	names := textFile(t, "plugins: [{type: secret, name: mine, env_names: [A]}, {type: auth, name: gone, env_names: [A]}]")
	r := env(t, "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL, "--registrations", names)
	g.Expect(r.code).To(Equal(1))
	g.Expect(r.out).To(And(ContainSubstring("CONFLICT secret/mine A"), ContainSubstring("CONFLICT auth/gone A"), ContainSubstring("auth/gone is not in")))

	r = env(t, "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL)
	g.Expect(r.code).To(BeZero())
	g.Expect(r.out).To(And(ContainSubstring("env-not-disclosed"), ContainSubstring("1 of 1 plugins")))
	g.Expect(r.out).NotTo(ContainSubstring("no conflicts found"), "nothing was looked at")

	up = false
	r = env(t, "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL)
	g.Expect(r.code).To(Equal(3))
	g.Expect(r.err).To(ContainSubstring("VAULT_TOKEN"))
}

// TestSecretsAreNotInErrors gives every input of the command a secret where its
// form is wrong.
func TestSecretsAreNotInErrors(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	plain := textFile(t, "A=1\n")
	for name, c := range map[string]struct {
		input string
		args  []string
		says  string
	}{
		"file, NUL":                 {"hunter2\x00=1\n", []string{"lint", "--env-file", "-"}, "NUL"},
		"unit, not one":             {"[Service] hunter2\n", []string{"lint", "--systemd-unit", "-"}, "not closed"},
		"container, no list":        {`[{"Config":{"Env":"hunter2"}}]`, []string{"lint", "--docker-inspect", "-"}, "line 1, column 27"},
		"container, no JSON":        {`hunter2`, []string{"lint", "--docker-inspect", "-"}, "line 1, column 1"},
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
			args := slices.Clone(c.args)
			if i := slices.Index(args, "-"); i >= 0 {
				args[i] = textFile(t, c.input)
			}
			r := env(t, args...)
			g.Expect(r.code).To(Equal(2))
			g.Expect(r.err).To(ContainSubstring(c.says))
			g.Expect(r.err + r.out).NotTo(ContainSubstring(secret))
		})
	}
}

// TestSecretsAreNotInReports gives lint what programs ignore rather than refuse,
// with a secret where its form is wrong.
func TestSecretsAreNotInReports(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, c := range map[string]struct{ input, flag, says string }{
		"file, other syntax":      {"A=1\nDB_PASSWORD: hunter2\n", "--env-file", "line 2"},
		"file, base64":            {"A=1\nDB_PASSWORD: hunter2=\n", "--env-file", "line 2"},
		"file, no name":           {"=hunter2\n", "--env-file", "line 1"},
		"unit, other syntax":      {"[Service]\nEnvironment=A=1 DB_PASSWORD:hunter2\n", "--systemd-unit", "Assignment 2"},
		"unit, open quote":        {"[Service]\nEnvironment=\"A=hunter2\n", "--systemd-unit", "not closed"},
		"docker, a line":          {"A=1\nhunter2\n", "--docker-env-file", "line 2"},
		"compose, a line":         {"A=1\nhunter2\n", "--dotenv", "line 2"},
		"compose, an entry":       {"services:\n  v:\n    image: x\n    environment:\n    - hunter2\n", "--compose", "line 5"},
		"container, other syntax": {`[{"Config":{"Env":["A=1","DB_PASSWORD: hunter2"]}}]`, "--docker-inspect", "Entry 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			for _, format := range []string{"text", "json", "markdown", "sarif"} {
				r := env(t, "lint", c.flag, textFile(t, c.input), "--plugin", "secret/mine:X=1", "--format", format)
				g.Expect(r.code).To(BeZero(), r.err)
				g.Expect(r.out).To(ContainSubstring(c.says[:4]), format)
				g.Expect(r.err + r.out).NotTo(ContainSubstring(secret))
			}
			r := env(t, "lint", c.flag, textFile(t, c.input), "--plugin", "secret/mine:X=1")
			g.Expect(r.out).To(ContainSubstring(c.says))
		})
	}
}

func TestATypoInTheRegistrationsIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	names := textFile(t, "plugins:\n- type: secret\n  nam: mine\n")
	r := env(t, "lint", "--env-file", textFile(t, "A=1"), "--registrations", names)
	g.Expect(r.code).To(Equal(2))
	g.Expect(r.err).To(HaveSuffix(names + ` is not a list of registrations: line 3: there is no field "nam"; known are type, name, version, oci_image, env, env_names` + "\n"))
}

func TestACatalogWithoutPluginsHasNoCleanBill(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data": {"detailed": [{"type": "secret", "name": "kv", "builtin": true}]}}`))
	}))
	defer server.Close()
	r := env(t, "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL)
	g.Expect(r.code).To(BeZero(), r.err)
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
	r := env(t, "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL, "--plugin", "secret/mine:B=1")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).NotTo(ContainSubstring("no conflicts found"))
	r = env(t, "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL, "--plugin", "secret/mine:A=1")
	g.Expect(r.code).To(Equal(1))
	g.Expect(r.out).To(ContainSubstring("[WARN]  conflict between system and plugin environment variable"), "one is certain")
}

// TestAReportThatCannotBeWrittenIsNotTheUsersFault writes to a device that is
// always full.
func TestAReportThatCannotBeWrittenIsNotTheUsersFault(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	plain := textFile(t, "A=1\n")
	for _, args := range [][]string{
		{"explain", "A"}, {"explain", "A", "--dialect", "vault-1.16"}, {"explain", "A", "--format", "json"},
		{"lint", "--env-file", plain, "--plugin", "secret/mine:A=1"},
		{"lint", "--env-file", plain, "--plugin", "secret/mine:A=1", "--format", "json"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := env(t, append(args, "--output", "/dev/full")...)
			g.Expect(r.err).To(ContainSubstring("no space left"))
			g.Expect(r.code).To(Equal(3))
		})
	}
}
