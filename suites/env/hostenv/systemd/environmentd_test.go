// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// environmentD are files of an environment.d, by the rule of environment.d(5) that
// they are about. What systemd sets of each is recorded in testdata.
func environmentD() map[string]map[string]string {
	one := func(text string) map[string]string { return map[string]string{"10.conf": text} }
	return map[string]map[string]string{
		"environment.d: assignments":                    one("A=1\nB=2\n"),
		"environment.d: comments":                       one("# A=1\n; B=2\nC=3\n"),
		"environment.d: quotes":                         one("A=\"b c\"\nB='d e'\n"),
		"environment.d: empty values are ignored":       one("A=\nB=\"\"\nC=1\n"),
		"environment.d: names":                          one("A-B=1\n1A=2\nC=3\n"),
		"environment.d: export is not known":            one("export A=1\nB=2\n"),
		"environment.d: $NAME":                          one("A=1\nB=$A\nC=x$A-y\n"),
		"environment.d: ${NAME}":                        one("A=1\nB=x${A}y\n"),
		"environment.d: ${NAME:-default}":               one("A=1\nB=${A:-d}\n"),
		"environment.d: ${NAME:+alternate}":             one("A=1\nB=${A:+alt}\n"),
		"environment.d: nested defaults":                one("A=1\nB=2\nC=${A:+x${B}y}\n"),
		"environment.d: $$ is a dollar sign":            one("A=1\nB=$$A\n"),
		"environment.d: other dollar signs":             one("A=a$\nB=$1\nC=a$-b\n"),
		"environment.d: references in single quotes":    one("A=1\nB='$A'\n"),
		"environment.d: a name of an earlier file":      {"10.conf": "A=1\n", "20.conf": "B=$A\n"},
		"environment.d: sorted by name":                 {"20.conf": "A=20\n", "10.conf": "A=10\nB=10\n"},
		"environment.d: only .conf":                     {"10.conf": "A=1\n", "20.env": "B=1\n", "30.conf.bak": "C=1\n"},
		"environment.d: a reference to itself":          one("A=1\nA=${A}:2\n"),
		"environment.d: a reference that is not closed": one("A=1\nB=${A\nC=3\n"),
		"environment.d: a lone byte order mark":         one("\ufeffA=1\nB=2\n"),
	}
}

func TestEnvironmentDIsReadAsSystemdDoes(t *testing.T) {
	t.Parallel()
	want := recorded(t, "environmentd.json")
	for name, files := range environmentD() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			root := t.TempDir()
			for base, text := range files {
				file(t, filepath.Join(root, "etc/environment.d", base), text)
			}
			e, err := systemd.EnvironmentD(root)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(want).To(HaveKey(name))
			agree(t, e, want[name])
		})
	}
}

// TestSystemdReadsEnvironmentDAsRecorded runs systemd's own generator.
func TestSystemdReadsEnvironmentDAsRecorded(t *testing.T) {
	t.Parallel()
	const generator = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"
	if _, err := os.Stat(generator); err != nil {
		t.Skip("systemd is not installed: ", err)
	}
	run := func(home string) map[string]string {
		cmd := exec.CommandContext(t.Context(), generator)
		cmd.Env = []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home}
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			t.Skip("the generator does not run: ", err)
		}
		vars := make(map[string]string)
		for line := range strings.Lines(out.String()) {
			name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
			vars[name] = unquote(value)
		}
		return vars
	}
	empty := run(t.TempDir())
	set := make(recording)
	for name, files := range environmentD() {
		home := t.TempDir()
		for base, text := range files {
			file(t, filepath.Join(home, "environment.d", base), text)
		}
		vars := run(home)
		for variable := range empty {
			delete(vars, variable)
		}
		set[name] = vars
	}
	record(t, "environmentd.json", set)
	for name, want := range recorded(t, "environmentd.json") {
		NewWithT(t).Expect(set).To(HaveKeyWithValue(name, want))
	}
}

// unquote undoes the quotes with which the generator prints values for a shell.
func unquote(value string) string {
	if text, ok := strings.CutPrefix(value, "$'"); ok {
		return strings.ReplaceAll(strings.TrimSuffix(text, "'"), `\'`, "'")
	}
	if text, ok := strings.CutPrefix(value, `"`); ok {
		return strings.NewReplacer(`\"`, `"`, `\$`, "$", "\\`", "`", `\\`, `\`).Replace(strings.TrimSuffix(text, `"`))
	}
	return value
}

func TestServicesOfUsersHaveEnvironmentD(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	root := t.TempDir()
	file(t, filepath.Join(root, "etc/environment.d/10.conf"), "A=1\nB=$HOME/x\n")
	file(t, filepath.Join(root, "usr/lib/systemd/user/vault.service"), "[Service]\nEnvironment=C=3\n")
	e, err := systemd.Unit(filepath.Join(root, "usr/lib/systemd/user/vault.service"), systemd.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	agree(t, e, map[string]string{"A": "1", "B": "set by the reader alone", "C": "3"})
}

func TestADropInStandsForItsUnit(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := systems(t)["packaged-unit-with-edited-drop-in"]
	e, err := systemd.Unit(filepath.Join(s.build(t), "etc/systemd/system/vault.service.d/override.conf"), systemd.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	agree(t, e, s.want)
}

func FuzzEnvironmentD(f *testing.F) {
	for _, files := range environmentD() {
		f.Add(files["10.conf"])
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, v := range systemd.EnvironmentDFile("x", text).Variables {
			if v.Name == "" || v.Place.Line < 1 {
				t.Fatalf("%+v", v)
			}
		}
	})
}
