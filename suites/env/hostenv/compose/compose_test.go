// SPDX-License-Identifier: MPL-2.0

package compose_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/compose"
)

// project is the files of a project and what is asked of it.
type project struct {
	files   map[string]string
	service string
	// open are variables that depend on the shell; refused: Compose refuses it.
	open    []string
	refused bool
}

// envFiles are texts of an env_file, by the rule of Compose's documentation,
// "Syntax for environment files in Docker Compose". What Docker Compose sets of each
// is recorded in testdata.
func envFiles() map[string]project {
	all := make(map[string]project)
	for name, text := range map[string]string{
		"assignments":                        "A=1\nB=2\n",
		"no newline at the end":              "A=1",
		"blank lines and comments":           "# A=1\n\n  # B=2\nC=3\n",
		"comments behind a value":            "A=1 # one\nB=2#two\nC= # three\n",
		"comments behind quotes":             "A=\"1\" # one\nB='2' # two\n",
		"# in quotes":                        "A=\"1 # one\"\nB='2 # two'\n",
		"colon for =":                        "A: 1\nB:2\n",
		"space around =":                     "A =1\nB = 2\n C=3\n",
		"space around a value":               "A=  b c  \n",
		"double quotes":                      "A=\"b c\"\nB=\"\"\n",
		"single quotes":                      "A='b c'\nB=''\n",
		"quotes within a value":              "A=b\"c\"d\nB=it's\n",
		"escapes in double quotes":           "A=\"a\\nb\\tc\\\\d\\\"e\"\n",
		"escapes in single quotes":           "A='a\\nb\\tc'\n",
		"escapes without quotes":             "A=a\\nb\\tc\n",
		"an escaped single quote":            "A='it\\'s'\n",
		"double quotes over lines":           "A=\"a\nb\"\nB=1\n",
		"single quotes over lines":           "A='a\nb'\nB=1\n",
		"export":                             "export A=1\nexport B='2'\n",
		"export without a value":             "A=1\nexport A\n",
		"a name alone":                       "A\nB=1\n",
		"empty values":                       "A=\nB=1\n",
		"the last wins":                      "A=1\nA=2\n",
		"references":                         "A=1\nB=$A\nC=${A}x\n",
		"references in double quotes":        "A=1\nB=\"$A\"\n",
		"no references in single quotes":     "A=1\nB='$A ${A}'\n",
		"defaults":                           "A=${X:-d}\nB=${X-d}\nC=\nD=${C:-e}\nE=${C-e}\n",
		"alternatives":                       "A=1\nB=${A:+x}\nC=${A+y}\n",
		"an escaped reference":               "A=1\nB=$$A\nC=\\$A\n",
		"a dollar sign":                      "A=a$\nB=1\n",
		"windows line ends":                  "A=1\r\nB=\"2\"\r\nC='3'\r\n",
		"a byte order mark":                  "\ufeffA=1\nB=2\n",
		"= within a value":                   "A=b=c==\n",
		"names with dots and dashes":         "A.B=1\nA-B=2\n",
		"names that begin with a digit":      "1A=1\n",
		"names beyond ASCII":                 "Ä=1\n",
		"values beyond ASCII":                "A=ö ✓\n",
		"a name with a blank":                "A B=1\n",
		"a quote that is not closed":         "A=\"open\nB=1\n",
		"a single quote that is not closed":  "A='open\nB=1\n",
		"a backslash does not join lines":    "A=b\\\nc=d\n",
		"a long line":                        "A=" + strings.Repeat("x", 5000) + "\nB=2\n",
		"a proxy":                            "HTTPS_PROXY=http://svc:Pa%40ss@proxy:3128\nNO_PROXY=localhost,.corp\n",
		"tabs":                               "A=\t1\t\n\tB=2\n",
		"text behind quotes":                 "A=\"b\"C\nB='d'E\n",
		"semicolons":                         "; A=1\nB=2\n",
		"an empty file":                      "",
		"JSON in single quotes":              "A='{\"a\": \"b\"}'\n",
		"JSON without quotes":                "A={\"a\": \"b\"}\n",
		"a reference that ends in the value": "A=${B\n",
	} {
		all["env_file: "+name] = project{files: map[string]string{
			"compose.yaml": "services: {vault: {image: x, env_file: v.env}}\n", "v.env": text,
		}, open: map[string][]string{"text behind quotes": {"C", "E"}, "a name alone": {"A"}, "defaults": {"A", "B"}}[name]}
	}
	for _, name := range []string{"a name with a blank", "a quote that is not closed", "a single quote that is not closed", "semicolons", "a reference that ends in the value"} {
		p := all["env_file: "+name]
		p.refused = true
		all["env_file: "+name] = p
	}
	return all
}

// projects are Compose files, by the rule of the Compose specification.
func projects() map[string]project {
	one := func(text string, more ...string) map[string]string {
		files := map[string]string{"compose.yaml": text}
		for i := 0; i+1 < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	return map[string]project{
		"environment: a mapping":                     {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: 1\n      B: 'true'\n      C: \"\"\n      D: 1.50\n")},
		"environment: a list":                        {files: one("services:\n  vault:\n    image: x\n    environment:\n    - A=1\n    - B=x=y\n    - C=\n    - \"D=a b\"\n")},
		"environment: true values need quotes":       {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: true\n      B: 2\n")},
		"environment: without a value, a mapping":    {files: one("services:\n  vault:\n    image: x\n    environment:\n      A:\n      B: 1\n"), open: []string{"A"}},
		"environment: without a value, a list":       {files: one("services:\n  vault:\n    image: x\n    environment:\n    - A\n    - B=1\n"), open: []string{"A"}},
		"environment: without a value, from .env":    {files: one("services:\n  vault:\n    image: x\n    environment:\n    - A\n", ".env", "A=dot\n")},
		"environment: quotes are YAML's":             {files: one("services:\n  vault:\n    image: x\n    environment:\n    - A=\"b\"\n    - 'B=c'\n")},
		"environment: folded text":                   {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: >-\n        b\n        c\n      B: |\n        d\n")},
		"interpolation: .env":                        {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: ${X}\n      B: $X-y\n", ".env", "X=dot\n")},
		"interpolation: unset":                       {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: ${X}\n      B: 1\n"), open: []string{"A"}},
		"interpolation: defaults":                    {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: ${X:-d}\n      B: ${Y:-d}\n      C: ${Z-d}\n", ".env", "Y=dot\nZ=\n"), open: []string{"A"}},
		"interpolation: $$ is a dollar sign":         {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: $$X\n      B: $${X}\n")},
		"interpolation: required":                    {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: ${X:?say it}\n"), refused: true},
		"interpolation: bad":                         {files: one("services:\n  vault:\n    image: x\n    environment:\n      A: ${X\n"), refused: true},
		"env_file: a list, later ones are stronger":  {files: one("services:\n  vault:\n    image: x\n    env_file: [a.env, b.env]\n", "a.env", "A=1\nB=1\n", "b.env", "B=2\n")},
		"env_file: weaker than environment":          {files: one("services:\n  vault:\n    image: x\n    env_file: a.env\n    environment: {A: 2}\n", "a.env", "A=1\nB=1\n")},
		"env_file: long form":                        {files: one("services:\n  vault:\n    image: x\n    env_file:\n    - path: a.env\n      required: true\n    - path: none.env\n      required: false\n", "a.env", "A=1\n")},
		"env_file: raw format":                       {files: one("services:\n  vault:\n    image: x\n    env_file:\n    - path: a.env\n      format: raw\n", "a.env", "A=\"1\" # x\nB=$X\n")},
		"env_file: required and missing":             {files: one("services:\n  vault:\n    image: x\n    env_file: none.env\n    environment: {A: 1}\n"), open: []string{"missing"}},
		"env_file: references to .env":               {files: one("services:\n  vault:\n    image: x\n    env_file: a.env\n", "a.env", "A=$X\n", ".env", "X=dot\n")},
		"env_file: references to the file before":    {files: one("services:\n  vault:\n    image: x\n    env_file: [a.env, b.env]\n", "a.env", "A=1\n", "b.env", "B=$A\n")},
		"env_file: in a directory":                   {files: one("services:\n  vault:\n    image: x\n    env_file: ./env/a.env\n", "env/a.env", "A=1\n")},
		".env: sets nothing by itself":               {files: one("services:\n  vault:\n    image: x\n    environment: {A: 1}\n", ".env", "B=2\n")},
		"services: the one called vault":             {files: one("services:\n  db:\n    image: x\n    environment: {A: db}\n  vault:\n    image: x\n    environment: {A: vault}\n")},
		"services: the one with a server's image":    {files: one("services:\n  db:\n    image: postgres\n    environment: {A: db}\n  secrets:\n    image: hashicorp/vault:1.20\n    environment: {A: vault}\n"), service: "secrets"},
		"services: the one that was chosen":          {files: one("services:\n  db:\n    image: x\n    environment: {A: db}\n  vault:\n    image: x\n    environment: {A: vault}\n"), service: "db"},
		"profiles: a service with one":               {files: one("services:\n  vault:\n    image: x\n    profiles: [secrets]\n    environment: {A: 1}\n")},
		"anchors: merged mappings":                   {files: one("x-env: &env\n  A: 1\n  B: 1\nservices:\n  vault:\n    image: x\n    environment:\n      <<: *env\n      B: 2\n")},
		"extends: a service of the file":             {files: one("services:\n  base:\n    image: x\n    environment: {A: 1, B: 1}\n  vault:\n    extends: {service: base}\n    environment: {B: 2}\n")},
		"extends: a service of another file":         {files: one("services:\n  vault:\n    extends: {file: base.yaml, service: base}\n    environment: {B: 2}\n", "base.yaml", "services:\n  base:\n    image: x\n    environment: {A: 1, B: 1}\n")},
		"include: another file":                      {files: one("include: [other.yaml]\nservices:\n  db:\n    image: x\n", "other.yaml", "services:\n  vault:\n    image: x\n    environment: {A: 1}\n")},
		"several files: later ones are stronger":     {files: one("services:\n  vault:\n    image: x\n    environment: {A: 1, B: 1}\n", "compose.override.yaml", "services:\n  vault:\n    environment: [B=2, C=3]\n")},
		"several files: !reset":                      {files: one("services:\n  vault:\n    image: x\n    environment: {A: 1, B: 1}\n", "compose.override.yaml", "services:\n  vault:\n    environment: !override {C: 3}\n")},
		"version: is of no meaning":                  {files: one("version: '3.7'\nservices:\n  vault:\n    image: x\n    environment: {A: 1}\n")},
		"form: JSON":                                 {files: one(`{"services": {"vault": {"image": "x", "environment": {"A": "1"}}}}`)},
		"form: a byte order mark":                    {files: one("\ufeffservices:\n  vault:\n    image: x\n    environment: {A: 1}\n")},
		"form: environment is text":                  {files: one("services:\n  vault:\n    image: x\n    environment: hunter2\n"), refused: true},
		"deploy: replicas share":                     {files: one("services:\n  vault:\n    image: x\n    deploy: {replicas: 3}\n    environment: {A: 1}\n")},
		"environment: a list with a name twice":      {files: one("services:\n  vault:\n    image: x\n    environment:\n    - A=1\n    - A=2\n")},
		"environment: names with other letters":      {files: one("services:\n  vault:\n    image: x\n    environment:\n      a.b-c: 1\n")},
		"configs: of no meaning for the environment": {files: one("services:\n  vault:\n    image: x\n    environment: {VAULT_LOCAL_CONFIG: '{\"a\": 1}'}\n    labels: {B: 2}\n")},
	}
}

func all() map[string]project {
	both := envFiles()
	maps.Copy(both, projects())
	return both
}

func (p project) write(t *testing.T) (directory string, files []compose.File) {
	t.Helper()
	directory = t.TempDir()
	for name, text := range p.files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"compose.yaml", "compose.override.yaml"} {
		if text, ok := p.files[name]; ok {
			files = append(files, compose.File{Name: filepath.Join(directory, name), Text: text})
		}
	}
	return directory, files
}

func recorded(t *testing.T) map[string]map[string]*string {
	t.Helper()
	raw, err := os.ReadFile("testdata/config.json")
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]map[string]*string
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProjectsAreReadAsDockerComposeDoes(t *testing.T) {
	t.Parallel()
	want := recorded(t)
	for name, p := range all() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, files := p.write(t)
			e, err := compose.Read(t.Context(), files, compose.Options{Service: p.service})
			if p.refused {
				g.Expect(err).To(MatchError(hostenv.ErrInput))
				g.Expect(err.Error()).NotTo(ContainSubstring("hunter2"))
				g.Expect(want).NotTo(HaveKey(name), "Docker Compose refuses it too")
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			if slices.Contains(p.open, "missing") {
				g.Expect(e.Complete()).To(BeFalse())
				return
			}
			g.Expect(want).To(HaveKey(name))
			for file := range p.files { // each is used, and what was read is listed
				g.Expect(e.Read).To(ContainElement(HaveSuffix("/"+file)), file)
			}
			got := make(map[string]string)
			var open []string
			for _, v := range e.Variables {
				switch {
				case v.From == "the container engine":
				case v.Known:
					got[v.Name] = v.Value
				default:
					open = append(open, v.Name)
				}
			}
			g.Expect(open).To(ConsistOf(p.open))
			set := make(map[string]string)
			for variable, value := range want[name] {
				if value != nil && !slices.Contains(open, variable) {
					set[variable] = *value
				}
			}
			g.Expect(got).To(Equal(set))
		})
	}
}

// TestDockerComposeReadsAsRecorded asks the real docker compose. The variable
// PLUGPROOF_COMPOSE names its binary, where it is not Docker's plugin.
func TestDockerComposeReadsAsRecorded(t *testing.T) {
	t.Parallel()
	command := []string{"docker", "compose"}
	if binary := os.Getenv("PLUGPROOF_COMPOSE"); binary != "" {
		command = []string{binary}
	}
	if err := exec.CommandContext(t.Context(), command[0], append(command[1:], "version")...).Run(); err != nil {
		t.Skip("there is no docker compose: ", err)
	}
	read := make(map[string]map[string]string)
	for name, p := range all() {
		if slices.Contains(p.open, "missing") {
			continue
		}
		directory, _ := p.write(t)
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], "--profile", "*", "config", "--format", "json")...)
		cmd.Dir, cmd.Stdout = directory, &out
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory}
		if err := cmd.Run(); err != nil {
			continue
		}
		var config struct {
			Services map[string]struct{ Environment map[string]*string }
		}
		if err := json.Unmarshal(out.Bytes(), &config); err != nil {
			t.Fatal(err)
		}
		service := p.service
		if service == "" {
			service = "vault"
		}
		read[name] = make(map[string]string)
		for variable, value := range config.Services[service].Environment {
			if value != nil {
				// The output is a Compose file, where a dollar sign is written twice.
				read[name][variable] = strings.ReplaceAll(*value, "$$", "$")
			}
		}
	}
	if os.Getenv("PLUGPROOF_RECORD") != "" {
		raw, err := json.MarshalIndent(read, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/config.json", append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range recorded(t) {
		for variable, value := range want {
			NewWithT(t).Expect(read[name]).To(HaveKeyWithValue(variable, *value), name)
		}
	}
}

func TestVariablesKnowTheirFileAndLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := project{files: map[string]string{
		"compose.yaml": "services:\n  other:\n    environment: {A: x}\n  vault:\n    image: x\n    env_file: a.env\n    environment:\n      A: 1\n", "a.env": "# c\nB=2\n",
	}}
	directory, files := p.write(t)
	e, err := compose.Read(t.Context(), files, compose.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	a, _ := e.Get("A")
	b, _ := e.Get("B")
	g.Expect(a.Place).To(Equal(hostenv.Place{File: filepath.Join(directory, "compose.yaml"), Line: 8}))
	g.Expect(b.Place).To(Equal(hostenv.Place{File: filepath.Join(directory, "a.env"), Line: 2}))
	g.Expect(e.Read).To(Equal([]string{filepath.Join(directory, "compose.yaml"), filepath.Join(directory, "a.env")}))
}

func TestInheritedVariablesKnowTheirFile(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory, files := projects()["extends: a service of another file"].write(t)
	e, err := compose.Read(t.Context(), files, compose.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	a, _ := e.Get("A")
	g.Expect(a.Place.File).To(Equal(filepath.Join(directory, "base.yaml")))
}

// TestPathsMayBeRelative names a Compose file relative to the working directory.
func TestPathsMayBeRelative(t *testing.T) {
	g := NewWithT(t)
	p := project{files: map[string]string{
		"dir/compose.yaml": "services:\n  vault:\n    image: x\n    env_file:\n    - a.env\n    - ./none.env\n    environment:\n      B: $X\n",
		"dir/a.env":        "A=1\n", "dir/.env": "X=1\n", "given.env": "C=1\n",
	}}
	directory, _ := p.write(t)
	t.Chdir(directory)
	files := []compose.File{{Name: "dir/compose.yaml", Text: p.files["dir/compose.yaml"]}}
	e, err := compose.Read(t.Context(), files, compose.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Read).To(Equal([]string{"dir/.env", "dir/compose.yaml", "dir/a.env"}))
	g.Expect(e.Complete()).To(BeFalse())
	g.Expect(e.Remarks[0].Place).To(Equal(hostenv.Place{File: "dir/compose.yaml", Line: 4}))

	e, err = compose.Read(t.Context(), files, compose.Options{Given: map[string]string{"./none.env": "given.env"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeTrue())
	for _, name := range []string{"A", "B", "C"} {
		v, _ := e.Get(name)
		g.Expect(v.Value).To(Equal("1"), name)
	}
}

func FuzzDotenv(f *testing.F) {
	for _, p := range envFiles() {
		f.Add(p.files["v.env"])
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := compose.Dotenv("x", text)
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

func FuzzRead(f *testing.F) {
	for _, p := range projects() {
		f.Add(p.files["compose.yaml"])
	}
	directory := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") || strings.Contains(text, "extends") || strings.Contains(text, "env_file") {
			t.Skip("it may name files of this machine")
		}
		_, err := compose.Read(t.Context(), []compose.File{{Name: filepath.Join(directory, "compose.yaml"), Text: text}}, compose.Options{})
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
	})
}
