// SPDX-License-Identifier: MPL-2.0

package lint_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
	"github.com/plugproof/plugproof/suites/env/lint"
)

func host(t *testing.T, lines ...string) hostenv.Environment {
	t.Helper()
	e, err := systemd.EnvironmentFile("test", strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func registered(t *testing.T, entries ...string) []lint.Registration {
	t.Helper()
	var args []string
	for _, e := range entries {
		args = append(args, "secret/mine:"+e)
	}
	r, err := lint.ParsePlugins(args)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEachRuleFindsItsCaseAndNoOther(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host       []string
		registered []string
		want       []string // level rule variable
	}{
		"nothing in common":            {[]string{"A=1"}, []string{"B=1"}, nil},
		"conflict":                     {[]string{"A=1"}, []string{"A=2"}, []string{"conflict conflict A"}},
		"conflict of equal values":     {[]string{"A=1"}, []string{"A=1"}, []string{"conflict conflict A"}},
		"other case is not a conflict": {[]string{"a=1"}, []string{"A=1"}, nil},
		"bare entry":                   {[]string{"A=1"}, []string{"A"}, []string{"warning sets-nothing A", "info conflict A"}},
		"twice":                        {nil, []string{"A=1", "A=2"}, []string{"warning registered-twice A"}},
		"NO_PROXY":                     {[]string{"NO_PROXY=a"}, []string{"NO_PROXY=b"}, []string{"conflict conflict NO_PROXY", "warning no-proxy-replaced NO_PROXY"}},
		"twin":                         {[]string{"http_proxy=a"}, []string{"HTTP_PROXY=b"}, []string{"warning case-twin HTTP_PROXY"}},
		"twin of equal value":          {[]string{"http_proxy=a"}, []string{"HTTP_PROXY=a"}, nil},
		"both twins registered":        {[]string{"http_proxy=a"}, []string{"HTTP_PROXY=b", "http_proxy=b"}, []string{"conflict conflict http_proxy"}},
		"server's own, registered":     {nil, []string{"VAULT_VERSION=1"}, []string{"warning server-overrides VAULT_VERSION"}},
		"server's own, host":           {[]string{"BAO_VERSION=1"}, nil, []string{"warning host-hides-server-variable BAO_VERSION"}},
		"go-plugin's":                  {[]string{"PLUGIN_MIN_PORT=1"}, []string{"PLUGIN_MAX_PORT=1"}, []string{"warning always-overridden PLUGIN_MIN_PORT", "warning always-overridden PLUGIN_MAX_PORT"}},
		"opt-out registered":           {nil, []string{environ.OptOut + "=true"}, []string{"warning opt-out-without-effect " + environ.OptOut}},
		"opt-out not a bool":           {[]string{environ.OptOut + "=yes"}, nil, []string{"warning opt-out-not-a-bool " + environ.OptOut}},
		"opt-out on":                   {[]string{environ.OptOut + "=T"}, nil, []string{"info opt-out-on " + environ.OptOut}},
		"opt-out off":                  {[]string{environ.OptOut + "=0"}, nil, nil},
		"too long":                     {nil, []string{"A=" + strings.Repeat("x", 131_072)}, []string{"warning too-long A"}},
		"as long as can be":            {nil, []string{"A=" + strings.Repeat("x", 131_069)}, nil},
		"secret by name":               {[]string{"AWS_SECRET_ACCESS_KEY=x", "AWS_ACCESS_KEY_ID=x", "VAULT_TOKEN=", "TOKEN_FILE=/x"}, nil, []string{"warning secret-inherited AWS_SECRET_ACCESS_KEY"}},
		"secret in a URL":              {[]string{"DB=postgres://u:p@h/d", "WEB=https://u@h"}, nil, []string{"warning secret-inherited DB"}},
		"token by its form":            {[]string{"X=hvs.abc"}, nil, []string{"warning secret-inherited X"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			report := lint.Check(host(t, c.host...), registered(t, c.registered...))
			var got []string
			for _, f := range report.Findings {
				g.Expect(f.Message).NotTo(BeEmpty())
				g.Expect(f.Remedy).NotTo(BeEmpty())
				got = append(got, strings.TrimSpace(string(f.Level)+" "+f.Rule+" "+f.Variable))
			}
			g.Expect(got).To(Equal(c.want))
		})
	}
}

func TestNoProxyNamesTheExceptionsThatAreLost(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	report := lint.Check(host(t, "NO_PROXY=a, b,c"), registered(t, "NO_PROXY=b"))
	g.Expect(report.Findings[1].Message).To(ContainSubstring("the exceptions a, c "))
}

func TestSecretValuesAreNeverReported(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	report := lint.Check(host(t, "VAULT_TOKEN=hvs.leaky", "DB=postgres://u:leaky@h/d", "A=leaky"),
		registered(t, "VAULT_TOKEN=leaky", "A=leaky", "B=leaky"))
	raw, err := json.Marshal(report)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(report.Findings).NotTo(BeEmpty())
	g.Expect(string(raw)).NotTo(ContainSubstring("leaky"))
}

func TestServerLogIsWhatTheServerWouldWarn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	report := lint.Check(host(t, "A=1"), registered(t, "A=2"))
	g.Expect(report.ServerLog).To(Equal([]string{
		`[WARN]  conflict between system and plugin environment variable: type=secret name=mine version="" variable=A`,
		`[WARN]  conflicts found between system and plugin environment variables, system environment variables will take precedence until flag is disabled: VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true`,
	}))
	report = lint.Check(host(t, "B=1"), registered(t, "A=2"))
	g.Expect(report.ServerLog).To(Equal([]string{
		"[INFO]  no conflicts found between system and plugin environment variables",
	}))
}

func TestAnOptOutWithoutAValueIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	vars := make(hostenv.Set)
	vars.Unknown(environ.OptOut, "an EnvironmentFile= that is missing", hostenv.Place{File: "x", Line: 2})
	r := lint.Check(hostenv.Environment{Variables: vars.Sorted()}, registered(t, "A=1"))
	g.Expect(r.Findings).To(ConsistOf(And(HaveField("Rule", "opt-out-unknown"), HaveField("Place.Line", 2))))
}

func TestReadRegistrations(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	registrations, err := lint.ReadRegistrations("x.yaml", strings.NewReader(`
plugins:
  - {type: secret, name: mine, version: v1.0.0, env: [A=1, BARE]}
  - {type: auth, name: eu, env: {B: 2, A: x}}
  - {type: database, name: db, oci_image: i, env_names: [C]}
`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(registrations).To(HaveLen(3))
	g.Expect(registrations[0].String()).To(Equal("secret/mine@v1.0.0"))
	at := func(line int) hostenv.Place { return hostenv.Place{File: "x.yaml", Line: line} }
	g.Expect(registrations[0].Env).To(Equal([]lint.Entry{{Name: "A", Value: "1", Known: true, Place: at(3)}, {Name: "BARE", Known: true, Bare: true, Place: at(3)}}))
	g.Expect(registrations[1].Env).To(Equal([]lint.Entry{{Name: "A", Value: "x", Known: true, Place: at(4)}, {Name: "B", Value: "2", Known: true, Place: at(4)}}))
	g.Expect(registrations[2].Container).To(BeTrue())
	g.Expect(registrations[2].Env).To(Equal([]lint.Entry{{Name: "C", Place: at(5)}}))
}

func TestContainersHaveNoConflicts(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	registrations := registered(t, "A=1", "NO_PROXY=x")
	registrations[0].Container = true
	report := lint.Check(host(t, "A=2", "NO_PROXY=y"), registrations)
	g.Expect(report.Count(lint.Conflict)).To(BeZero())
	g.Expect(report.Count(lint.Warning)).To(BeZero())
	g.Expect(report.Count(lint.Info)).To(Equal(2), "the server warns about both names")
}

func TestBadRegistrations(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range []string{
		"", "plugins: []", "nonsense", "plugins: [{type: kms, name: x}]", "plugins: [{type: auth}]",
		"plugins: [{type: auth, name: x, unknown: 1}]", `plugins: [{type: auth, name: x, env: ["=1"]}]`,
		`plugins: [{type: auth, name: x, env: ["A=\0"]}]`, "plugins: [{type: auth, name: x, env_names: [A=1]}]",
		"plugins: [{type: auth, name: x, env: 1}]",
	} {
		_, err := lint.ReadRegistrations("x.yaml", strings.NewReader(text))
		g.Expect(err).To(MatchError(hostenv.ErrInput), text)
	}
	for _, arg := range []string{"", "mine:A=1", "secret/mine", "secret/:A=1", "kms/x:A=1", "secret/x:=1", "secret/x:"} {
		_, err := lint.ParsePlugins([]string{arg})
		g.Expect(err).To(MatchError(hostenv.ErrInput), arg)
	}
}

func TestTheCatalogOfARunningServerIsJoinedWithTheManifest(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/sys/plugins/catalog" || r.Header.Get("X-Vault-Token") != "root" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"data": {"detailed": [
			{"type": "secret", "name": "kv", "version": "v0.1.0+builtin", "builtin": true},
			{"type": "secret", "name": "mine", "version": "v1.0.0", "builtin": false},
			{"type": "secret", "name": "mine", "version": "v2.0.0", "builtin": false},
			{"type": "auth", "name": "undocumented", "version": "", "builtin": false}]}}`))
	}))
	defer server.Close()
	client, err := api.NewClient(&api.Config{Address: server.URL, MaxRetries: 0})
	g.Expect(err).NotTo(HaveOccurred())

	client.SetToken("wrong")
	_, err = lint.ReadCatalog(t.Context(), client)
	g.Expect(err).To(MatchError(lint.ErrServer))

	client.SetToken("root")
	catalog, err := lint.ReadCatalog(t.Context(), client)
	g.Expect(err).NotTo(HaveOccurred())
	manifest, err := lint.ReadRegistrations("x", strings.NewReader(`
plugins:
  - {type: secret, name: mine, env_names: [A]}
  - {type: secret, name: mine, version: 2.0.0, env_names: [B]}
  - {type: secret, name: gone, env_names: [A]}
`))
	g.Expect(err).NotTo(HaveOccurred())
	joined, stale := lint.Join(catalog, manifest)
	g.Expect(stale).To(HaveLen(1))
	g.Expect(stale[0].Name).To(Equal("gone"))

	report := lint.Check(host(t, "A=1", "B=1"), joined)
	var got []string
	for _, f := range report.Findings {
		got = append(got, f.Plugin+" "+f.Rule+" "+f.Variable)
	}
	g.Expect(got).To(Equal([]string{
		"secret/mine@v1.0.0 conflict A", "secret/mine@v2.0.0 conflict B", "auth/undocumented env-not-disclosed ",
	}))
}

func TestTheReportListsVariablesWithoutValues(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	report := lint.Check(host(t, "# c", "A=leaky"), registered(t, "B=1"))
	g.Expect(report.Variables).To(Equal([]lint.Variable{{Name: "A", Place: hostenv.Place{File: "test", Line: 2}}}))
}

// TestWhatWasNotSeenIsNoCleanBill: without conflicts, the server's own words for "no
// conflicts" are not printed.
func TestWhatWasNotSeenIsNoCleanBill(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	environment := host(t, "A=1")
	environment.Remarks = append(environment.Remarks, hostenv.Remark{Kind: hostenv.Unseen, Rule: "x", Message: "m", Remedy: "r"})
	report := lint.Check(environment, registered(t, "B=1"))
	g.Expect(report.Complete).To(BeFalse())
	g.Expect(report.ServerLog).To(BeEmpty())
	g.Expect(lint.Check(environment, registered(t, "A=1")).ServerLog).NotTo(BeEmpty(), "one is certain")
}
