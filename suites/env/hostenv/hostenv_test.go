// SPDX-License-Identifier: MPL-2.0

package hostenv_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// known returns the variables whose values are known.
func known(e hostenv.Environment) map[string]string {
	values := make(map[string]string)
	for _, v := range e.Variables {
		if v.Known {
			values[v.Name] = v.Value
		}
	}
	return values
}

func TestProcessReadsWhatARunningProcessWasStartedWith(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this system has no /proc")
	}
	cmd := exec.CommandContext(t.Context(), "cat") // ends when its input does
	cmd.Env = []string{"A=1", "B=x=y", "NL=a\nb", "EMPTY="}
	in, err := cmd.StdinPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Start()).To(Succeed())
	defer func() {
		_ = in.Close()
		_ = cmd.Wait()
	}()

	e, err := hostenv.Process(cmd.Process.Pid)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(known(e)).To(Equal(map[string]string{"A": "1", "B": "x=y", "NL": "a\nb", "EMPTY": ""}))
}

func TestProcessesThatAreNotThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := hostenv.Process(-1)
	g.Expect(err).To(MatchError(hostenv.ErrInput))
	_, err = hostenv.Process(1 << 30)
	g.Expect(err).To(MatchError(fs.ErrNotExist))
}

func TestEnvFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want map[string]string
	}{
		"plain":              {"A=1\nB=2\n", map[string]string{"A": "1", "B": "2"}},
		"no newline at end":  {"A=1", map[string]string{"A": "1"}},
		"windows":            {"A=1\r\nB=2\r\n", map[string]string{"A": "1", "B": "2"}},
		"comments and blank": {"# x=1\n; y=2\n\n  A=1\n", map[string]string{"A": "1"}},
		"continued comment":  {"# one \\\ntwo=2\nA=1", map[string]string{"A": "1"}},
		"export":             {"export A=1", map[string]string{"A": "1"}},
		"the last wins":      {"A=1\nA=2", map[string]string{"A": "2"}},
		"spaces":             {"A =  b c  \n", map[string]string{"A": "b c"}},
		"double quotes":      {`A=" b \"c\" \$d \n "`, map[string]string{"A": ` b "c" $d \n `}},
		"single quotes":      {`A=' b "c" \d '`, map[string]string{"A": ` b "c" \d `}},
		"quotes over lines":  {"A='a\nb'\nB=1", map[string]string{"A": "a\nb", "B": "1"}},
		"joined parts":       {`A=a"b c"d`, map[string]string{"A": "ab cd"}},
		"continued":          {"A=b\\\nc\nB=1", map[string]string{"A": "bc", "B": "1"}},
		"equals":             {"A=b=c==", map[string]string{"A": "b=c=="}},
		"empty value":        {"A=\nB=''", map[string]string{"A": "", "B": ""}},
		"unicode":            {"Ä=ö ✓", map[string]string{"Ä": "ö ✓"}},
		"no expansion":       {"A=$B ${C}", map[string]string{"A": "$B ${C}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := hostenv.EnvFile("vault.env", strings.NewReader(c.text))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(known(e)).To(Equal(c.want))
		})
	}
}

func TestEnvFileNamesTheLineOfAnError(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"A=1\nnonsense\n":       "line 2",
		"A='1\n2'\n=x\n":        "line 3",
		"A=1\n\n# c\nB=\"open":  "line 4",
		"A=\x00":                "NUL",
		"A\x00B=1":              "NUL",
		"A=1 \\\n 2\nno entry ": "line 3",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := hostenv.EnvFile("vault.env", strings.NewReader(text))
			g.Expect(err).To(MatchError(hostenv.ErrInput))
			g.Expect(err.Error()).To(And(ContainSubstring("vault.env"), ContainSubstring(want)))
		})
	}
}

func FuzzEnvFile(f *testing.F) {
	f.Add("A='1\n2'\\\n=\"")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := hostenv.EnvFile("x", strings.NewReader(text))
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

func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := t.TempDir()
	envFile := filepath.Join(dir, "vault.env")
	path := filepath.Join(dir, "vault.service")
	write(t, envFile, "FROM_FILE=1\nA=file\n")
	write(t, path, `[Unit]
Description=Vault
Environment=NOT=this
[Service]
Environment="A=b c" 'D=e f' G=h\x20i
Environment=J=k \
   L=m
Environment=PERCENT=100%% INSTANCE=%i
Environment=GONE=1 KEPT=2
EnvironmentFile=`+envFile+`
EnvironmentFile=-/does/not/exist
PassEnvironment=LANG
UnsetEnvironment=GONE KEPT=3
`)
	write(t, filepath.Join(path+".d", "10-proxy.conf"), "[Service]\nEnvironment=HTTP_PROXY=corp\n")
	write(t, filepath.Join(path+".d", "ignored.txt"), "[Service]\nEnvironment=IGNORED=1\n")

	unit, err := os.Open(path)
	g.Expect(err).NotTo(HaveOccurred())
	defer unit.Close()
	e, err := hostenv.SystemdUnit(path, unit)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(known(e)).To(Equal(map[string]string{
		"A": "file", "D": "e f", "G": "h i", "J": "k", "L": "m", "PERCENT": "100%",
		"KEPT": "2", "FROM_FILE": "1", "HTTP_PROXY": "corp",
	}))
	for _, name := range []string{"INSTANCE", "LANG"} {
		v, found := e.Get(name)
		g.Expect(found).To(BeTrue(), name)
		g.Expect(v.Known).To(BeFalse(), name)
	}
	g.Expect(e.Notes).To(ContainElement(ContainSubstring("/does/not/exist")))
}

func TestSystemdUnitReset(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := hostenv.SystemdUnit("", strings.NewReader("[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=1\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(known(e)).To(Equal(map[string]string{"B": "1"}))
}

func TestSystemdUnitRefusals(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no service":      "[Unit]\nDescription=x\n",
		"no unit":         "what is this",
		"open quote":      "[Service]\nEnvironment=\"A=1\n",
		"unknown escape":  "[Service]\nEnvironment=A=\\q\n",
		"no assignment":   "[Service]\nEnvironment=A\n",
		"relative path":   "[Service]\nEnvironmentFile=vault.env\n",
		"trailing escape": "[Service]\nEnvironment=A=\\x4\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := hostenv.SystemdUnit("", strings.NewReader(text))
			g.Expect(err).To(MatchError(hostenv.ErrInput))
		})
	}
	g := NewWithT(t)
	_, err := hostenv.SystemdUnit("", strings.NewReader("[Service]\nEnvironmentFile=/does/not/exist\n"))
	g.Expect(err).To(MatchError(fs.ErrNotExist), "without a - the file must be there")
}

func TestDockerInspect(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range []string{
		`[{"Name":"/vault","Config":{"Env":["PATH=/bin","A=x=y","A=2"]}}]`,
		` {"Name":"vault","Config":{"Env":["PATH=/bin","A=2"]}}`,
	} {
		e, err := hostenv.DockerInspect("x.json", strings.NewReader(text))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(known(e)).To(Equal(map[string]string{"PATH": "/bin", "A": "2"}))
		g.Expect(e.Source).To(Equal("container vault"))
	}
	for _, text := range []string{``, `[]`, `{}`, `[{},{}]`, `nonsense`, `[{"Config":{"Env":["=1"]}}]`, `[{"Config":{"Env":["A"]}}]`} {
		_, err := hostenv.DockerInspect("x.json", strings.NewReader(text))
		g.Expect(err).To(MatchError(hostenv.ErrInput), text)
	}
}

const statefulSet = `
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {FROM_CM: "1", KEY: v}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: vault}
spec:
  template:
    spec:
      enableServiceLinks: false
      containers:
      - name: sidecar
        env: [{name: NOT, value: this}]
      - name: vault
        envFrom:
        - {configMapRef: {name: cm}, prefix: P_}
        - secretRef: {name: elsewhere}
        env:
        - {name: PLAIN, value: "1"}
        - {name: NUMBER, value: 8200}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: t, optional: true}}}
        - {name: CM, valueFrom: {configMapKeyRef: {name: cm, key: KEY}}}
        - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: ADDR, value: "http://$(POD_IP):8200"}
        - {name: EMPTY}
`

func TestKubernetes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := hostenv.Kubernetes("x.yaml", strings.NewReader(statefulSet), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Source).To(Equal("statefulset vault, container vault"))
	g.Expect(known(e)).To(Equal(map[string]string{
		"P_FROM_CM": "1", "P_KEY": "v", "PLAIN": "1", "NUMBER": "8200", "CM": "v", "EMPTY": "",
	}))
	for name, from := range map[string]string{"TOKEN": "Secret s, key t", "POD_IP": "status.podIP", "ADDR": "$(POD_IP)"} {
		v, found := e.Get(name)
		g.Expect(found).To(BeTrue(), name)
		g.Expect(v.Known).To(BeFalse(), name)
		g.Expect(v.From).To(ContainSubstring(from))
	}
	g.Expect(e.Notes).To(ContainElement(ContainSubstring("elsewhere")))
	g.Expect(e.Notes).NotTo(ContainElement(ContainSubstring("enableServiceLinks")))

	e, err = hostenv.Kubernetes("x.yaml", strings.NewReader(statefulSet), "sidecar")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(slices.Collect(maps.Keys(known(e)))).To(ConsistOf("NOT"))
}

func TestKubernetesFindsThePodInEveryKind(t *testing.T) {
	t.Parallel()
	for kind, text := range map[string]string{
		"pod":     "kind: Pod\nspec: {containers: [{name: x, env: [{name: A, value: b}]}]}",
		"json":    `{"kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":"x","env":[{"name":"A","value":"b"}]}]}}}}`,
		"cronjob": "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}}}}",
		"list":    "kind: List\nitems: [{kind: Pod, spec: {containers: [{name: x, env: [{name: A, value: b}]}]}}]",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := hostenv.Kubernetes(kind, strings.NewReader(text), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(known(e)).To(Equal(map[string]string{"A": "b"}))
		})
	}
}

func TestKubernetesRefusals(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":        "",
		"no pod":         "kind: Service\n",
		"no yaml":        "\t{",
		"two containers": "kind: Pod\nspec: {containers: [{name: a}, {name: b}]}",
		"two servers":    "kind: Pod\nspec: {containers: [{name: vault}, {name: openbao}]}",
		"empty name":     "kind: Pod\nspec: {containers: [{name: a, env: [{value: x}]}]}",
		"equals in name": "kind: Pod\nspec: {containers: [{name: a, env: [{name: x=y}]}]}",
		"NUL":            "kind: Pod\nspec: {containers: [{name: a, env: [{name: x, value: \"\\0\"}]}]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := hostenv.Kubernetes("x.yaml", strings.NewReader(text), "")
			g.Expect(err).To(MatchError(hostenv.ErrInput))
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
