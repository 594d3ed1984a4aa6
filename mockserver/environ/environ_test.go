// SPDX-License-Identifier: MPL-2.0

package environ_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// measured is one question to a recorded server; the names are those of the
// cases in the recordings.
type measured struct {
	recording  string
	host       []string
	registered []string
	name       string
	hostWins   string // Vault 1.14.3 and OpenBao 2.5.5
	pluginWins string // vault/sdk 0.25.1
}

func measurements() []measured {
	layering := []string{"SOURCE=child"}
	return []measured{
		{"env-conflict", []string{"SOURCE=parent"}, layering, "SOURCE", "parent", "child"},
		{"env-conflict-legacy-1", []string{"SOURCE=parent", environ.OptOut + "=1"}, layering, "SOURCE", "parent", "parent"},
		{"env-conflict-legacy-true", []string{"SOURCE=parent", environ.OptOut + "=true"}, layering, "SOURCE", "parent", "parent"},
		{"env-conflict-legacy-false", []string{"SOURCE=parent", environ.OptOut + "=false"}, layering, "SOURCE", "parent", "child"},
		{"env-conflict-legacy-empty", []string{"SOURCE=parent", environ.OptOut + "="}, layering, "SOURCE", "parent", "child"},
		{"env-conflict-legacy-yes", []string{"SOURCE=parent", environ.OptOut + "=yes"}, layering, "SOURCE", "parent", "child"},
		{"env-conflict-legacy-in-plugin-env", []string{"SOURCE=parent"}, []string{"SOURCE=child", environ.OptOut + "=true"}, "SOURCE", "parent", "child"},
		{"env-conflict-legacy-in-plugin-env", nil, []string{environ.OptOut + "=true"}, environ.OptOut, "true", "true"},
		{"env-case", []string{"http_proxy=host-lower"}, []string{"HTTP_PROXY=eu"}, "http_proxy", "host-lower", "host-lower"},
		{"env-case", []string{"http_proxy=host-lower"}, []string{"HTTP_PROXY=eu"}, "HTTP_PROXY", "eu", "eu"},
		{"env-empty-values", []string{"A=host"}, []string{"A="}, "A", "host", ""},
		{"env-empty-values", []string{"EMPTY_HOST="}, []string{"EMPTY_HOST=x"}, "EMPTY_HOST", "", "x"},
		{"env-equals-in-value", []string{"B=1=2"}, []string{"B=x=y"}, "B", "1=2", "x=y"},
		{"env-internal-version", []string{"VAULT_VERSION=host"}, []string{"VAULT_VERSION=plugin"}, "VAULT_VERSION", "host", "oracle"},
		{"env-internal-version-host-only", []string{"VAULT_VERSION=9.9.9"}, nil, "VAULT_VERSION", "9.9.9", "oracle"},
		{"env-internal-metadata", []string{"VAULT_PLUGIN_METADATA_MODE=host"}, []string{"VAULT_PLUGIN_METADATA_MODE=plugin"}, "VAULT_PLUGIN_METADATA_MODE", "host", "false"},
		{"env-cookie", []string{"VAULT_BACKEND_PLUGIN=host"}, []string{"VAULT_BACKEND_PLUGIN=plugin"}, "VAULT_BACKEND_PLUGIN", "cookie", "cookie"},
		{"env-proxy", []string{"NO_PROXY=a,b"}, []string{"NO_PROXY=c"}, "NO_PROXY", "a,b", "c"},
		{"env-unicode-space", []string{"U=höst"}, []string{"U=pl üg in ✓"}, "U", "höst", "pl üg in ✓"},
		{"env-unicode-space", nil, []string{"NL=a\nb"}, "NL", "a\nb", "a\nb"},
		{"env-odd-names", nil, []string{"with.dot=1", "=novalue", "9digit=3"}, "9digit", "3", "3"},
	}
}

func input(m measured, rule environ.Rule) environ.Input {
	return environ.Input{
		Rule:       rule,
		Host:       m.host,
		Registered: m.registered,
		Server:     environ.ServerInfo{Prefixes: []string{"VAULT_"}, Version: "oracle", AutoMTLS: true}.Entries(),
		GoPlugin:   []string{"VAULT_BACKEND_PLUGIN=cookie"},
	}
}

func TestComposeAndExplainAnswerAsTheRecordedServers(t *testing.T) {
	t.Parallel()
	for _, m := range measurements() {
		for rule, want := range map[environ.Rule]string{environ.HostWins: m.hostWins, environ.PluginWins: m.pluginWins} {
			t.Run(m.recording+"/"+rule.String()+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				in := input(m, rule)

				got, set := environ.Lookup(append(environ.Compose(in), in.GoPlugin...), m.name)
				g.Expect(set).To(BeTrue())
				g.Expect(got).To(Equal(want))

				e := environ.Explain(in, m.name)
				g.Expect(e.Set).To(BeTrue())
				g.Expect(e.Winner.Value).To(Equal(want))
			})
		}
	}
}

func TestTheOptOutIsParsedAsGoParsesABool(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"1": true, "t": true, "T": true, "TRUE": true, "true": true, "True": true,
		"0": false, "f": false, "false": false, "": false, "yes": false, "on": false, " true": false, "tRUE": false,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			g.Expect(environ.OptedOut([]string{environ.OptOut + "=" + value})).To(Equal(want))
		})
	}
}

func TestExplainTellsWhatIsShadowedStrongestFirst(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	in := environ.Input{
		Rule:       environ.PluginWins,
		Host:       []string{"VAULT_VERSION=host"},
		Registered: []string{"VAULT_VERSION=first", "VAULT_VERSION=second"},
		Server:     []string{"VAULT_VERSION=1.16.0"},
	}
	e := environ.Explain(in, "VAULT_VERSION")
	g.Expect(e.Winner).To(Equal(environ.Entry{Layer: environ.Server, Value: "1.16.0"}))
	g.Expect(e.Shadowed).To(Equal([]environ.Entry{
		{Layer: environ.Registered, Value: "second"},
		{Layer: environ.Registered, Value: "first"},
		{Layer: environ.Host, Value: "host"},
	}))
	g.Expect(e.Order.Name).To(Equal("plugin-wins"))
}

func TestAContainerGetsNothingOfTheHost(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	in := environ.Input{
		Rule:       environ.PluginWins,
		Host:       []string{"A=host", "B=host", environ.OptOut + "=true"},
		Registered: []string{"A=plugin"},
		Container:  true,
	}
	g.Expect(environ.Compose(in)).To(Equal([]string{"A=plugin"}))
	g.Expect(environ.Explain(in, "A").Winner.Value).To(Equal("plugin"))
	b := environ.Explain(in, "B")
	g.Expect(b.Set).To(BeFalse())
	g.Expect(b.Excluded).To(Equal([]environ.Entry{{Layer: environ.Host, Value: "host"}}))
}

func TestComposeIsNeverNil(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(environ.Compose(environ.Input{Container: true})).NotTo(BeNil())
}

func TestComposeKeepsTheCallersSlices(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	registered := slices.Grow([]string{"A=1"}, 10)
	in := environ.Input{Rule: environ.HostWins, Registered: registered, Host: []string{"B=2"}}
	_ = append(environ.Compose(in), "C=3")
	g.Expect(registered[:2:2][1]).To(BeEmpty(), "Compose wrote behind the registered entries")
}

func TestOwnSetsEachVariableUnderEachPrefix(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	own := environ.ServerInfo{Prefixes: []string{"BAO_", "VAULT_"}, Version: "2.0.0", UnwrapToken: "tok", Mlock: true}
	g.Expect(own.Entries()).To(ConsistOf(
		"BAO_PLUGIN_MLOCK_ENABLED=true", "VAULT_PLUGIN_MLOCK_ENABLED=true",
		"BAO_VERSION=2.0.0", "VAULT_VERSION=2.0.0",
		"BAO_PLUGIN_METADATA_MODE=false", "VAULT_PLUGIN_METADATA_MODE=false",
		"BAO_PLUGIN_AUTOMTLS_ENABLED=false", "VAULT_PLUGIN_AUTOMTLS_ENABLED=false",
		"BAO_UNWRAP_TOKEN=tok", "VAULT_UNWRAP_TOKEN=tok",
	))
}
