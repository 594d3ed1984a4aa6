// SPDX-License-Identifier: MPL-2.0

package sources_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/sources"
)

// readNamed writes files to a directory and reads those that are named.
func readNamed(t *testing.T, files map[string]string, o sources.Options, names ...string) (hostenv.Environment, error) {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var inputs []sources.Input
	for _, name := range names {
		kind, name, found := strings.Cut(name, ":")
		if !found {
			kind, name = "", kind
		}
		if name != "-" {
			name = filepath.Join(directory, name)
		}
		inputs = append(inputs, sources.Input{Kind: sources.Kind(kind), Path: name})
	}
	for i, given := range o.Given {
		what, file, _ := strings.Cut(given, "=")
		o.Given[i] = what + "=" + filepath.Join(directory, file)
	}
	o.Open = func(path string) (io.ReadCloser, error) {
		if path == "-" {
			return io.NopCloser(strings.NewReader(files["-"])), nil
		}
		return os.Open(path)
	}
	return sources.Read(t.Context(), inputs, o)
}

// setNames returns the names that are set, but those that an engine sets itself.
func setNames(e hostenv.Environment) []string {
	var all []string
	for _, v := range e.Variables {
		own := strings.Contains(v.From, "engine") || strings.Contains(v.From, "itself") || strings.HasPrefix(v.Name, "KUBERNETES_") || strings.HasPrefix(v.Name, "NOMAD_") || strings.Contains(v.From, "chart")
		if !own {
			all = append(all, v.Name)
		}
	}
	return all
}

func TestSourcesInAnyOrder(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"image.json":      `[{"Id":"x","RepoTags":["vault:1"],"Config":{"Env":["A=image","B=image","C=image"]}}]`,
		"container.json":  `[{"Id":"x","Name":"/v","State":{},"Config":{"Env":["A=container"]}}]`,
		"pod.yaml":        "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: vault, env: [{name: A, value: pod}], envFrom: [{configMapRef: {name: cm}}]}]}\n",
		"cm.yaml":         "kind: ConfigMap\nmetadata: {name: cm}\ndata: {B: cm}\n",
		"vault.env":       "A=file\n",
		"vault.service":   "[Service]\nEnvironment=A=unit\nEnvironment=B=unit\n",
		"compose.yaml":    "services: {vault: {image: x, env_file: vault.env, environment: {B: \"${X}\"}}}\n",
		"x.env":           "X=interpolated\n",
		"needs.service":   "[Service]\nEnvironment=B=unit\nEnvironmentFile=/etc/vault.d/vault.env\n",
		"secret.yaml":     "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: vault, envFrom: [{secretRef: {name: s}}]}]}\n",
		"secret-names":    "A\nB=hunter2\n",
		"container2.json": `[{"Id":"x","Name":"/v","State":{},"Config":{"Env":["A=container"]}}]`,
	}
	for name, c := range map[string]struct {
		names    []string
		given    []string
		want     map[string]string
		complete bool
	}{
		"image and pod":               {[]string{"pod.yaml", "image.json", "cm.yaml"}, nil, map[string]string{"A": "pod", "B": "cm", "C": "image"}, true},
		"objects in any order":        {[]string{"cm.yaml", "pod.yaml"}, nil, map[string]string{"A": "pod", "B": "cm"}, true},
		"image and file":              {[]string{"vault.env", "image.json"}, nil, map[string]string{"A": "file", "B": "image", "C": "image"}, true},
		"unit and file":               {[]string{"vault.env", "vault.service"}, nil, map[string]string{"A": "file", "B": "unit"}, true},
		"container is the strongest":  {[]string{"container.json", "pod.yaml", "cm.yaml"}, nil, map[string]string{"A": "container", "B": "cm"}, true},
		"compose, its file and .env":  {[]string{"compose.yaml", "x.env"}, nil, map[string]string{"A": "file", "B": "interpolated"}, true},
		"compose, file named too":     {[]string{"vault.env", "compose.yaml", "x.env"}, nil, map[string]string{"A": "file", "B": "interpolated"}, true},
		"image and compose":           {[]string{"compose.yaml", "x.env", "image.json"}, nil, map[string]string{"A": "file", "B": "interpolated", "C": "image"}, true},
		"a unit's file is missing":    {[]string{"needs.service"}, nil, map[string]string{"B": "unit"}, false},
		"a unit's file is given":      {[]string{"needs.service"}, []string{"/etc/vault.d/vault.env=vault.env"}, map[string]string{"A": "file", "B": "unit"}, true},
		"a unit's file stands beside": {[]string{"needs.service", "vault.env"}, nil, map[string]string{"A": "file", "B": "unit"}, true},
		"a secret is missing":         {[]string{"secret.yaml"}, nil, map[string]string{}, false},
		"a secret is given":           {[]string{"secret.yaml"}, []string{"secret/s=secret-names"}, map[string]string{"A": "", "B": ""}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := readNamed(t, files, sources.Options{Given: c.given}, c.names...)
			g.Expect(err).NotTo(HaveOccurred())
			got := make(map[string]string)
			for _, name := range setNames(e) {
				v, _ := e.Get(name)
				got[name] = v.Value
			}
			g.Expect(got).To(Equal(c.want))
			g.Expect(e.Complete()).To(Equal(c.complete), fmt.Sprint(e.Remarks))
		})
	}
}
