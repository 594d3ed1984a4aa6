// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// units are texts of unit files, by the rule of a manual page that they are about,
// and the rule of the remark that is expected. What systemd sets of each is recorded
// in testdata.
func units() map[string]struct{ text, remark string } {
	service := func(text string) string { return "[Service]\n" + text + "\n" }
	return map[string]struct{ text, remark string }{
		"systemd.syntax: comments with # and ;":                {service("# Environment=A=1\n; Environment=B=2\n  # Environment=C=3\nEnvironment=D=4"), ""},
		"systemd.syntax: no comment behind a value":            {service("Environment=A=1 # B=2"), "systemd-no-assignment"},
		"systemd.syntax: a backslash joins lines":              {service("Environment=A=1 \\\n  B=2 \\\n  C=3\nEnvironment=D=4"), ""},
		"systemd.syntax: comments within a joined line":        {service("Environment=A=1 \\\n# B=2\n; X=1\n  C=3"), ""},
		"systemd.syntax: a joined line in quotes has a space":  {service("Environment=\"A=1\\\n2\""), ""},
		"systemd.syntax: an escaped backslash joins nothing":   {service("Environment=\"A=1\\\\\"\nEnvironment=B=2"), ""},
		"systemd.syntax: a comment does not continue":          {service("# one \\\nEnvironment=A=1"), ""},
		"systemd.syntax: an empty line ends a joined one":      {service("Environment=A=1 \\\n\nEnvironment=B=2"), ""},
		"systemd.syntax: the file ends within a joined line":   {"[Service]\nEnvironment=A=1 \\", ""},
		"systemd.syntax: lines without =":                      {service("nonsense\nEnvironment=A=1"), "systemd-no-assignment"},
		"systemd.syntax: a line that was not joined":           {service("Environment=A=1\n  B=2"), ""},
		"systemd.syntax: space around =":                       {service("Environment = A=1\n  Environment\t=\tB=2  "), ""},
		"systemd.syntax: settings of other sections":           {"[Unit]\nEnvironment=A=1\n[Service]\nEnvironment=B=2\n[Install]\nEnvironment=C=3\n[X-Mine]\nEnvironment=D=4\n", ""},
		"systemd.syntax: a section twice":                      {service("Environment=A=1\n[Unit]\n[Service]\nEnvironment=B=2"), ""},
		"systemd.syntax: before the first section":             {"Environment=A=1\n" + service("Environment=B=2"), "systemd-outside-section"},
		"systemd.syntax: names of settings have a case":        {service("environment=A=1\nENVIRONMENT=B=2\nEnvironment=C=3"), ""},
		"systemd.syntax: a byte order mark":                    {"\ufeff" + service("Environment=A=1"), ""},
		"systemd.syntax: windows line ends":                    {"[Service]\r\nEnvironment=A=1\r\nEnvironment=B=2 \\\r\n  C=3\r\n", ""},
		"systemd.syntax: lines of more than 2048 bytes":        {service("Environment=A=" + strings.Repeat("x", 6000) + "\nEnvironment=B=2"), ""},
		"systemd.syntax: quotes":                               {service(`Environment="A=b c" 'D=e f' G="h i" J='k l'm`), ""},
		"systemd.syntax: quotes within a word":                 {service(`Environment=A=b"c d"e'f g'`), ""},
		"systemd.syntax: a quote that is not closed":           {service("Environment=A=1 \"B=2\nEnvironment=C=3"), "systemd-syntax"},
		"systemd.syntax: other quotes in quotes":               {service(`Environment="A='b'" 'C="d"'`), ""},
		"systemd.syntax: escapes":                              {service(`Environment="A=\a\b\f\n\r\t\v\\\"\'\s\x41\101\u00e4\U0001F600"`), ""},
		"systemd.syntax: escapes without quotes":               {service(`Environment=A=b\x20c\sd\\ B=\"x\"`), ""},
		"systemd.syntax: unknown escapes":                      {service("Environment=A=1 B=\\q C=3\nEnvironment=D=4"), "systemd-syntax"},
		"systemd.syntax: an escaped space":                     {service(`Environment=A=b\ c`), "systemd-syntax"},
		"systemd.syntax: short escapes":                        {service("Environment=A=1 B=\\x4 C=3\nEnvironment=D=\\12 E=5\nEnvironment=F=6"), "systemd-syntax"},
		"systemd.syntax: an escaped NUL":                       {service("Environment=A=1 B=\\x00\nEnvironment=C=\\000\nEnvironment=D=4"), "systemd-syntax"},
		"systemd.syntax: an escaped surrogate":                 {service("Environment=A=1 B=\\ud800\nEnvironment=D=4"), "systemd-syntax"},
		"systemd.exec: Environment= empty resets":              {service("Environment=A=1\nEnvironment=\nEnvironment=B=2"), ""},
		"systemd.exec: Environment= in empty quotes":           {service("Environment=A=1\nEnvironment=\"\"\nEnvironment=B=2"), "systemd-no-assignment"},
		"systemd.exec: the last assignment wins":               {service("Environment=A=1 A=2\nEnvironment=A=3"), ""},
		"systemd.exec: $ has no meaning":                       {service("Environment=A=1\nEnvironment=B=$A C=${A} D=$$"), ""},
		"systemd.exec: = within a value":                       {service("Environment=A=b=c== D="), ""},
		"systemd.exec: assignments without =":                  {service("Environment=A B=2"), "systemd-no-assignment"},
		"systemd.exec: a value with spaces without quotes":     {service("Environment=A=b c"), "systemd-no-assignment"},
		"systemd.exec: quotes behind the =":                    {service(`Environment=A="b c" D='e f'`), ""},
		"systemd.exec: names have letters, digits and _":       {service("Environment=A-B=1 A.B=2 1A=3 A1=4 _=5 Ä=6 =7"), "systemd-name"},
		"systemd.exec: export":                                 {service("Environment=export A=1"), "systemd-no-assignment"},
		"systemd.exec: values beyond ASCII":                    {service("Environment=A=ö✓"), ""},
		"systemd.exec: values that are not UTF-8":              {service("Environment=\"A=\\xff\" B=2"), "systemd-not-utf-8"},
		"systemd.unit: %% is a percent sign":                   {service("Environment=A=100%% B=%%i"), ""},
		"systemd.unit: a URL with escaped characters":          {service("Environment=\"HTTPS_PROXY=http://svc:Pa%40ss@proxy:3128\" A=1"), "systemd-specifier"},
		"systemd.unit: a URL with %% for %":                    {service("Environment=\"HTTPS_PROXY=http://svc:Pa%%40ss@proxy:3128\" A=1"), ""},
		"systemd.unit: escaped characters that are specifiers": {service("Environment=A=x%2Fy B=x%e4 C=3"), "systemd-specifier"},
		"systemd.unit: % before what is no letter":             {service("Environment=A=%-x B=5% C=%=1 D=50%,60%"), ""},
		"machine: systemd.unit: a date format":                 {service("Environment=A=%Y-%m-%d B=%F C=1"), "systemd-specifier"},
		"machine: systemd.unit: specifiers of the unit's name": {service("Environment=A=%p B=%i C=x%jy"), ""},
		"machine: systemd.unit: specifiers of the machine":     {service("Environment=A=%H B=%m C=%v D=%b E=%u F=%h G=%t H=%S I=%C J=%L K=%E L=%T M=%V N=%a O=%o"), ""},
		"systemd.exec: PassEnvironment=":                       {service("PassEnvironment=PASSED MISSING"), "passed"},
		"systemd.exec: PassEnvironment= is the weakest":        {service("PassEnvironment=PASSED\nEnvironment=PASSED=off"), ""},
		"systemd.exec: PassEnvironment= takes names":           {service("PassEnvironment=A=1 'B C'\nEnvironment=D=4"), "systemd-name"},
		"systemd.exec: UnsetEnvironment= names":                {service("Environment=A=1 B=2\nUnsetEnvironment=A"), ""},
		"systemd.exec: UnsetEnvironment= values":               {service("Environment=A=1 B=2\nUnsetEnvironment=A=1 B=3"), ""},
		"systemd.exec: UnsetEnvironment= before Environment=":  {service("UnsetEnvironment=A\nEnvironment=A=1 B=2"), ""},
		"systemd.exec: UnsetEnvironment= resets":               {service("UnsetEnvironment=A\nUnsetEnvironment=\nEnvironment=A=1"), ""},
		"systemd.exec: UnsetEnvironment= with a value quoted":  {service("Environment=\"A=b c\" B=2\nUnsetEnvironment=\"A=b c\""), ""},
		"systemd.exec: EnvironmentFile= relative":              {service("EnvironmentFile=vault.env\nEnvironment=A=1"), "systemd-environment-file"},
		"systemd.exec: EnvironmentFile= in quotes":             {service("EnvironmentFile=\"/etc/hostname\"\nEnvironment=A=1"), "systemd-environment-file"},
		"systemd.exec: EnvironmentFile= optional and missing":  {service("EnvironmentFile=-/does/not/exist\nEnvironment=A=1"), "systemd-environment-file-unseen"},
		"systemd.exec: EnvironmentFile= reset":                 {service("EnvironmentFile=/does/not/exist\nEnvironmentFile=\nEnvironment=A=1"), ""},
		"systemd.exec: EnvironmentFile= with a bad specifier":  {service("EnvironmentFile=-/does/%4\nEnvironment=A=1"), "systemd-environment-file"},
		"systemd.exec: only other settings":                    {service("Nice=5"), ""},
		"systemd.exec: many on one line":                       {service("Environment=" + strings.Repeat("A=1 B=2 ", 50)), ""},
	}
}

func TestUnitsAreReadAsSystemdDoes(t *testing.T) {
	t.Parallel()
	want := recorded(t, "units.json")
	for name, c := range units() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := systemd.Text("case0.service", c.text, systemd.Options{})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(want).To(HaveKey(name))
			// Whether systemd's own environment has a variable can't be known.
			if c.remark == "passed" {
				_, ok := e.Get("PASSED")
				g.Expect(ok).To(BeTrue())
				return
			}
			agree(t, e, want[name])
			var rules []string
			for _, r := range e.Remarks {
				g.Expect(r.Message).NotTo(BeEmpty())
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

// TestSystemdReadsUnitsAsRecorded starts each of the units.
func TestSystemdReadsUnitsAsRecorded(t *testing.T) {
	t.Parallel()
	services := make(map[string]string)
	for name, c := range units() {
		services[name] = c.text
	}
	set := runServices(t, services)
	record(t, "units.json", set)
	for name, want := range recorded(t, "units.json") {
		NewWithT(t).Expect(set).To(HaveKeyWithValue(name, want))
	}
}

func TestASpecifierInAURLIsNamedWithItsRemedy(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := systemd.Text("vault.service", "[Service]\n\nEnvironment=\"HTTPS_PROXY=http://svc:Pa%40ss@proxy\"\n", systemd.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	_, set := e.Get("HTTPS_PROXY")
	g.Expect(set).To(BeFalse())
	g.Expect(e.Remarks).To(HaveLen(1))
	g.Expect(e.Remarks[0]).To(And(HaveField("Variable", "HTTPS_PROXY"), HaveField("Place", hostenv.Place{File: "vault.service", Line: 3}),
		HaveField("Message", ContainSubstring("%4")), HaveField("Remedy", ContainSubstring("%%4"))))
}

// TestASpecifierOfNewerVersionsIsNamed: systemd 252 ignores the assignment, newer
// ones set it (systemd.unit(5), %D).
func TestASpecifierOfNewerVersionsIsNamed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := systemd.Text("vault.service", "[Service]\nEnvironment=A=x%D3y\n", systemd.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	_, set := e.Get("A")
	g.Expect(set).To(BeTrue(), "it may be")
	g.Expect(e.Remarks).To(ConsistOf(And(HaveField("Kind", hostenv.Differs), HaveField("Variable", "A"))))
}

func TestWhatIsNotAUnitIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no service":                  "[Unit]\nDescription=x\n",
		"text":                        "what is this",
		"nothing":                     "",
		"a header that is not closed": "[Service\nEnvironment=A=1\n",
		"a line of more than 1 MiB":   "[Service]\nEnvironment=A=" + strings.Repeat("x", 1<<20) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := systemd.Text("x", text, systemd.Options{})
			NewWithT(t).Expect(err).To(MatchError(hostenv.ErrInput))
		})
	}
}

func FuzzUnit(f *testing.F) {
	for _, c := range units() {
		f.Add(c.text)
	}
	f.Add("# /etc/systemd/system/a.service\n[Service]\n# /etc/systemd/system/a.service.d/b.conf\n[Service]\nEnvironment=A=1\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := systemd.Text("x", text, systemd.Options{Root: t.TempDir()})
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

// TestUnsetWordsThatAreNotKnown: what a specifier of an unknown unit unsets can't be
// told, and with the unit's name it can (systemd.exec(5), UnsetEnvironment=).
func TestUnsetWordsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	text := "[Service]\nEnvironment=A=1 AB=2 C=3 D=4\nUnsetEnvironment=A%i D=%i\n"
	for name, want := range map[string]string{"": "A? AB? C=3 D?", "# /etc/systemd/system/vault.service\n": "AB=2 C=3 D=4"} {
		e, err := systemd.Text("unit", name+text, systemd.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range e.Variables {
			switch {
			case v.From == "systemd itself":
			case v.Known:
				got = append(got, v.Name+"="+v.Value)
			default:
				got = append(got, v.Name+"?")
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %s; remarks %+v", name, got, want, e.Remarks)
		}
	}
}
