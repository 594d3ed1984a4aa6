// SPDX-License-Identifier: MPL-2.0

package steps_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
)

func TestRequirementsOfTheFeatures(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all, err := steps.Requirements(features.FS)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(all)).To(BeNumerically(">", 150))
	plugin, err := fs.Sub(features.Plugin, "plugin")
	g.Expect(err).NotTo(HaveOccurred())
	more, err := steps.Requirements(plugin)
	g.Expect(err).NotTo(HaveOccurred())
	ids := make(map[string]string)
	prefixes := make(map[string]string)
	sessions := 0
	for _, r := range append(all, more...) {
		g.Expect(ids).NotTo(HaveKey(r.ID), "an identifier stands for one requirement")
		ids[r.ID] = r.Title
		g.Expect(r.Remedy).NotTo(BeEmpty(), r.ID)
		// An identifier's letters stand for one area.
		prefix := r.ID[:3]
		if known, ok := prefixes[prefix]; ok {
			g.Expect(r.Area).To(Equal(known), r.ID)
		}
		prefixes[prefix] = r.Area
		if r.Session() {
			sessions++
		}
	}
	g.Expect(sessions).To(Equal(8))
}

// TestRequirementsRefuses shows that a mistake in a feature is an error rather
// than a requirement that is silently not checked.
func TestRequirementsRefuses(t *testing.T) {
	t.Parallel()
	const head = "Feature: f\n  Source: somewhere\n\n"
	scenario := func(tags, name string) string {
		return "  " + tags + "\n  Scenario: " + name + "\n    Given x\n\n"
	}
	for name, test := range map[string]struct{ feature, want string }{
		"no identifier":      {head + scenario("@must", "s"), "no identifier"},
		"no level":           {head + scenario("@REG-001", "s"), "no level"},
		"two levels":         {head + scenario("@REG-001 @must @may", "s"), "two levels"},
		"two identifiers":    {head + scenario("@REG-001 @REG-002 @must", "s"), "two identifiers"},
		"twice":              {head + scenario("@REG-001 @must", "one") + scenario("@REG-001 @must", "two"), "stands twice"},
		"unknown tag":        {head + scenario("@REG-001 @must @muts", "s"), "@muts is no tag"},
		"unknown capability": {head + scenario("@REG-001 @must @needs-magic", "s"), "names no capability"},
		"no need":            {head + "  @REG-001 @must\n  Scenario: s\n    Given the server restarts\n", "@needs-restart is missing"},
		"need of an outline": {head + "  @REG-001 @must\n  Scenario Outline: s, <a>\n    Given the plugin directory holds \"<a>\"\n\n    Examples:\n      | a |\n      | b |\n", "@needs-plugin-directory is missing"},
		"need of all":        {head + "  Background:\n    Given the secret plugin \"probe\" is registered\n\n" + scenario("@REG-001 @must", "s"), "@needs-plugin-directory is missing"},
		"need of a rule":     {head + "  Rule: r\n\n  Background:\n    Given a forward proxy \"p\"\n\n" + scenario("@REG-001 @must", "s"), "@needs-loopback is missing"},
		"no version":         {head + scenario("@REG-001 @must @vault>=one", "s"), "is no tag"},
		"no source":          {"Feature: f\n\n" + scenario("@REG-001 @must", "s"), "no source"},
		"no feature":         {"# nothing\n", "no feature"},
		"no Gherkin":         {"Scenario s\n", "expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := steps.Requirements(fstest.MapFS{"a.feature": {Data: []byte(test.feature)}})
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
			g.Expect(err).To(MatchError(Or(ContainSubstring("a.feature"), ContainSubstring("stands twice"))))
		})
	}
}

func TestAppliesOfARequirement(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all, err := steps.Requirements(fstest.MapFS{"a.feature": {Data: []byte(strings.Join([]string{
		"Feature: f", "  Source: somewhere",
		"", "  @REG-001 @must", "  Scenario: all", "    Given x",
		"", "  @REG-002 @must @vault>=1.12 @vault<1.16 @openbao", "  Scenario: some", "    Given x",
		"", "  @REG-003 @may", "  Scenario Outline: each, <a>", "    Remedy: none", "    Given <a>",
		"", "    @vault<1.16", "    Examples:", "      | a |", "      | 1 |", "      | 2 |",
		"", "    @vault>=1.16", "    Examples:", "      | a |", "      | 3 |", "",
	}, "\n"))}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(HaveLen(3))
	g.Expect(all[0].Applies).To(Equal("all"))
	g.Expect(all[1].Applies).To(Equal("vault >=1.12 <1.16, openbao"))
	g.Expect(all[2].Applies).To(Equal("vault <1.16; vault >=1.16"))
	g.Expect(all[2].Title).To(Equal("each"))
	g.Expect(all[2].Cases).To(Equal(3))
	g.Expect(all[2].Remedy).To(Equal("none"))
}
