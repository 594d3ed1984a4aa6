// SPDX-License-Identifier: MPL-2.0

package docker_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/docker"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, choose string
		want         map[string]string
		source       string
		container    bool
	}{
		"docker: a container":            {`[{"Name":"/vault","State":{},"Config":{"Env":["PATH=/bin","A=x=y","A=2"]}}]`, "", map[string]string{"PATH": "/bin", "A": "2"}, "container vault", true},
		"docker: one object":             {` {"Name":"/vault","State":{},"Config":{"Env":["A=2"]}}`, "", map[string]string{"A": "2"}, "container vault", true},
		"docker: objects, one a line":    {"{\"Name\":\"/vault\",\"Config\":{\"Env\":[\"A=1\"]}}\n{\"Name\":\"/db\",\"Config\":{\"Env\":[]}}\n", "", map[string]string{"A": "1"}, "container vault", true},
		"docker: an image":               {`[{"Id":"sha256:x","RepoTags":["vault:1.20"],"Config":{"Env":["PATH=/bin","A=1"]}}]`, "", map[string]string{"PATH": "/bin", "A": "1"}, "image vault:1.20", false},
		"docker: no Env":                 {`[{"Name":"/vault","State":{},"Config":{"Env":null}}]`, "", map[string]string{}, "container vault", true},
		"docker: entries without =":      {`[{"Name":"/vault","State":{},"Config":{"Env":["A=1","B","PATH"]}}]`, "", map[string]string{"A": "1"}, "container vault", true},
		"docker: entries without a name": {`[{"Name":"/vault","State":{},"Config":{"Env":["=1","A=1"]}}]`, "", map[string]string{"A": "1"}, "container vault", true},
		"docker: the one that is chosen": {`[{"Name":"/db","Config":{"Env":["A=1"]}},{"Name":"/vault","Config":{"Env":["A=2"]}}]`, "db", map[string]string{"A": "1"}, "container db", true},
		"docker: the server's":           {`[{"Name":"/db","Config":{"Image":"postgres","Env":["A=1"]}},{"Name":"/app-1","Config":{"Image":"hashicorp/vault:1.20","Env":["A=2"]}}]`, "", map[string]string{"A": "2"}, "container app-1", true},
		"docker: equal replicas":         {`[{"Name":"/a","Config":{"Env":["A=1"]}},{"Name":"/b","Config":{"Env":["A=1"]}}]`, "", map[string]string{"A": "1"}, "container a", true},
		"compose: by its service":        {`[{"Name":"/p-db-1","Config":{"Env":["A=1"],"Labels":{"com.docker.compose.service":"db"}}},{"Name":"/p-x-1","Config":{"Env":["A=2"]}}]`, "db", map[string]string{"A": "1"}, "container p-db-1", true},
		"podman: a container":            {`[{"Id":"x","Name":"vault","State":{"Status":"running"},"OCIRuntime":"crun","Config":{"Env":["TERM=xterm","container=podman","A=1","HOME=/root","HOSTNAME=x"]}}]`, "", map[string]string{"TERM": "xterm", "container": "podman", "A": "1", "HOME": "/root", "HOSTNAME": "x"}, "container vault", true},
		"podman: an image":               {`[{"Id":"x","RepoTags":["docker.io/hashicorp/vault:1.20"],"Config":{"Env":["A=1"]}}]`, "", map[string]string{"A": "1"}, "image docker.io/hashicorp/vault:1.20", false},
		"a byte order mark":              {"\ufeff" + `[{"Name":"/vault","Config":{"Env":["A=1"]}}]`, "", map[string]string{"A": "1"}, "container vault", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := docker.Inspect("x.json", strings.NewReader(c.text), c.choose)
			g.Expect(err).NotTo(HaveOccurred())
			got := make(map[string]string)
			for _, v := range e.Variables {
				if v.Known {
					got[v.Name] = v.Value
				}
			}
			g.Expect(got).To(Equal(c.want))
			g.Expect(e.Source).To(Equal(c.source))
			g.Expect(e.Container).To(Equal(c.container))
		})
	}
}

func TestInspectRefusals(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `[]`, `{}`, `[{},{}]`, `hunter2`, `[{"Name":"net","Driver":"bridge"}]`, `[{"Config":{"Env":"hunter2"}}]`,
		`[{"Name":"/a","Config":{"Env":["A=1"]}},{"Name":"/b","Config":{"Env":["A=2"]}}]`,
	} {
		_, err := docker.Inspect("x.json", strings.NewReader(text), "")
		g := NewWithT(t)
		g.Expect(err).To(MatchError(hostenv.ErrInput), text)
		g.Expect(err.Error()).NotTo(ContainSubstring("hunter2"))
	}
}

func TestInspectKnowsTheLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := docker.Inspect("x.json", strings.NewReader("[\n {\n \"Name\": \"/vault\",\n \"Config\": {\n \"Env\": [\n  \"B=1\",\n  \"A=1\"\n ]}}]\n"), "")
	g.Expect(err).NotTo(HaveOccurred())
	a, _ := e.Get("A")
	g.Expect(a.Place).To(Equal(hostenv.Place{File: "x.json", Line: 7}))
}

func FuzzInspect(f *testing.F) {
	f.Add(`[{"Name":"/vault","State":{},"Config":{"Env":["PATH=/bin","A=x=y","B"]}}]`)
	f.Add("{\"Config\":{\"Env\":[]}}\n{}")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := docker.Inspect("x", strings.NewReader(text), "")
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
		for _, v := range e.Variables {
			if hostenv.CheckName(v.Name) != nil {
				t.Fatalf("%+v", v)
			}
		}
	})
}
