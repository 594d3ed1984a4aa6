// SPDX-License-Identifier: MPL-2.0

package sources_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/sources"
)

// Each is an object that installs a chart, by the documentation of its controller.
func TestValuesInObjectsThatInstallAChart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text     string
		line     int
		complete bool
	}{
		"fluxcd.io, HelmRelease: values":        {"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: v}\nspec:\n  chart: {spec: {chart: vault}}\n  values:\n    server:\n      extraEnvironmentVars:\n        A: 1\n", 9, true},
		"fluxcd.io, HelmRelease: valuesFrom":    {"kind: HelmRelease\nspec:\n  chart: {spec: {chart: vault}}\n  valuesFrom: [{kind: Secret, name: v}]\n  values: {server: {extraEnvironmentVars: {A: 1}}}\n", 5, false},
		"argo-cd, Application: values":          {"kind: Application\nspec:\n  source:\n    chart: vault\n    helm:\n      values: |\n        server:\n          extraEnvironmentVars:\n            A: 1\n", 9, true},
		"argo-cd, Application: valuesObject":    {"kind: Application\nspec:\n  source:\n    chart: vault\n    helm:\n      values: 'server: {extraEnvironmentVars: {A: 2}}'\n      valuesObject:\n        server: {extraEnvironmentVars: {A: 1}}\n", 8, true},
		"argo-cd, Application: several sources": {"kind: Application\nspec:\n  sources:\n  - {chart: other, helm: {values: 'server: {extraEnvironmentVars: {B: 1}}'}}\n  - chart: vault\n    helm: {values: 'server: {extraEnvironmentVars: {A: 1}}'}\n", 6, true},
		"argo-cd, Application: parameters":      {"kind: Application\nspec:\n  source:\n    repoURL: https://github.com/hashicorp/vault-helm.git\n    helm:\n      parameters: [{name: server.extraEnvironmentVars.B, value: x}]\n      valuesObject: {server: {extraEnvironmentVars: {A: 1}}}\n", 7, false},
		"k3s, HelmChart: valuesContent":         {"kind: HelmChart\nspec:\n  chart: hashicorp/vault\n  valuesContent: |-\n    server:\n      extraEnvironmentVars:\n        A: 1\n", 7, true},
		"k3s, HelmChart: set":                   {"kind: HelmChart\nspec:\n  chart: vault\n  set: {server.dev.enabled: true}\n  valuesContent: 'server: {extraEnvironmentVars: {A: 1}}'\n", 5, false},
		"another object in the same file":       {"kind: Namespace\nmetadata: {name: x}\n---\nkind: HelmChart\nspec:\n  chart: vault\n  valuesContent: |\n    server:\n      extraEnvironmentVars:\n        A: 1\n", 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := read(t, sources.Options{}, [2]string{"vault.yaml", c.text})
			g.Expect(err).NotTo(HaveOccurred())
			a, _ := e.Get("A")
			g.Expect(a.Value).To(Equal("1"))
			g.Expect(a.Place.Line).To(Equal(c.line))
			_, b := e.Get("B")
			g.Expect(b).To(BeFalse())
			g.Expect(e.Complete()).To(Equal(c.complete))
		})
	}
}

func TestObjectsThatInstallOtherChartsOrSeveral(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"kind: HelmRelease\nspec:\n  chart: {spec: {chart: postgresql}}\n  values: {server: {extraEnvironmentVars: {A: 1}}}\n",
		"kind: HelmChart\nspec: {chart: vault, valuesContent: 'server: {extraEnvironmentVars: {A: 1}}'}\n---\nkind: HelmChart\nspec: {chart: vault, valuesContent: 'server: {}'}\n",
		"kind: Application\nspec: {source: {repoURL: https://x/apps.git, path: vault}}\n",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, sources.Options{}, [2]string{"x.yaml", text})
			NewWithT(t).Expect(err).To(MatchError(hostenv.ErrInput))
		})
	}
}
