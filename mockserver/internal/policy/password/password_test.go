// SPDX-License-Identifier: MPL-2.0

package password_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/internal/policy/password"
)

func TestGenerate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for range 20 {
		generated, err := password.Default().Generate()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(generated).To(HaveLen(20))
		for _, class := range []string{"[a-z]", "[A-Z]", "[0-9]", "-"} {
			g.Expect(generated).To(MatchRegexp(class))
		}
	}
	p, err := password.Parse("length = 6\nrule \"charset\" { charset = \"äb\" min-chars = 3 }\nrule \"charset\" { charset = \"c\" min-chars = 3 }")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Generate()).To(MatchRegexp("^[äbc]{6}$"))
}

// TestParse has policies that can't be used, with the texts of an OpenBao 2.6.2.
func TestParse(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"x":           "unable to decode",
		"length = 20": "no charset specified",
		"length = 5\nrule \"charset\" { charset = \"abc\" min-chars = 9 }":      "specified rules require at least 9 characters but 5 is specified",
		"length = 5\nrule \"foo\" { charset = \"abc\" }":                        "unable to parse rules: unable to parse rule foo: unrecognized rule type foo",
		"length = 0\nrule \"charset\" { charset = \"abc\" }":                    "length must be > 0",
		"length = \"a\"\nrule \"charset\" { charset = \"abc\" }":                "'length' expected type 'int', got unconvertible type 'string'",
		"length = 5\nrule \"charset\" { charset = 7 }":                          "'charset' source data must be an array or slice, got int",
		"length = 5\nrule = 7":                                                  "unable to retrieve rules",
		"length = 5\nrule \"charset\" { charset = \"a\\u0007\" }":               "non-printable character in charset",
		"length = 5\nrule \"charset\" { charset = \"a\" min-chars = \"x\" }":    "'min-chars' expected type 'int'",
		"length = 5\nrule \"charset\" { charset = \"a\" min-chars = -1 }":       "",
		"length = 5\nrule \"charset\" \"more\" { charset = \"a\" }":             "",
		"length = 5\nrule \"charset\" {}\nrule \"charset\" { charset = \"a\" }": "",
	} {
		_, err := password.Parse(raw)
		g := NewWithT(t)
		if want != "" {
			g.Expect(err).To(MatchError(ContainSubstring(want)), raw)
		}
	}
}

// TestEndsWithinAnEscape: what HCL's scanner panics on is an error.
func TestEndsWithinAnEscape(t *testing.T) {
	t.Parallel()
	if _, err := password.Parse(`{"\0`); err == nil {
		t.Error("no error")
	}
}
