// SPDX-License-Identifier: MPL-2.0

package nomad_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/nomad"
)

// unknown stands in a test for a variable whose value is not known.
const unknown = "\x00unknown"

// values returns the variables, unknown where their value is.
func values(e hostenv.Environment) map[string]string {
	values := make(map[string]string)
	for _, v := range e.Variables {
		values[v.Name] = v.Value
		if !v.Known {
			values[v.Name] = unknown
		}
	}
	return values
}

// rules returns the rules of what was remarked.
func rules(e hostenv.Environment) []string {
	found := make(map[string]bool)
	for _, r := range e.Remarks {
		found[r.Rule] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// job is a job file with a task of Docker's driver.
func job(task string) string {
	return "job \"vault\" {\n  group \"g\" {\n    task \"vault\" {\n      driver = \"docker\"\n" + task + "\n    }\n  }\n}\n"
}

func template(data string) string {
	return job("template {\n  destination = \"secrets/env\"\n  env = true\n  data = <<EOH\n" + data + "\nEOH\n}")
}

// vars is short for what a test wants.
type vars = map[string]string

// Each name says the rule and where it stands: the documentation of Nomad's job
// specification, or its source.
var cases = map[string]struct {
	text  string
	want  vars
	rules []string
}{
	"env block: a block":                                     {text: job("env {\n A = \"1\"\n B = \"x=y\"\n}"), want: vars{"A": "1", "B": "x=y"}},
	"env block: an attribute":                                {text: job("env = {\n A = \"1\"\n \"B.C\" = \"2\"\n}"), want: vars{"A": "1", "B.C": "2"}},
	"env block: numbers and booleans are strings":            {text: job("env {\n A = 1\n B = true\n C = 1.5\n}"), want: vars{"A": "1", "B": "true", "C": "1.5"}},
	"env block: none":                                        {text: job(""), want: vars{}},
	"env block: a heredoc":                                   {text: job("env {\n A = <<EOH\nx\ny\nEOH\n}"), want: vars{"A": "x\ny\n"}},
	"interpolation: NOMAD_ variables are known to Nomad":     {text: job("env {\n A = \"${NOMAD_ADDR_http}\"\n B = \"http://${attr.unique.network.ip-address}:1\"\n}"), want: vars{"A": unknown, "B": unknown}},
	"interpolation: $${ is replaced when the task starts":    {text: job("env { A = \"$${NOMAD_TASK_DIR}\" }"), want: vars{"A": unknown}},
	"interpolation: a dollar sign alone stays":               {text: job("env { A = \"$5 $x\" }"), want: vars{"A": "$5 $x"}},
	"hcl2 variables: a default":                              {text: "variable \"p\" {\n default = \"corp:1\"\n}\n" + job("env { HTTP_PROXY = var.p }"), want: vars{"HTTP_PROXY": "corp:1"}},
	"hcl2 variables: none without a default":                 {text: "variable \"p\" {\n type = string\n}\n" + job("env { HTTP_PROXY = var.p }"), want: vars{"HTTP_PROXY": unknown}},
	"hcl2 variables: the block variables":                    {text: "variables {\n p = \"q\"\n}\n" + job("env { A = \"<${var.p}>\" }"), want: vars{"A": "<q>"}},
	"hcl2 locals: they may refer to each other":              {text: "locals {\n a = \"${local.b}2\"\n b = \"1\"\n}\n" + job("env { A = local.a }"), want: vars{"A": "12"}},
	"hcl2 locals: in a circle":                               {text: "locals {\n a = local.b\n b = local.a\n}\n" + job("env { A = local.a }"), want: vars{"A": unknown}},
	"hcl2 expressions: a call":                               {text: job("env = merge({ A = \"1\" }, { B = upper(\"b\") })"), want: vars{"A": "1", "B": "B"}},
	"hcl2 expressions: a condition":                          {text: "variable \"x\" {\n default = true\n}\n" + job("env { A = var.x ? \"y\" : \"n\" }"), want: vars{"A": "y"}},
	"hcl2 expressions: a function that reads files":          {text: job("env { A = file(\"x\") }"), want: vars{"A": unknown}},
	"hcl2 expressions: names that cannot be evaluated":       {text: "variable \"e\" {}\n" + job("env = var.e"), want: vars{}, rules: []string{"nomad-names-unknown"}},
	"hcl2 expressions: a name that cannot be evaluated":      {text: "variable \"e\" {}\n" + job("env = {\n (var.e) = \"1\"\n B = \"2\"\n}"), want: vars{"B": "2"}, rules: []string{"nomad-names-unknown"}},
	"hcl2 dynamic: a template":                               {text: job("dynamic \"template\" {\n for_each = [\"A\", \"B\"]\n content {\n  env = true\n  data = \"${template.value}=1\"\n }\n}"), want: vars{"A": "1", "B": "1"}},
	"template block: env = true":                             {text: template("A=1\nB=two words"), want: vars{"A": "1", "B": "two words"}},
	"template block: without env = true":                     {text: job("template {\n data = \"A=1\"\n}"), want: vars{}},
	"template block: env = false":                            {text: job("template {\n env = false\n data = \"A=1\"\n}"), want: vars{}},
	"template block: env that cannot be evaluated":           {text: "variable \"e\" {}\n" + job("template {\n env = var.e\n data = \"A=1\"\n}"), want: vars{"A": "1"}},
	"template block: an action is a value":                   {text: template("A={{ key \"x\" }}\nB={{ with secret \"s\" }}{{ .Data.b }}{{ end }}"), want: vars{"A": unknown, "B": unknown}},
	"template block: actions over lines":                     {text: template("{{ with secret \"s\" }}\nA={{ .Data.a }}\nB=2\n{{ end }}\nC=3"), want: vars{"A": unknown, "B": unknown, "C": "3"}},
	"template block: trim markers":                           {text: template("{{- with secret \"s\" -}}\nA={{ .Data.a }}\n{{- end }}\nC=3"), want: vars{"A": unknown, "C": "3"}},
	"template block: a range over names":                     {text: template("{{ range ls \"c\" }}\n{{ .Key }}={{ .Value }}\n{{ end }}"), want: vars{}, rules: []string{"nomad-template-names"}},
	"template block: a key that is a file":                   {text: template("A=1\n{{ key \"all\" }}"), want: vars{"A": "1"}, rules: []string{"nomad-template-names"}},
	"template block: declarations print nothing":             {text: template("{{ $x := key \"x\" }}\nA={{ $x }}"), want: vars{"A": unknown}},
	"template block: comments":                               {text: template("{{/* A=1 */}}\nB=2"), want: vars{"B": "2"}},
	"template block: both branches of if":                    {text: template("{{ if keyExists \"a\" }}\nA=1\n{{ else }}\nB=2\n{{ end }}"), want: vars{"A": unknown, "B": unknown}},
	"template block: delimiters":                             {text: job("template {\n env = true\n left_delimiter = \"[[\"\n right_delimiter = \"]]\"\n data = \"A=[[ key `x` ]]\\nB={{ 1 }}\"\n}"), want: vars{"A": unknown, "B": "{{ 1 }}"}},
	"template block: references of HCL stay":                 {text: template("A=${NOMAD_IP_http}\nB=2"), want: vars{"A": unknown, "B": "2"}},
	"template block: source":                                 {text: job("template {\n env = true\n source = \"local/x.tpl\"\n}"), want: vars{}, rules: []string{"nomad-template-file"}},
	"template block: the data cannot be evaluated":           {text: job("template {\n env = true\n data = file(\"x\")\n}"), want: vars{}, rules: []string{"nomad-template-names"}},
	"template block: it is broken":                           {text: template("A={{ end }}"), want: vars{}, rules: []string{"nomad-template-unreadable"}},
	"template block: it wins over env":                       {text: job("env { A = \"env\" }\ntemplate {\n env = true\n data = \"A=template\"\n}"), want: vars{"A": "template"}},
	"template block: the last wins":                          {text: job("template {\n env = true\n data = \"A=1\"\n}\ntemplate {\n env = true\n data = \"A=2\"\n}"), want: vars{"A": "2"}},
	"go-envparse: export and blanks":                         {text: template("export A = 1 \n  B=2"), want: vars{"A": "1", "B": "2"}},
	"go-envparse: comments":                                  {text: template("# A=1\nB=2 # two\nC=\"#3\""), want: vars{"B": "2", "C": "#3"}},
	"go-envparse: quotes":                                    {text: template("A=\"a\\n\"\nB='b\\n'\nC=c\"d e\"f"), want: vars{"A": "a\n", "B": "b\\n", "C": "cd ef"}},
	"go-envparse: an empty value":                            {text: template("A=\nB=\"\""), want: vars{"A": "", "B": ""}},
	"go-envparse: a line without =":                          {text: template("A=1\nnonsense"), want: vars{"A": "1"}, rules: []string{"nomad-template-line"}},
	"go-envparse: a quote that is not closed":                {text: template("A=\"1"), want: vars{}, rules: []string{"nomad-template-line"}},
	"go-envparse: a name that it refuses":                    {text: template("1A=1"), want: vars{}, rules: []string{"nomad-template-line"}},
	"vault block: it brings a token":                         {text: job("vault {\n policies = [\"p\"]\n}"), want: vars{"VAULT_TOKEN": unknown, "VAULT_NAMESPACE": unknown}},
	"vault block: env = false":                               {text: job("vault {\n env = false\n}"), want: vars{}},
	"vault block: of the job":                                {text: "job \"j\" {\n vault {}\n task \"vault\" {\n driver = \"docker\"\n }\n}", want: vars{"VAULT_TOKEN": unknown, "VAULT_NAMESPACE": unknown}},
	"vault block: the innermost counts":                      {text: "job \"j\" {\n vault {}\n group \"g\" {\n task \"vault\" {\n driver = \"docker\"\n vault {\n env = false\n }\n }\n }\n}", want: vars{}},
	"identity block: env = true":                             {text: job("identity {\n env = true\n}\nidentity {\n name = \"aws\"\n env = true\n}\nidentity {\n name = \"gcp\"\n}"), want: vars{"NOMAD_TOKEN": unknown, "NOMAD_TOKEN_aws": unknown}},
	"driver: exec inherits the environment of the client":    {text: "job \"j\" {\n group \"g\" {\n task \"vault\" {\n driver = \"exec\"\n env { A = \"1\" }\n }\n }\n}", want: vars{"A": "1"}, rules: []string{"nomad-client-environment"}},
	"driver: raw_exec inherits it as well":                   {text: "job \"j\" {\n group \"g\" {\n task \"vault\" {\n driver = \"raw_exec\"\n }\n }\n}", want: vars{}, rules: []string{"nomad-client-environment"}},
	"comments: all three kinds":                              {text: job("# env { A = \"1\" }\n// env { B = \"1\" }\n/* env { C = \"1\" } */\nenv { D = \"1\" }"), want: vars{"D": "1"}},
	"a byte order mark":                                      {text: "\ufeff" + job("env { A = \"1\" }"), want: vars{"A": "1"}},
	"json: HCL's form":                                       {text: `{"job": {"j": {"group": {"g": {"task": {"vault": {"driver": "docker", "env": {"A": "1"}, "template": {"env": true, "data": "B={{ key \"x\" }}"}}}}}}}}`, want: vars{"A": "1", "B": unknown}},
	"json: nomad job inspect":                                {text: `{"Job": {"ID": "j", "TaskGroups": [{"Name": "g", "Tasks": [{"Name": "vault", "Driver": "docker", "Env": {"A": "1", "B": "${NOMAD_IP_x}"}, "Vault": {"Env": true}, "Templates": [{"EmbeddedTmpl": "C=1\n", "Envvars": true, "LeftDelim": "{{", "RightDelim": "}}"}, {"EmbeddedTmpl": "D=1", "Envvars": false}, {"SourcePath": "x", "Envvars": true}]}]}]}}`, want: vars{"A": "1", "B": unknown, "C": "1", "VAULT_TOKEN": unknown, "VAULT_NAMESPACE": unknown}, rules: []string{"nomad-template-file"}},
	"json: nomad job run -output, older, without the object": {text: `{"TaskGroups": [{"Name": "g", "Tasks": [{"Name": "vault", "Driver": "docker", "Env": {"A": "1"}}]}]}`, want: vars{"A": "1"}},
	"the task: by its image":                                 {text: "job \"j\" {\n group \"g\" {\n task \"a\" {\n driver = \"docker\"\n config {\n image = \"envoy:1\"\n }\n env { A = \"1\" }\n }\n task \"b\" {\n driver = \"docker\"\n config {\n image = \"docker.io/hashicorp/vault:1.20\"\n }\n env { B = \"1\" }\n }\n }\n}", want: vars{"B": "1"}},
	"the task: by its name":                                  {text: "job \"j\" {\n group \"g\" {\n task \"unseal\" {\n driver = \"docker\"\n env { A = \"1\" }\n }\n task \"openbao\" {\n driver = \"docker\"\n env { B = \"1\" }\n }\n }\n}", want: vars{"B": "1"}},
}

func TestRules(t *testing.T) {
	t.Parallel()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := nomad.Read("vault.nomad.hcl", strings.NewReader(c.text), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(values(e)).To(Equal(c.want))
			g.Expect(rules(e)).To(ConsistOf(c.rules))
		})
	}
}

// developer.hashicorp.com/nomad, "HCL2 Variables": the last file wins, and over the
// default.
func TestVariablesComeFromFiles(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := "variable \"p\" {\n default = \"d\"\n}\nvariable \"q\" {}\nvariable \"r\" {}\n" +
		job("env {\n A = var.p\n B = var.q\n C = var.r\n}")
	e, err := nomad.Read("x.nomad", strings.NewReader(text), "",
		nomad.File{Source: "a.hcl", Text: "p = \"1\"\nq = \"1\"\nother = \"x\"\n"}, nomad.File{Source: "b.hcl", Text: "q = 2\n"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(values(e)).To(Equal(vars{"A": "1", "B": "2", "C": unknown}))
	g.Expect(e.Read).To(Equal([]string{"x.nomad", "a.hcl", "b.hcl"}))

	_, err = nomad.Read("x.nomad", strings.NewReader(text), "", nomad.File{Source: "a.hcl", Text: "p = \"top-secret"})
	g.Expect(err).To(MatchError(hostenv.ErrInput))
	g.Expect(err.Error()).To(And(ContainSubstring("a.hcl, line 1"), Not(ContainSubstring("top-secret"))))
}

func TestVariablesHaveTheirLines(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := nomad.Read("x.nomad", strings.NewReader(job(`      env {
        A = "1"

        B = "2"
      }
      template {
        env  = true
        data = <<-EOH
          C=1
          {{- with secret "s" }}

          D={{ .Data.d }}
          {{ end }}
        EOH
      }
      template {
        env  = true
        data = "E=1\nF=2"
      }`)), "")
	g.Expect(err).NotTo(HaveOccurred())
	lines := make(map[string]int)
	for _, v := range e.Variables {
		g.Expect(v.Place.File).To(Equal("x.nomad"))
		lines[v.Name] = v.Place.Line
	}
	g.Expect(lines).To(Equal(map[string]int{"A": 6, "B": 8, "C": 13, "D": 16, "E": 22, "F": 22}))
}

func TestWhatTheJobCannotShowIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := nomad.Read("x.nomad", strings.NewReader(job("")), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.ImageUnseen).To(BeTrue())
	g.Expect(e.Complete()).To(BeTrue())
	g.Expect(e.Source).To(Equal("task vault of group g"))
	g.Expect(e.Read).To(Equal([]string{"x.nomad"}))

	e, err = nomad.Read("x.nomad", strings.NewReader(strings.ReplaceAll(job(""), "docker", "exec")), "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeFalse(), "the client's environment may have anything")
}

func TestWhatIsNotAJobIsRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                                 "no job with a task",
		"job \"j\" {":                      "line 1",
		"job \"j\" {}\n\nx = \"top-secret": "line 3",
		"job \"j\" {\n group \"g\" {\n task \"a\" {}\n task \"b\" {}\n }\n}": "tasks a, b: the server's container has to be chosen",
		"{":                                   "it is not of Nomad's syntax",
		`{"Job": {"TaskGroups": []}}`:         "no job with a task",
		job("env { A = \"\\u0000\" }") + "\n": "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := nomad.Read("x.nomad", strings.NewReader(text), "")
			if says == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(hostenv.ErrInput))
			g.Expect(err.Error()).To(And(ContainSubstring(says), ContainSubstring("x.nomad"), Not(ContainSubstring("top-secret"))))
		})
	}
	_, err := nomad.Read("x", strings.NewReader(job("")), "other")
	NewWithT(t).Expect(err).To(MatchError(hostenv.ErrInput))
}

func FuzzRead(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := nomad.Read("x", strings.NewReader(text), "")
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
		for _, v := range e.Variables {
			if hostenv.CheckName(v.Name) != nil {
				t.Fatalf("name %q", v.Name)
			}
			if v.Known && strings.Contains(v.Value, "\x00") {
				t.Fatalf("a value of %s that no process can have", v.Name)
			}
		}
	})
}
