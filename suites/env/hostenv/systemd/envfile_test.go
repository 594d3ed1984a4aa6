// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// environmentFiles are texts of an EnvironmentFile=, by the rule of systemd.exec(5)
// that they are about, and the rule of the remark that is expected. What systemd
// sets of each is recorded in testdata.
func environmentFiles() map[string]struct{ text, remark string } {
	return map[string]struct{ text, remark string }{
		"systemd.exec: assignments":                          {"A=1\nB=2\n", ""},
		"systemd.exec: no newline at the end":                {"A=1", ""},
		"systemd.exec: empty value":                          {"A=\nB=''\nC=\"\"\n", ""},
		"systemd.exec: empty value at the end":               {"A=", ""},
		"systemd.exec: comments with # and ;":                {"# A=1\n; B=2\n\n  # C=3\nD=4\n", ""},
		"systemd.exec: no comment behind a value":            {"A=1 # one\nB=2;two\n", ""},
		"systemd.exec: lines without = are ignored":          {"A=1\nnonsense\nB=2\n", "systemd-no-assignment"},
		"systemd.exec: last line without =":                  {"A=1\nnonsense", "systemd-no-assignment"},
		"systemd.exec: space around a value is dropped":      {"A =  b c  \n\tB=\t1\t\n", ""},
		"systemd.exec: space before a name":                  {"   A=1\n", ""},
		"systemd.exec: the last assignment wins":             {"A=1\nA=2\n", ""},
		"systemd.exec: double quotes":                        {`A=" b \"c\" \$d \n \\ ` + "\\`" + ` "` + "\n", ""},
		"systemd.exec: single quotes":                        {`A=' b "c" \d \' ` + "\nB=1'\n", ""},
		"systemd.exec: quotes over lines":                    {"A='a\nb'\nB=1\n", ""},
		"systemd.exec: double quotes over lines":             {"A=\"a\nb\"\nB=1\n", ""},
		"systemd.exec: a backslash joins quoted lines":       {"A=\"a\\\nb\"\nB=1\n", ""},
		"systemd.exec: quotes within a value are text":       {`A=a"b c"d` + "\nB=it's\nC=1\n", ""},
		"systemd.exec: quoted parts are joined":              {`A="a"'b' "c"` + "\n", ""},
		"systemd.exec: text behind quotes":                   {`A="a" b` + "\n", ""},
		"systemd.exec: a quote that is not closed":           {"A=1\nB=\"open\nC=3\n", "systemd-open-quote"},
		"systemd.exec: a single quote that is not closed":    {"A=1\nB='open\nC=3\n", "systemd-open-quote"},
		"systemd.exec: a backslash joins lines":              {"A=b\\\nc\nB=1\n", ""},
		"systemd.exec: a joined line keeps its space":        {"A=b \\\n  c\nB=1\n", ""},
		"systemd.exec: a backslash at the end":               {"A=b\\", ""},
		"systemd.exec: a backslash protects":                 {`A=a\b\"c\'d\\e\ ` + "\n", ""},
		"systemd.exec: a backslash before a value":           {"A=\\\n  b\n", ""},
		"systemd.exec: = within a value":                     {"A=b=c==\n", ""},
		"systemd.exec: nothing is expanded":                  {"A=$HOME ${HOME} %i %% %H\n", ""},
		"systemd.exec: backquotes are text":                  {"A=`id`\nB=$(id)\n", ""},
		"systemd.exec: windows line ends":                    {"A=1\r\nB=\"2\"\r\nC='3'\r\n", ""},
		"systemd.exec: a carriage return ends a line":        {"A=1\rB=2\r", ""},
		"systemd.exec: a backslash before a carriage return": {"A=b\\\r\nB=1\r\n", ""},
		"systemd.exec: export is ignored":                    {"export A=1\nB=2\n", "systemd-export"},
		"systemd.exec: export with a tab":                    {"export\tA=1\nB=2\n", "systemd-export"},
		"systemd.exec: names have letters, digits and _":     {"A-B=1\nA.B=2\n1A=3\nA1=4\n_=5\na=6\n", "systemd-name"},
		"systemd.exec: names without letters":                {"=1\nA=2\n", "systemd-no-assignment"},
		"systemd.exec: names with blanks":                    {"A B=1\nC=2\n", "systemd-name"},
		"systemd.exec: names beyond ASCII":                   {"Ä=1\nC=ö ✓\n", "systemd-name"},
		"systemd.exec: names in quotes":                      {"\"A\"=1\nC=2\n", "systemd-name"},
		"systemd.exec: colon for =":                          {"A: 1\nB=2\n", "systemd-no-assignment"},
		"systemd.exec: colon and base64":                     {"A: 1=\nB=2\n", "systemd-name"},
		"systemd.exec: a byte order mark eats the name":      {"\ufeffA=1\nB=2\n", "systemd-byte-order-mark"},
		"systemd.exec: a byte order mark before a comment":   {"\ufeff# c\nB=2\n", "systemd-no-assignment"},
		"systemd.exec: a long line":                          {"A=" + strings.Repeat("x", 5000) + "\nB=2\n", ""},
		"systemd.exec: control characters":                   {"A=a\tb\x01c\nB=2\n", ""},
		"systemd.exec: values that are not UTF-8":            {"A=1\nB=\xff\nC=3\n", "broken"},
		"systemd.exec: a NUL byte":                           {"A=1\nB=\x00\nC=3\n", "broken"},
		"systemd.exec: an empty file":                        {"", ""},
		"systemd.exec: JSON":                                 {"{\"A\": \"1\"}\n", "systemd-no-assignment"},
		"systemd.exec: a shell script":                       {"#!/bin/sh\nset -a\nA=1; B=2\n[ -f x ] && C=3\n", "systemd-name"},
		"systemd.exec: a proxy":                              {"HTTPS_PROXY=http://svc:Pa%40ss@proxy:3128\nNO_PROXY=\"localhost, .corp\"\n", ""},
		"systemd.exec: comment within a joined value":        {"A=1\\\n# 2\nB=3\n", ""},
		"systemd.exec: += is not known":                      {"A=1\nA+=2\n", "systemd-name"},
	}
}

func TestEnvironmentFilesAreReadAsSystemdDoes(t *testing.T) {
	t.Parallel()
	want := recorded(t, "environmentfile.json")
	for name, c := range environmentFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := systemd.EnvironmentFile("vault.env", strings.NewReader(c.text))
			if c.remark == "broken" {
				g.Expect(err).To(MatchError(hostenv.ErrInput))
				g.Expect(want[name]).To(BeEmpty(), "systemd sets nothing of the file")
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(want).To(HaveKey(name))
			agree(t, e, want[name])
			var rules []string
			for _, r := range e.Remarks {
				g.Expect(r.Message).NotTo(BeEmpty())
				g.Expect(r.Place.Line).To(BeNumerically(">", 0))
				rules = append(rules, r.Rule)
			}
			if c.remark == "" {
				g.Expect(rules).To(BeEmpty())
			} else {
				g.Expect(rules).To(ContainElement(c.remark))
			}
		})
	}
}

// TestSystemdReadsEnvironmentFilesAsRecorded starts a service with each of the
// files.
func TestSystemdReadsEnvironmentFilesAsRecorded(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	services := make(map[string]string)
	for name, c := range environmentFiles() {
		path := filepath.Join(directory, strings.NewReplacer(" ", "-", "/", "-", "%", "").Replace(name)+".env")
		file(t, path, c.text)
		services[name] = "[Service]\nEnvironmentFile=-" + path + "\n"
	}
	set := runServices(t, services)
	record(t, "environmentfile.json", set)
	for name, want := range recorded(t, "environmentfile.json") {
		NewWithT(t).Expect(set).To(HaveKeyWithValue(name, want))
	}
}

// TestContinuedCommentsDifferBetweenVersions: systemd 254 reads the line behind a
// comment that ends with a backslash, earlier versions do not (NEWS of systemd 254).
func TestContinuedCommentsDifferBetweenVersions(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := systemd.EnvironmentFile("x", strings.NewReader("# one \\\nA=1\nB=2\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Variables).To(HaveLen(2))
	g.Expect(e.Remarks).To(ConsistOf(HaveField("Kind", hostenv.Differs)))
	g.Expect(e.Remarks[0]).To(And(HaveField("Variable", "A"), HaveField("Place.Line", 2)))
}

func TestVariablesKnowTheirLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := systemd.EnvironmentFile("x", strings.NewReader("# c\nA='1\n2'\n\nB=1\\\n2\nC=3\n"))
	g.Expect(err).NotTo(HaveOccurred())
	lines := map[string]int{}
	for _, v := range e.Variables {
		lines[v.Name] = v.Place.Line
	}
	g.Expect(lines).To(Equal(map[string]int{"A": 2, "B": 5, "C": 7}))
}

func FuzzEnvironmentFile(f *testing.F) {
	for _, c := range environmentFiles() {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := systemd.EnvironmentFile("x", strings.NewReader(text))
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
		lines := strings.Count(text, "\n") + 1
		for _, v := range e.Variables {
			if hostenv.CheckName(v.Name) != nil || v.Place.Line < 1 || v.Place.Line > lines {
				t.Fatalf("%+v", v)
			}
		}
	})
}
