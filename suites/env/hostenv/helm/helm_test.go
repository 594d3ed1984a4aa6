// SPDX-License-Identifier: MPL-2.0

package helm_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/helm"
	"github.com/plugproof/plugproof/suites/env/hostenv/kubernetes"
)

// cases are values, several files divided by ---, by what of the charts or of helm
// they are about. What the charts render of them is recorded in testdata.
func cases() map[string]string {
	return map[string]string{
		"charts: the defaults":                          "server: {}\n",
		"charts: extraEnvironmentVars":                  "server:\n  extraEnvironmentVars:\n    HTTP_PROXY: corp:3128\n    GOOGLE_REGION: global\n",
		"charts: names in lower case":                   "server:\n  extraEnvironmentVars:\n    http_proxy: corp:3128\n    a.b.c: x\n",
		"charts: two names that become one":             "server:\n  extraEnvironmentVars:\n    A_B: first\n    a.b: second\n",
		"charts: a variable of the chart's is replaced": "server:\n  extraEnvironmentVars:\n    HOME: /elsewhere\n    VAULT_ADDR: https://x\n    BAO_ADDR: https://y\n",
		"charts: references":                            "server:\n  extraEnvironmentVars:\n    A: $(POD_IP)\n    B: $(HOME)/x\n    C: $$(HOME)\n    D: $(NOT_THERE)\n",
		"charts: extraSecretEnvironmentVars":            "server:\n  extraSecretEnvironmentVars:\n    - envName: AWS_SECRET_ACCESS_KEY\n      secretName: aws\n      secretKey: key\n",
		"charts: the secret and the value of one name":  "server:\n  extraEnvironmentVars: {A: plain}\n  extraSecretEnvironmentVars:\n    - {envName: A, secretName: s, secretKey: k}\n",
		"charts: global.tlsDisable":                     "global:\n  tlsDisable: false\nserver: {}\n",
		"charts: ha with raft":                          "server:\n  ha:\n    enabled: true\n    raft:\n      enabled: true\n      setNodeId: true\n",
		"charts: ha with raft and no node id":           "server:\n  ha:\n    enabled: true\n    raft: {enabled: true}\n",
		"charts: ha with addresses":                     "server:\n  ha:\n    enabled: true\n    apiAddr: https://api.corp\n    clusterAddr: https://cluster.corp:8201\n",
		"charts: logs":                                  "server:\n  logLevel: debug\n  logFormat: json\n",
		"charts: dev mode":                              "server:\n  dev: {enabled: true}\n",
		"charts: dev mode with a token":                 "server:\n  dev: {enabled: true, devRootToken: other}\n",
		"charts: standalone":                            "server:\n  standalone: {enabled: true}\n",
		"charts: standalone is -":                       "server:\n  standalone: {enabled: \"-\"}\n",
		"charts: server.enabled is a string":            "server:\n  enabled: \"true\"\n  extraEnvironmentVars: {A: 1}\n",
		"charts: extraContainers are not the server":    "server:\n  extraContainers:\n    - name: audit\n      image: x\n      env: [{name: B, value: b}]\n",
		"charts: the injector's variables are not":      "injector:\n  extraEnvironmentVars: {A: injector}\nserver: {}\n",
		"charts: no value":                              "server:\n  extraEnvironmentVars:\n    A:\n    B: \"\"\n    C: ~\n",
		"charts: quotes and escapes":                    "server:\n  extraEnvironmentVars:\n    A: 'say \"x\" \\ $5'\n    B: \"tab\\tend\"\n    C: \"ö ✓ \\u00a0\"\n",
		"charts: a template in a value is text":         "server:\n  extraEnvironmentVars:\n    A: '{{ .Release.Name }}'\n",
		"helm: numbers":                                 "server:\n  extraEnvironmentVars:\n    A: 3128\n    B: 1.50\n    C: 1000000\n    D: 012\n    E: 0x1f\n    F: 1e3\n    G: -1\n    H: 123456789012\n",
		"helm: booleans of YAML 1.1":                    "server:\n  extraEnvironmentVars:\n    A: true\n    B: yes\n    C: off\n    D: \"no\"\n    E: n\n",
		"helm: dates are text":                          "server:\n  extraEnvironmentVars:\n    A: 2024-01-02\n    B: 12:30:45\n",
		"helm: lists and mappings":                      "server:\n  extraEnvironmentVars:\n    A: [x, 1]\n    B: {k: v}\n",
		"helm: anchors":                                 "x: &p corp:1\nserver:\n  extraEnvironmentVars:\n    A: *p\n",
		"helm: merged mappings":                         "x: &m {A: anchor, B: anchor}\nserver:\n  extraEnvironmentVars:\n    <<: *m\n    B: own\n",
		"helm: a block of text":                         "server:\n  extraEnvironmentVars:\n    A: |\n      one\n      two\n    B: >-\n      one\n      two\n",
		"helm: files are merged key by key":             "server:\n  extraEnvironmentVars: {A: 1, B: 1}\n---\nserver:\n  extraEnvironmentVars: {B: 2, C: 2}\n",
		"helm: lists are replaced":                      "server:\n  extraSecretEnvironmentVars: [{envName: A, secretName: s, secretKey: k}]\n---\nserver:\n  extraSecretEnvironmentVars: [{envName: B, secretName: s, secretKey: k}]\n",
		"helm: null in a later file removes":            "server:\n  extraEnvironmentVars: {A: 1, B: 1}\n---\nserver:\n  extraEnvironmentVars: {A: null}\n",
		"helm: null in place of all":                    "server:\n  extraEnvironmentVars: {A: 1, B: 1}\n---\nserver:\n  extraEnvironmentVars: null\n",
		"helm: comments":                                "server:\n  extraEnvironmentVars:\n    # A: 1\n    B: 2 # two\n",
		"helm: JSON":                                    `{"server": {"extraEnvironmentVars": {"A": "1", "B": 2}}}` + "\n",
	}
}

func files(text string) []helm.File {
	var files []helm.File
	for part := range strings.SplitSeq(text, "---\n") {
		files = append(files, helm.File{Source: "values.yaml", Text: part})
	}
	return files
}

// variable is what is compared: a value that is not known is none.
type variable struct {
	Value string
	Known bool
}

func variables(e hostenv.Environment) map[string]variable {
	vars := make(map[string]variable)
	for _, v := range e.Variables {
		vars[v.Name] = variable{v.Value, v.Known}
	}
	return vars
}

func TestValuesAreReadAsTheChartsRenderThem(t *testing.T) {
	t.Parallel()
	for chart, rendered := range recorded(t) {
		for name, text := range cases() {
			t.Run(chart+"/"+name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				g.Expect(rendered).To(HaveKey(name))
				var objects kubernetes.Objects
				g.Expect(objects.Add("rendered", strings.NewReader(rendered[name].manifest(t, chart)))).To(Succeed())
				want, err := objects.Environment(chart, nil)
				g.Expect(err).NotTo(HaveOccurred())

				values := files(text)
				// It is the image that says which chart the values are for.
				values = append([]helm.File{{Source: "image.yaml", Text: "server: {image: {repository: " + chart + "}}"}}, values...)
				got, err := helm.Environment(values, &kubernetes.Objects{}, nil)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(variables(got)).To(Equal(variables(want)))
			})
		}
	}
}

func TestValuesOfAnUnknownChartAreThoseOfBoth(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := helm.Environment(files("server:\n  extraEnvironmentVars: {A: 1}\n"), &kubernetes.Objects{}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	vars := variables(e)
	g.Expect(vars).To(HaveKeyWithValue("A", variable{"1", true}))
	g.Expect(vars).To(HaveKeyWithValue("VAULT_ADDR", variable{}))
	g.Expect(vars).To(HaveKeyWithValue("BAO_ADDR", variable{}))
	g.Expect(e.Notes).To(ContainElement(ContainSubstring("both count")))

	e, err = helm.Environment([]helm.File{{Source: "deploy/openbao-values.yaml", Text: "server: {}"}}, &kubernetes.Objects{}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(variables(e)).To(And(HaveKey("BAO_ADDR"), Not(HaveKey("VAULT_ADDR"))))
}

// helm.sh, "Subcharts and Global Values".
func TestValuesOfAChartThatDependsOnOneOfThem(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := helm.Environment(files("global: {tlsDisable: false}\nvault:\n  server:\n    extraEnvironmentVars:\n      A: 1\napp: {image: x}\n"), &kubernetes.Objects{}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(variables(e)).To(HaveKeyWithValue("VAULT_ADDR", variable{"https://127.0.0.1:8200", true}))
	a, _ := e.Get("A")
	g.Expect(a.Place).To(Equal(hostenv.Place{File: "values.yaml", Line: 5}))
}

func TestVariablesHaveTheirFileAndLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := helm.Environment([]helm.File{
		{Source: "a.yaml", Text: "server:\n  extraEnvironmentVars:\n    A: 1\n    b.c: 1\n  extraSecretEnvironmentVars:\n    - envName: S\n      secretName: s\n      secretKey: k\n"},
		{Source: "b.yaml", Text: "server:\n  extraEnvironmentVars:\n\n    A: 2\n"},
	}, &kubernetes.Objects{}, nil)
	g.Expect(err).NotTo(HaveOccurred())
	places := make(map[string]string)
	for _, v := range e.Variables {
		places[v.Name] = v.Place.String()
	}
	g.Expect(places).To(HaveKeyWithValue("A", "b.yaml, line 4"))
	g.Expect(places).To(HaveKeyWithValue("B_C", "a.yaml, line 4"))
	g.Expect(places).To(HaveKeyWithValue("S", "a.yaml, line 6"))
	g.Expect(e.Read).To(Equal([]string{"a.yaml", "b.yaml"}))
}

func TestValuesThatInstallNoServer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"server: {enabled: false}", "global: {enabled: false}\nserver: {}", "global: {externalVaultAddr: https://x}\nserver: {}",
		"server:\n  standalone: {enabled: false}", "server: [", "- server",
		"server:\n  extraEnvironmentVars: [{name: A, value: 1}]", "server:\n  extraEnvironmentVars: A=1",
		"server:\n  extraSecretEnvironmentVars: {A: b}", "server:\n  extraSecretEnvironmentVars: [A]", "server: none",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := helm.Environment(files(text), &kubernetes.Objects{}, nil)
			g.Expect(err).To(MatchError(hostenv.ErrInput))
			g.Expect(err.Error()).To(ContainSubstring("values.yaml"))
		})
	}
}

func FuzzEnvironment(f *testing.F) {
	for _, text := range cases() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := helm.Environment(files(text), &kubernetes.Objects{}, nil)
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
		for _, v := range e.Variables {
			if hostenv.CheckName(v.Name) != nil {
				t.Fatalf("name %q", v.Name)
			}
		}
	})
}
