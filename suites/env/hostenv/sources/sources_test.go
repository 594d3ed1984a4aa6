// SPDX-License-Identifier: MPL-2.0

package sources_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/sources"
)

// unknown stands for a variable whose value is not known.
const unknown = "\x00unknown"

type vars = map[string]string

// read reads files, which are given by name and text.
func read(t *testing.T, options sources.Options, files ...[2]string) (hostenv.Environment, error) {
	t.Helper()
	directory := t.TempDir()
	var inputs []sources.Input
	for _, file := range files {
		path := filepath.Join(directory, file[0])
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, sources.Input{Path: path})
	}
	options.Open = func(path string) (io.ReadCloser, error) { return os.Open(path) }
	return sources.Read(t.Context(), inputs, options)
}

// values returns the variables that a file sets, without those that systemd, an
// engine or the kubelet add.
func values(e hostenv.Environment) vars {
	values := make(vars)
	for _, v := range e.Variables {
		switch {
		case v.Known:
			values[v.Name] = v.Value
		case strings.HasPrefix(v.Name, "KUBERNETES_"):
		case !strings.Contains(v.From, "systemd itself") && !strings.Contains(v.From, "engine"):
			values[v.Name] = unknown
		}
	}
	return values
}

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: vault}\nspec:\n  containers:\n  - name: vault\n    env:\n    - {name: A, value: pod}\n"

// Each file is what somebody would give to lint without a flag.
func TestTheReaderIsFoundByLookingAtTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		want       vars
	}{
		"lines":                          {"vault.env", "A=1\nB=2\n", vars{"A": "1", "B": "2"}},
		"lines without an extension":     {"default-vault", "# defaults\nA=1\n", vars{"A": "1"}},
		"lines with a byte order mark":   {"vault.env", "\ufeff# c\nA=1\n", vars{"A": "1"}},
		"a file of comments":             {"default-vault", "# A=1\n; B=2\n\n", vars{}},
		"an empty file of variables":     {"vault.env", "", vars{}},
		"an empty .env":                  {".env", "\n", vars{}},
		"a variable named Environment":   {"app.env", "Environment=production\nA=1\n", vars{"Environment": "production", "A": "1"}},
		"environ":                        {"x/environ", "A=1\x00B=a\nb\x00", vars{"A": "1", "B": "a\nb"}},
		"environ, made into lines":       {"x/environ", "A=1\nB=2\n", vars{"A": "1", "B": "2"}},
		"environ, under another name":    {"block", "A=1\nx\x00B=2\x00", vars{"A": "1\nx", "B": "2"}},
		"environment.d":                  {"environment.d/10.conf", "A=1\nB=${A}2\n", vars{"A": "1", "B": "12"}},
		"a unit":                         {"vault.service", "[Service]\nEnvironment=A=1\n", vars{"A": "1"}},
		"a unit under another name":      {"unit.txt", "[Unit]\nDescription=x\n[Service]\nEnvironment=A=1\n", vars{"A": "1"}},
		"systemctl cat":                  {"cat.txt", "# /lib/systemd/system/vault.service\n[Service]\nEnvironment=A=1\n\n# /etc/systemd/system/vault.service.d/x.conf\n[Service]\nEnvironment=B=2\n", vars{"A": "1", "B": "2"}},
		"docker inspect":                 {"c.json", `[{"Id": "x", "Name": "/vault", "State": {}, "Config": {"Env": ["A=1", "NOTHING"]}}]`, vars{"A": "1"}},
		"docker inspect of an image":     {"i.json", `[{"Id": "x", "RepoTags": ["vault:1"], "Config": {"Env": ["A=1"]}}]`, vars{"A": "1"}},
		"docker inspect --format":        {"i.json", `{"Id": "x", "Config": {"Env": ["A=1"]}}`, vars{"A": "1"}},
		"a pod":                          {"pod.yaml", pod, vars{"A": "pod"}},
		"a pod in JSON":                  {"pod.json", `{"kind": "Pod", "spec": {"containers": [{"name": "x", "env": [{"name": "A", "value": "1"}]}]}}`, vars{"A": "1"}},
		"kubectl get of replicas":        {"pods.yaml", "kind: List\nitems:\n- kind: Pod\n  metadata: {name: vault-0}\n  spec: {containers: [{name: vault, env: [{name: A, value: '1'}]}]}\n- kind: Pod\n  metadata: {name: vault-1}\n  spec: {containers: [{name: vault, env: [{name: A, value: '1'}]}]}\n", vars{"A": "1"}},
		"a rendered chart":               {"all.yaml", "---\n# Source: vault/templates/x.yaml\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  extraconfig: |\n    listener \"tcp\" {\n    }\n---\n" + pod, vars{"A": "pod"}},
		"a manifest with a unit as text": {"all.yaml", "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  unit: |\n    [Service]\n    Environment=X=1\n---\n" + pod, vars{"A": "pod"}},
		"a manifest with a Dockerfile":   {"all.yaml", "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  Dockerfile: |\n    FROM vault:1\n---\n" + pod, vars{"A": "pod"}},
		"Compose":                        {"compose.yaml", "services:\n  vault:\n    image: vault\n    environment: {A: x}\n", vars{"A": "x"}},
		"Compose with a configuration":   {"compose.yaml", "services:\n  vault:\n    image: vault\n    environment:\n      VAULT_LOCAL_CONFIG: |\n        listener \"tcp\" {\n        }\n", vars{"VAULT_LOCAL_CONFIG": "listener \"tcp\" {\n}\n"}},
		"Nomad":                          {"vault.nomad.hcl", "job \"x\" {\n  group \"g\" {\n    task \"vault\" {\n      driver = \"docker\"\n      env {\n        A = \"1\"\n      }\n    }\n  }\n}\n", vars{"A": "1"}},
		"nomad job inspect":              {"job.json", `{"Job": {"TaskGroups": [{"Tasks": [{"Name": "vault", "Driver": "docker", "Env": {"A": "1"}}]}]}}`, vars{"A": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := read(t, sources.Options{}, [2]string{c.file, c.text})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(values(e)).To(Equal(c.want))
			g.Expect(e.Read).NotTo(BeEmpty())
		})
	}
}

func TestHelmValuesAreFound(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"of a server":                "server:\n  extraEnvironmentVars:\n    A: 1\n",
		"with a configuration":       "global:\n  tlsDisable: true\nserver:\n  extraEnvironmentVars:\n    A: 1\n  ha:\n    config: |\n      listener \"tcp\" {\n      }\n",
		"of a chart with a subchart": "vault:\n  server:\n    extraEnvironmentVars:\n      A: 1\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := read(t, sources.Options{}, [2]string{"vault-values.yaml", text})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(values(e)).To(And(HaveKeyWithValue("A", "1"), HaveKey("VAULT_ADDR")))
		})
	}
}

// Read as an empty environment, these would be a clean bill for a server that nobody
// looked at.
func TestWhatHasNoEnvironmentIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, says string }{
		"nothing":                         {"out.yaml", "", "it is empty"},
		"blank lines":                     {"out", "\n \n", "it is empty"},
		"a server's configuration":        {"vault.hcl", "ui = true\nstorage \"raft\" {\n  path = \"/x\"\n}\n", "sets no variables"},
		"a listener of one":               {"vault.hcl", "api_addr = \"top-secret\"\nlistener \"tcp\" {\n}\n", "sets no variables"},
		"a Dockerfile":                    {"Dockerfile", "FROM hashicorp/vault:1.20 AS x\nENV A=1\n", "docker inspect"},
		"a kustomization":                 {"kustomization.yaml", "resources: [a.yaml]\n", "kubectl kustomize"},
		"systemctl show":                  {"show", "Environment=A=1 B=2\n", "systemctl cat"},
		"systemctl show of none":          {"show", "Environment=\n", "systemctl cat"},
		"systemctl show of files":         {"show", "EnvironmentFiles=/etc/vault.env (ignore_errors=no)\n", "systemctl cat"},
		"UTF-16":                          {"vault.env", "\xff\xfeA\x00=\x001\x00\n\x00", "UTF-16"},
		"a program":                       {"vault", "\x7fELF\x02\x01\x01\x00A=1\x00", "it can't be told"},
		"text":                            {"notes", "nothing here\n", "it can't be told"},
		"JSON of something else":          {"x.json", `{"a": 1}`, "it can't be told"},
		"docker inspect of nothing":       {"x.json", "[]\n", "Config"},
		"kubectl get of nothing":          {"x.yaml", "apiVersion: v1\nitems: []\nkind: List\n", "no pod"},
		"a Service without a pod":         {"x.yaml", "kind: Service\nmetadata: {name: x}\n", "no pod"},
		"a Compose file without services": {"compose.yaml", "services: {}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := read(t, sources.Options{}, [2]string{c.file, c.text})
			g.Expect(err).To(MatchError(hostenv.ErrInput))
			g.Expect(err.Error()).To(And(ContainSubstring(c.says), Not(ContainSubstring("top-secret"))))
		})
	}
}

func TestSourcesApplyInTheirOrderWhateverThatOfTheArguments(t *testing.T) {
	t.Parallel()
	image := [2]string{"image.json", `[{"Id": "x", "RepoTags": ["vault:1"], "Config": {"Env": ["A=image", "B=image"]}}]`}
	container := [2]string{"container.json", `[{"Id": "x", "Name": "/vault", "State": {}, "Config": {"Env": ["A=container"]}}]`}
	environ := [2]string{"environ", "A=process\x00"}
	unit := [2]string{"vault.service", "[Service]\nEnvironment=A=unit B=unit\n"}
	file := [2]string{"vault.env", "A=file\n"}
	manifest := [2]string{"pod.yaml", pod}
	for name, c := range map[string]struct {
		files [][2]string
		want  string
	}{
		"a manifest over its image":           {[][2]string{image, manifest}, "pod"},
		"a file over a unit":                  {[][2]string{unit, file}, "file"},
		"a file over an image":                {[][2]string{image, file}, "file"},
		"a container over what it is made of": {[][2]string{image, container}, "container"},
		"a process over everything":           {[][2]string{environ, container, unit}, "process"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			for range 2 {
				e, err := read(t, sources.Options{}, c.files...)
				g.Expect(err).NotTo(HaveOccurred())
				a, _ := e.Get("A")
				g.Expect(a.Value).To(Equal(c.want))
				g.Expect(e.Read).To(HaveLen(len(c.files)))
				slices.Reverse(c.files)
			}
		})
	}
}

func TestWhatIsThereIsNotSaidToBeMissing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	image := [2]string{"image.json", `[{"Id": "x", "RepoTags": ["vault:1"], "Config": {"Env": ["A=image"]}}]`}
	container := [2]string{"container.json", `[{"Id": "x", "Name": "/vault", "State": {}, "Config": {"Env": ["A=container"]}}]`}
	compose := [2]string{"compose.yaml", "services: {vault: {image: vault}}\n"}
	said := ContainElement(ContainSubstring("docker inspect prints of the image"))
	for _, file := range [][2]string{{"pod.yaml", pod}, compose, {"values.yaml", "server: {}\n"}} {
		alone, err := read(t, sources.Options{}, file)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(alone.Notes).To(said, file[0])
		for _, other := range [][2]string{image, container} {
			e, err := read(t, sources.Options{}, file, other)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(e.Notes).NotTo(said, file[0])
		}
	}
	job := [2]string{"vault.nomad", "job \"j\" {\n task \"vault\" {\n driver = \"exec\"\n }\n}\n"}
	alone, err := read(t, sources.Options{}, job)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(alone.Complete()).To(BeFalse())
	e, err := read(t, sources.Options{}, job, [2]string{"nomad.service", "[Service]\nEnvironment=A=client\n"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeTrue())
	g.Expect(values(e)).To(HaveKeyWithValue("A", "client"))
}

func TestWhatIsMissingMayBeGiven(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	given := filepath.Join(t.TempDir(), "given")
	g.Expect(os.WriteFile(given, []byte("FROM_GIVEN=1\n"), 0o600)).To(Succeed())

	unit := [2]string{"vault.service", "[Service]\nEnvironmentFile=/does/not/exist.env\n"}
	e, err := read(t, sources.Options{}, unit)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeFalse())
	e, err = read(t, sources.Options{Given: []string{"/does/not/exist.env=" + given}}, unit)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(values(e)).To(HaveKeyWithValue("FROM_GIVEN", "1"))
	g.Expect(e.Complete()).To(BeTrue())

	manifest := [2]string{"pod.yaml", strings.Replace(pod, "    env:", "    envFrom: [{secretRef: {name: s}}]\n    env:", 1)}
	e, err = read(t, sources.Options{}, manifest)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeFalse())
	e, err = read(t, sources.Options{Given: []string{"secret/s=" + given}}, manifest)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(values(e)).To(HaveKeyWithValue("FROM_GIVEN", unknown), "the value of a secret is not wanted")
	g.Expect(e.Complete()).To(BeTrue())
}

func TestValuesForTheVariablesOfANomadJob(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := read(t, sources.Options{},
		[2]string{"vars.hcl", "p = \"corp:1\"\n"},
		[2]string{"vault.nomad", "variable \"p\" {}\njob \"j\" {\n task \"vault\" {\n driver = \"docker\"\n env {\n A = var.p\n }\n }\n}\n"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(values(e)).To(Equal(vars{"A": "corp:1"}), "the values are not variables of the environment")
	g.Expect(e.Read).To(HaveLen(2))
}

func FuzzRead(f *testing.F) {
	f.Add("pod.yaml", pod)
	f.Add("x.env", "A=1\nexport B='2'\n")
	f.Add("x", "[Service]\nEnvironment=A=1\n")
	f.Add("x.json", `[{"Config": {"Env": ["A=1"]}}]`)
	f.Add("v.yaml", "server: {extraEnvironmentVars: {A: 1}}\n")
	f.Add("x.hcl", "job \"x\" {\n task \"t\" {\n }\n}\n")
	f.Add("compose.yaml", "services: {a: {environment: [A=1]}}\n")
	f.Add("environ", "A=1\x00")
	f.Add("chart.yaml", "kind: HelmChart\nspec: {chart: vault, valuesContent: 'server: {extraEnvironmentVars: {A: 1}}'}\n")
	f.Add("app.yaml", "kind: Application\nspec: {source: {chart: vault, helm: {valuesObject: {server: {}}}}}\n")
	f.Fuzz(func(t *testing.T, path, text string) {
		open := func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
		// A unit is read by its path, and this one is not there. No argument has a NUL.
		if strings.HasSuffix(path, ".service") || strings.Contains(path, "\x00") {
			return
		}
		e, err := sources.Read(t.Context(), []sources.Input{{Path: path}}, sources.Options{Open: open, Root: t.TempDir()})
		if err != nil && !errors.Is(err, hostenv.ErrInput) && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		seen := maps.Collect(func(yield func(string, bool) bool) {
			for _, v := range e.Variables {
				if !yield(v.Name, true) {
					return
				}
			}
		})
		if len(seen) != len(e.Variables) {
			t.Fatal("a name stands twice")
		}
	})
}
