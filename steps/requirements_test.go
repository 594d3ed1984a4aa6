// SPDX-License-Identifier: MPL-2.0

package steps_test

import (
	"os"
	"path/filepath"
	"regexp"
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
	all, err := steps.Requirements(features.Server())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(all)).To(BeNumerically(">", 150))
	more, err := steps.Requirements(features.Plugin())
	g.Expect(err).NotTo(HaveOccurred())
	ids := make(map[string]string)
	prefixes := make(map[string]string)
	sessions := 0
	for _, r := range append(all, more...) {
		g.Expect(ids).NotTo(HaveKey(r.ID), "an identifier stands for one requirement")
		ids[r.ID] = r.Title
		g.Expect(r.Remedy).NotTo(BeEmpty(), r.ID)
		for _, source := range r.Sources {
			g.Expect(sourceCanBeOpened(t, source)).To(BeTrue(), "%s: %s", r.ID, source)
		}
		// An identifier's letters stand for one area, except those of plugins.
		prefix := r.ID[:3]
		if known, ok := prefixes[prefix]; ok && prefix != "PLG" {
			g.Expect(r.Area).To(Equal(known), r.ID)
		}
		prefixes[prefix] = r.Area
		if r.Session() {
			sessions++
		}
	}
	g.Expect(sessions).To(Equal(8))
}

// sourceCanBeOpened reports whether a source is a URL, or a file of the
// repository with a heading of the anchor's name.
func sourceCanBeOpened(t *testing.T, source string) bool {
	t.Helper()
	if strings.HasPrefix(source, "https://") {
		return true
	}
	path, anchor, _ := strings.Cut(source, "#")
	content, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Error(err)
		return false
	}
	for line := range strings.Lines(string(content)) {
		if heading, ok := strings.CutPrefix(line, "## "); ok && slug(heading) == anchor {
			return true
		}
	}
	return false
}

// slug is a heading's anchor, as GitHub and GitLab make it.
func slug(heading string) string {
	kept := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
	return strings.ReplaceAll(kept, " ", "-")
}

// TestRequirementsRefuses shows that a mistake in a feature is an error rather
// than a requirement that is silently not checked.
func TestRequirementsRefuses(t *testing.T) {
	t.Parallel()
	const head = "Feature: f\n  Source: somewhere\n\n"
	scenario := func(tags, name string) string {
		return "  " + tags + "\n  Scenario: " + name + "\n    Given the server has an api_addr\n\n"
	}
	for name, test := range map[string]struct{ feature, want string }{
		"no identifier":      {head + scenario("@must", "s"), "no identifier"},
		"no level":           {head + scenario("@REG-001", "s"), "no level"},
		"two levels":         {head + scenario("@REG-001 @must @may", "s"), "two levels"},
		"two identifiers":    {head + scenario("@REG-001 @REG-002 @must", "s"), "two identifiers"},
		"twice":              {head + scenario("@REG-001 @must", "one") + scenario("@REG-001 @must", "two"), "is the identifier of two requirements"},
		"unknown tag":        {head + scenario("@REG-001 @must @muts", "s"), "@muts is not a known tag"},
		"unknown capability": {head + scenario("@REG-001 @must @needs-magic", "s"), "@needs-magic is not a capability"},
		"no need":            {head + "  @REG-001 @must\n  Scenario: s\n    Given the server restarts\n", "@needs-restart is missing"},
		"need of an outline": {head + "  @REG-001 @must\n  Scenario Outline: s, <a>\n    Given the plugin directory holds \"<a>\"\n\n    Examples:\n      | a |\n      | b |\n", "@needs-plugin-directory is missing"},
		"need of all":        {head + "  Background:\n    Given the secret plugin \"probe\" is registered\n\n" + scenario("@REG-001 @must", "s"), "@needs-plugin-directory is missing"},
		"need of a rule":     {head + "  Rule: r\n\n  Background:\n    Given a forward proxy \"p\"\n\n" + scenario("@REG-001 @must", "s"), "@needs-loopback is missing"},
		"unknown sentence":   {head + "  @REG-001 @must\n  Scenario: s\n    When the server gets restarted\n", "no such sentence: the server gets restarted\n  the nearest:\n    the server restarts"},
		"unknown section":    {head + scenario("@REG-001 @must @contract-77", "s"), "is not a section of features/CONTRACT.md"},
		"no version":         {head + scenario("@REG-001 @must @vault>=one", "s"), "is not a known tag"},
		"no source":          {"Feature: f\n\n" + scenario("@REG-001 @must", "s"), "no source"},
		"builds on nothing":  {head + scenario("@REG-001 @must @builds-on-x", "s"), "names no identifier"},
		"builds on itself":   {head + scenario("@REG-001 @must @builds-on-REG-002", "one") + scenario("@REG-002 @must @builds-on-REG-001", "two"), "REG-001 builds on itself: REG-001, REG-002, REG-001"},
		"builds on less":     {head + scenario("@REG-001 @must @builds-on-REG-002", "one") + scenario("@REG-002 @may", "two"), "REG-001 (must) builds on REG-002, which is only may"},
		"no feature":         {"# nothing\n", "no feature"},
		"no Gherkin":         {"Scenario s\n", "expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := steps.Requirements(fstest.MapFS{"a.feature": {Data: []byte(test.feature)}})
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
			g.Expect(err).To(MatchError(Or(ContainSubstring("a.feature"), ContainSubstring("is the identifier of two requirements"), ContainSubstring("builds on"))))
		})
	}
}

func TestAppliesOfARequirement(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all, err := steps.Requirements(fstest.MapFS{"a.feature": {Data: []byte(strings.Join([]string{
		"Feature: f", "  Source: somewhere",
		"", "  @REG-001 @must", "  Scenario: all", "    Given the server has an api_addr",
		"", "  @REG-002 @must @vault>=1.12 @vault<1.16 @openbao", "  Scenario: some", "    Given the server has an api_addr",
		"", "  @REG-003 @may @needs-host-environment", "  Scenario Outline: each, <a>", "    Remedy: none", "    Given the server's environment has A=<a>",
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
