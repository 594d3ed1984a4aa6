// SPDX-License-Identifier: MPL-2.0

package kubernetes_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/kubernetes"
)

// read reads the manifests in texts.
func read(t *testing.T, container string, given kubernetes.Given, texts ...string) (hostenv.Environment, error) {
	t.Helper()
	var objects kubernetes.Objects
	for i, text := range texts {
		if err := objects.Add(fmt.Sprintf("%d.yaml", i), strings.NewReader(text)); err != nil {
			return hostenv.Environment{}, err
		}
	}
	return objects.Environment(container, given)
}

// set returns what the manifests set: values that are known, and "?" for others.
// What each container has is left out.
func set(e hostenv.Environment) map[string]string {
	got := make(map[string]string)
	for _, v := range e.Variables {
		switch {
		case v.Known:
			got[v.Name] = v.Value
		case strings.HasPrefix(v.Name, "KUBERNETES_") || strings.Contains(v.From, "container engine"):
		default:
			got[v.Name] = "?"
		}
	}
	return got
}

// pod is a pod with the container vault, whose fields are given in YAML.
func pod(fields string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  enableServiceLinks: false\n  containers:\n  - name: vault\n    image: x\n" +
		"    " + strings.ReplaceAll(fields, "\n", "\n    ") + "\n"
}

const configMap = "---\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {A: '1', B: x, '1bad': y, 'a.b': z, 'with space': v}\nbinaryData: {BIN: AA==}\n"

const secret = "---\nkind: Secret\nmetadata: {name: s}\ndata: {A: MQ==}\nstringData: {B: hunter2}\n"

func TestEnvironments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, container string
		want            map[string]string
		remark          string
	}{
		"EnvVar: values":                         {pod("env: [{name: A, value: '1'}, {name: B}, {name: C, value: ''}, {name: D, value: null}]"), "", map[string]string{"A": "1", "B": "", "C": "", "D": ""}, ""},
		"EnvVar: later entries are stronger":     {pod("env: [{name: A, value: a}, {name: A, value: b}]"), "", map[string]string{"A": "b"}, ""},
		"EnvVar: values are strings":             {pod("env: [{name: A, value: 8200}, {name: B, value: true}]"), "", map[string]string{"A": "8200", "B": "true"}, "kubernetes-value-not-a-string"},
		"EnvVar: folded text":                    {pod("env:\n- name: A\n  value: >-\n    a\n    b"), "", map[string]string{"A": "a b"}, ""},
		"EnvVar: $(NAME) of an entry before":     {pod("env: [{name: A, value: a}, {name: B, value: 'x$(A)y'}]"), "", map[string]string{"A": "a", "B": "xay"}, ""},
		"EnvVar: $(NAME) of an entry behind":     {pod("env: [{name: B, value: '$(A)'}, {name: A, value: a}]"), "", map[string]string{"A": "a", "B": "$(A)"}, ""},
		"EnvVar: $(NAME) of nothing":             {pod("env: [{name: B, value: '$(NONE)'}]"), "", map[string]string{"B": "$(NONE)"}, ""},
		"EnvVar: $$ is a dollar sign":            {pod("env: [{name: A, value: a}, {name: B, value: '$$(A) $$$(A) $$'}]"), "", map[string]string{"A": "a", "B": "$(A) $a $"}, ""},
		"EnvVar: other dollar signs":             {pod("env: [{name: A, value: a}, {name: B, value: '$A ${A} $(A $'}]"), "", map[string]string{"A": "a", "B": "$A ${A} $(A $"}, ""},
		"EnvVar: $(NAME) of itself":              {pod("env: [{name: A, value: a}, {name: A, value: '$(A):b'}]"), "", map[string]string{"A": "a:b"}, ""},
		"EnvVar: $(NAME) of what is not known":   {pod("env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: B, value: 'http://$(A)'}]"), "", map[string]string{"A": "?", "B": "?"}, ""},
		"EnvVar: $(NAME) of a service":           {pod("env: [{name: B, value: '$(KUBERNETES_SERVICE_HOST)'}]"), "", map[string]string{"B": "?"}, ""},
		"EnvVar: fieldRef":                       {pod("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"), "", map[string]string{"A": "?"}, ""},
		"EnvVar: resourceFieldRef":               {pod("env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]"), "", map[string]string{"A": "?"}, ""},
		"EnvVar: configMapKeyRef":                {pod("env: [{name: X, valueFrom: {configMapKeyRef: {name: cm, key: B}}}]") + configMap, "", map[string]string{"X": "x"}, ""},
		"EnvVar: configMapKeyRef, not there":     {pod("env: [{name: X, valueFrom: {configMapKeyRef: {name: cm, key: B}}}]"), "", map[string]string{"X": "?"}, ""},
		"EnvVar: configMapKeyRef, no such key":   {pod("env: [{name: X, valueFrom: {configMapKeyRef: {name: cm, key: Z}}}]") + configMap, "", map[string]string{"X": "?"}, "kubernetes-key-missing"},
		"EnvVar: configMapKeyRef, optional":      {pod("env: [{name: X, valueFrom: {configMapKeyRef: {name: cm, key: Z, optional: true}}}]") + configMap, "", map[string]string{}, ""},
		"EnvVar: secretKeyRef":                   {pod("env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: B}}}]") + secret, "", map[string]string{"X": "?"}, ""},
		"EnvVar: secretKeyRef, optional":         {pod("env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: Z, optional: true}}}]") + secret, "", map[string]string{}, ""},
		"EnvVar: secretKeyRef, not there":        {pod("env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: Z, optional: true}}}]"), "", map[string]string{"X": "?"}, ""},
		"EnvFromSource: a ConfigMap":             {pod("envFrom: [{configMapRef: {name: cm}}]") + configMap, "", map[string]string{"A": "1", "B": "x", "1bad": "y", "a.b": "z", "with space": "v"}, "kubernetes-name"},
		"EnvFromSource: a prefix":                {pod("envFrom: [{prefix: P_, secretRef: {name: s}}]") + secret, "", map[string]string{"P_A": "?", "P_B": "?"}, ""},
		"EnvFromSource: weaker than env":         {pod("env: [{name: A, value: env}]\nenvFrom: [{secretRef: {name: s}}]") + secret, "", map[string]string{"A": "env", "B": "?"}, ""},
		"EnvFromSource: later ones are stronger": {pod("envFrom: [{configMapRef: {name: one}}, {configMapRef: {name: two}}]") + "---\nkind: ConfigMap\nmetadata: {name: one}\ndata: {A: '1', B: '1'}\n---\nkind: ConfigMap\nmetadata: {name: two}\ndata: {B: '2'}\n", "", map[string]string{"A": "1", "B": "2"}, ""},
		"EnvFromSource: nothing is expanded":     {pod("envFrom: [{configMapRef: {name: one}}]") + "---\nkind: ConfigMap\nmetadata: {name: one}\ndata: {A: '1', B: '$(A)'}\n", "", map[string]string{"A": "1", "B": "$(A)"}, ""},
		"EnvFromSource: $(NAME) in env":          {pod("envFrom: [{configMapRef: {name: one}}]\nenv: [{name: B, value: '$(A)'}]") + "---\nkind: ConfigMap\nmetadata: {name: one}\ndata: {A: '1'}\n", "", map[string]string{"A": "1", "B": "1"}, ""},
		"EnvFromSource: not there":               {pod("envFrom: [{secretRef: {name: elsewhere}}]\nenv: [{name: A, value: '$(X)'}]"), "", map[string]string{"A": "?"}, "kubernetes-env-from-unseen"},
		"namespaces: of another one":             {strings.Replace(pod("envFrom: [{configMapRef: {name: one}}]"), "name: p}", "name: p, namespace: a}", 1) + "---\nkind: ConfigMap\nmetadata: {name: one, namespace: b}\ndata: {A: '1'}\n", "", map[string]string{}, "kubernetes-env-from-unseen"},
		"kind: Deployment":                       {"kind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}}", "", map[string]string{"A": "b"}, ""},
		"kind: StatefulSet":                      {"kind: StatefulSet\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}}", "", map[string]string{"A": "b"}, ""},
		"kind: DaemonSet in JSON":                {`{"kind":"DaemonSet","metadata":{"name":"d"},"spec":{"template":{"spec":{"containers":[{"name":"x","env":[{"name":"A","value":"b"}]}]}}}}`, "", map[string]string{"A": "b"}, ""},
		"kind: Job":                              {"kind: Job\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}}", "", map[string]string{"A": "b"}, ""},
		"kind: CronJob":                          {"kind: CronJob\nmetadata: {name: d}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}}}}", "", map[string]string{"A": "b"}, ""},
		"kind: PodTemplate":                      {"kind: PodTemplate\nmetadata: {name: d}\ntemplate: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}", "", map[string]string{"A": "b"}, ""},
		"kind: ReplicationController":            {"kind: ReplicationController\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}}", "", map[string]string{"A": "b"}, ""},
		"kind: List":                             {"kind: List\nitems: [{kind: Pod, metadata: {name: d}, spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}]", "", map[string]string{"A": "b"}, ""},
		"kind: PodList, members without a kind":  {"kind: PodList\nitems: [{metadata: {name: d}, spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}]", "", map[string]string{"A": "b"}, ""},
		"documents: empty ones between":          {"---\n# nothing\n---\n" + pod("env: [{name: A, value: b}]") + "---\n", "", map[string]string{"A": "b"}, ""},
		"documents: anchors":                     {pod("env: &e [{name: A, value: b}]") + "---\nkind: ConfigMap\nmetadata: {name: x}\n", "", map[string]string{"A": "b"}, ""},
		"containers: the one called vault":       {"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, env: [{name: A, value: a}]}, {name: vault, env: [{name: A, value: v}]}]}", "", map[string]string{"A": "v"}, ""},
		"containers: the one called openbao":     {"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, env: [{name: A, value: a}]}, {name: openbao, env: [{name: A, value: v}]}]}", "", map[string]string{"A": "v"}, ""},
		"containers: the one with the image":     {"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: nginx, env: [{name: A, value: a}]}, {name: b, image: 'r.io/hashicorp/vault:1.20', env: [{name: A, value: v}]}]}", "", map[string]string{"A": "v"}, ""},
		"containers: the one that is chosen":     {"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, env: [{name: A, value: a}]}, {name: vault, env: [{name: A, value: v}]}]}", "a", map[string]string{"A": "a"}, ""},
		"containers: by kind and name":           {"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: vault, env: [{name: A, value: p}]}]}\n---\nkind: Pod\nmetadata: {name: q}\nspec: {containers: [{name: vault, env: [{name: A, value: q}]}]}", "pod/q/vault", map[string]string{"A": "q"}, ""},
		"initContainers: not the server":         {"kind: Pod\nmetadata: {name: p}\nspec: {initContainers: [{name: vault-init, env: [{name: A, value: i}]}], containers: [{name: x, env: [{name: A, value: v}]}]}", "", map[string]string{"A": "v"}, ""},
		"initContainers: chosen":                 {"kind: Pod\nmetadata: {name: p}\nspec: {initContainers: [{name: init, env: [{name: A, value: i}]}], containers: [{name: x, env: [{name: A, value: v}]}]}", "init", map[string]string{"A": "i"}, ""},
		"replicas: equal ones are one":           {"kind: List\nitems:\n" + replica("vault-0", "1") + replica("vault-1", "1") + replica("vault-2", "1"), "", map[string]string{"A": "1", "POD": "?"}, ""},
		"replicas: earlier revisions":            {"kind: List\nitems:\n- kind: ReplicaSet\n  metadata: {name: old}\n  spec: {replicas: 0, template: {spec: {containers: [{name: vault, env: [{name: A, value: old}]}]}}}\n- kind: ReplicaSet\n  metadata: {name: new}\n  spec: {replicas: 1, template: {spec: {containers: [{name: vault, env: [{name: A, value: new}]}]}}}\n", "", map[string]string{"A": "new"}, ""},
		"Service: links":                         {"kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: x}]}\n---\nkind: Service\nmetadata: {name: my-db}\nspec: {clusterIP: 10.0.0.1, ports: [{name: sql, port: 5432}]}\n---\nkind: Service\nmetadata: {name: headless}\nspec: {clusterIP: None, ports: [{port: 1}]}", "", map[string]string{"MY_DB_SERVICE_HOST": "?", "MY_DB_SERVICE_PORT": "?", "MY_DB_SERVICE_PORT_SQL": "?", "MY_DB_PORT": "?", "MY_DB_PORT_5432_TCP": "?", "MY_DB_PORT_5432_TCP_PROTO": "?", "MY_DB_PORT_5432_TCP_PORT": "?", "MY_DB_PORT_5432_TCP_ADDR": "?"}, ""},
		"Service: links are off":                 {pod("env: []") + "---\nkind: Service\nmetadata: {name: my-db}\nspec: {ports: [{port: 5432}]}", "", map[string]string{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := read(t, c.container, nil, c.text)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(set(e)).To(Equal(c.want))
			var rules []string
			for _, r := range e.Remarks {
				g.Expect(r.Message + r.Remedy).NotTo(ContainSubstring("hunter2"))
				rules = append(rules, r.Rule)
			}
			if c.remark == "" {
				g.Expect(rules).To(BeEmpty())
			} else {
				g.Expect(rules).To(ContainElement(c.remark))
			}
			_, host := e.Get("KUBERNETES_SERVICE_HOST")
			g.Expect(host).To(BeTrue(), "the service kubernetes is linked in any case")
		})
	}
}

// replica is a pod as kubectl get pods -o yaml prints it.
func replica(name, value string) string {
	return fmt.Sprintf("- kind: Pod\n  metadata: {name: %s, namespace: v}\n  spec:\n    containers:\n    - name: vault\n      env:\n      - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n      - {name: A, value: '%s'}\n", name, value)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":              "",
		"no pod":               "kind: Service\n",
		"no YAML":              "\t{",
		"two containers":       "kind: Pod\nspec: {containers: [{name: a}, {name: b, env: [{name: A, value: b}]}]}",
		"two servers":          "kind: Pod\nspec: {containers: [{name: vault, env: [{name: A, value: a}]}, {name: openbao}]}",
		"replicas that differ": "kind: List\nitems:\n" + replica("vault-0", "1") + replica("vault-1", "2"),
		"empty name":           "kind: Pod\nspec: {containers: [{name: a, env: [{value: x}]}]}",
		"equals in name":       "kind: Pod\nspec: {containers: [{name: a, env: [{name: x=hunter2}]}]}",
		"NUL":                  "kind: Pod\nspec: {containers: [{name: a, env: [{name: x, value: \"hunter2\\0\"}]}]}",
		"env is text":          "kind: Pod\nspec: {containers: [{name: a, env: hunter2}]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := read(t, "", nil, text)
			g.Expect(err).To(MatchError(hostenv.ErrInput))
			g.Expect(err.Error()).NotTo(ContainSubstring("hunter2"))
		})
	}
}

// TestWhatIsMissingMayBeGiven gives a Secret in a further file, and by names.
func TestWhatIsMissingMayBeGiven(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	manifest := pod("envFrom: [{secretRef: {name: s}}]")
	e, err := read(t, "", nil, manifest)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeFalse())
	g.Expect(e.Remarks[0].Message).To(ContainSubstring("Secret s"))
	g.Expect(e.Remarks[0].Place).To(Equal(hostenv.Place{File: "0.yaml", Line: 9}))

	e, err = read(t, "", nil, manifest, secret)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeTrue())
	g.Expect(set(e)).To(Equal(map[string]string{"A": "?", "B": "?"}))
	g.Expect(e.Read).To(Equal([]string{"0.yaml", "1.yaml"}))

	e, err = read(t, "", kubernetes.Given{"secret/s": {{Name: "C", Value: "hunter2", Known: true}}}, manifest)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeTrue())
	c, ok := e.Get("C")
	g.Expect(ok).To(BeTrue())
	g.Expect(c.Known).To(BeFalse(), "values of secrets are not needed")
}

func TestVariablesKnowTheirFileAndLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := read(t, "", nil, pod("env:\n- name: A\n  value: '1'\n- name: B\n  value: '2'\nenvFrom: [{configMapRef: {name: one}}]"),
		"kind: ConfigMap\nmetadata: {name: one}\ndata:\n  C: '1'\n")
	g.Expect(err).NotTo(HaveOccurred())
	places := map[string]hostenv.Place{}
	for _, name := range []string{"A", "B", "C"} {
		v, _ := e.Get(name)
		places[name] = v.Place
	}
	g.Expect(places).To(Equal(map[string]hostenv.Place{"A": {File: "0.yaml", Line: 10}, "B": {File: "0.yaml", Line: 12}, "C": {File: "1.yaml", Line: 4}}))
}

func FuzzManifests(f *testing.F) {
	f.Add(pod("envFrom: [{configMapRef: {name: cm}}]\nenv: [{name: A, value: '$(B) $$(C) $('}]") + configMap + secret)
	f.Add("kind: List\nitems:\n" + replica("a", "1"))
	f.Fuzz(func(t *testing.T, text string) {
		e, err := read(t, "", nil, text)
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
		if slices.ContainsFunc(e.Variables, func(v hostenv.Variable) bool { return hostenv.CheckName(v.Name) != nil }) {
			t.Fatalf("%+v", e.Variables)
		}
	})
}
