// SPDX-License-Identifier: MPL-2.0

package explain_test

import (
	"bytes"
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/explain"
	"github.com/plugproof/plugproof/suites/env/hostenv"
)

func environment(complete bool) *hostenv.Environment {
	vars := make(hostenv.Set)
	vars.Known("HTTP_PROXY", "top-secret", hostenv.Place{File: "vault.env", Line: 3})
	vars.Unknown("TOKEN", "Secret vault, key token", hostenv.Place{File: "pod.yaml", Line: 9})
	e := &hostenv.Environment{Source: "vault.service", Variables: vars.Sorted(), Read: []string{"vault.service", "vault.env"}, Notes: []string{"A note."}}
	if !complete {
		e.Remarks = []hostenv.Remark{{Kind: hostenv.Unseen, Rule: "r", Place: hostenv.Place{File: "vault.service", Line: 4}, Message: "The file is missing.", Remedy: "Give it."}}
	}
	return e
}

func answers(t *testing.T, name string, p explain.Plugin, dialects ...string) (text string, programs []explain.Answer) {
	t.Helper()
	chosen := dialect.All()
	if len(dialects) > 0 {
		chosen = nil
		for _, name := range dialects {
			d, err := dialect.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			chosen = append(chosen, d)
		}
	}
	programs = explain.Variable(name, p, chosen)
	var out bytes.Buffer
	if err := explain.WriteText(&out, name, programs); err != nil {
		t.Fatal(err)
	}
	return out.String(), programs
}

func TestValuesOfSourcesAreNotShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, programs := answers(t, "HTTP_PROXY", explain.Plugin{Environment: environment(true), Registered: []string{"HTTP_PROXY=eu"}})
	g.Expect(text).To(MatchRegexp(`(?m)^vault-1.15 +<vault.env, line 3> +host +registered "eu" +host-wins$`))
	g.Expect(text).To(MatchRegexp(`(?m)^vault-1.16 +"eu" +registered +host <vault.env, line 3> +plugin-wins$`))
	g.Expect(text).To(ContainSubstring("read    vault.service, vault.env"))
	raw, err := json.Marshal(programs)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(text + string(raw)).NotTo(ContainSubstring("top-secret"))
	g.Expect(programs[0].Server.Place).To(Equal(hostenv.Place{File: "vault.env", Line: 3}))

	text, _ = answers(t, "TOKEN", explain.Plugin{Environment: environment(true)}, "vault-1.15")
	g.Expect(text).To(HavePrefix("TOKEN = <Secret vault, key token>\n"))
}

func TestWhatCouldNotBeSeenIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, programs := answers(t, "OTHER", explain.Plugin{Environment: environment(false)}, "vault-1.16")
	g.Expect(text).To(ContainSubstring("OTHER was not seen in the server's environment, but not all of that could be seen."))
	g.Expect(text).To(ContainSubstring("vault.service, line 4: The file is missing. Give it."))
	g.Expect(programs[0].Server.Complete).To(BeFalse())

	text, _ = answers(t, "OTHER", explain.Plugin{Environment: environment(true)}, "vault-1.16")
	g.Expect(text).NotTo(ContainSubstring("could be seen"))
}

func TestFlagsWinOverSources(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, _ := answers(t, "HTTP_PROXY", explain.Plugin{Environment: environment(true), Host: []string{"HTTP_PROXY=mine"}}, "vault-1.15")
	g.Expect(text).To(HavePrefix("HTTP_PROXY = \"mine\"\n"))
}

func TestTheOptOutOfASourceCounts(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := environment(true)
	vars := make(hostenv.Set)
	for _, v := range e.Variables {
		vars[v.Name] = v
	}
	vars.Known(environ.OptOut, "true", hostenv.Place{})
	e.Variables = vars.Sorted()
	p := explain.Plugin{Environment: e, Registered: []string{"HTTP_PROXY=eu"}}
	text, _ := answers(t, "HTTP_PROXY", p, "vault-1.16")
	g.Expect(text).To(HavePrefix("HTTP_PROXY = <vault.env, line 3>\n"))

	vars.Unknown(environ.OptOut, "a Secret", hostenv.Place{})
	e.Variables = vars.Sorted()
	text, _ = answers(t, "HTTP_PROXY", p, "vault-1.16")
	g.Expect(text).To(ContainSubstring("its value is not known here"))
}
