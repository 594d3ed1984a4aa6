// SPDX-License-Identifier: MPL-2.0

package lint_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/lint"
)

// sample is a report with a conflict in two files, a variable that nothing sets
// twice, and something that could not be seen.
func sample(t *testing.T) lint.Report {
	t.Helper()
	registrations, err := lint.ReadRegistrations("plugins.yaml", strings.NewReader(`plugins:
  - type: secret
    name: mine
    env:
      - OTHER=1
      - HTTP_PROXY=top-secret-a
  - type: auth
    name: jwt
    env: {REGION: eu, HTTP_PROXY: top-secret-b}
  - type: database
    name: pg
    env_names:
      - HTTP_PROXY
`))
	if err != nil {
		t.Fatal(err)
	}
	vars := make(hostenv.Set)
	vars.Known("HTTP_PROXY", "top-secret-c", hostenv.Place{File: "etc/vault env", Line: 7})
	vars.Known("VAULT_TOKEN", "hvs.top-secret-d", hostenv.Place{File: "/etc/vault.env"})
	return lint.Check(hostenv.Environment{
		Source: "vault.service", Variables: vars.Sorted(), Read: []string{"etc/vault env", "/etc/vault.env"},
		Notes: []string{"A note."},
		Remarks: []hostenv.Remark{{
			Kind: hostenv.Unseen, Rule: "file-missing", Place: hostenv.Place{File: "vault.service", Line: 3},
			Message: "It could not be read.", Remedy: "Give it.",
		}},
	}, registrations)
}

func write(t *testing.T, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := lint.Write(&out, format, sample(t)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestNoFormHasAValue(t *testing.T) {
	t.Parallel()
	for _, format := range lint.Formats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(write(t, format)).NotTo(ContainSubstring("top-secret"))
		})
	}
	NewWithT(t).Expect(lint.Write(&bytes.Buffer{}, "pdf", lint.Report{})).To(MatchError(ContainSubstring("sarif")))
}

func TestTextNamesFilesAndLines(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := write(t, "text")
	g.Expect(text).To(ContainSubstring("Read: etc/vault env, /etc/vault.env.\n"))
	g.Expect(text).To(ContainSubstring("CONFLICT secret/mine HTTP_PROXY  conflict\n         etc/vault env, line 7; plugins.yaml, line 6\n"))
	g.Expect(text).To(ContainSubstring("CONFLICT auth/jwt HTTP_PROXY  conflict\n         etc/vault env, line 7; plugins.yaml, line 9\n"))
	g.Expect(text).To(ContainSubstring("CONFLICT database/pg HTTP_PROXY  conflict\n         etc/vault env, line 7; plugins.yaml, line 13\n"))
	g.Expect(text).To(HaveSuffix("could not be seen: the result holds for those that were.\n"))
}

func TestJSONHasPlacesAndWhatWasRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var report struct {
		Read     []string
		Complete bool
		Findings []struct {
			Rule, Plugin      string
			Place, Registered *hostenv.Place
		}
	}
	g.Expect(json.Unmarshal([]byte(write(t, "json")), &report)).To(Succeed())
	g.Expect(report.Read).To(Equal([]string{"etc/vault env", "/etc/vault.env"}))
	g.Expect(report.Complete).To(BeFalse())
	g.Expect(report.Findings[0].Plugin).To(Equal("auth/jwt"))
	g.Expect(report.Findings[0].Place).To(Equal(&hostenv.Place{File: "etc/vault env", Line: 7}))
	g.Expect(report.Findings[0].Registered).To(Equal(&hostenv.Place{File: "plugins.yaml", Line: 9}))
	g.Expect(report.Findings).To(ContainElement(HaveField("Rule", "file-missing")))
}

// The library has the schema of OASIS.
func TestSARIFFollowsItsSchema(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]lint.Report{"findings": sample(t), "none": lint.Check(hostenv.Environment{}, nil)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var out bytes.Buffer
			g.Expect(lint.WriteSARIF(&out, r)).To(Succeed())
			report, err := sarif.FromBytes(out.Bytes())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(report.Validate()).To(Succeed())
			g.Expect(report.Runs).To(HaveLen(1))
			g.Expect(report.Runs[0].Results).To(HaveLen(len(r.Findings)))
		})
	}
}

func TestSARIFPointsAtBothLines(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	report, err := sarif.FromString(write(t, "sarif"))
	g.Expect(err).NotTo(HaveOccurred())
	conflict := report.Runs[0].Results[0]
	g.Expect(conflict.Level).To(Equal("error"))
	at := conflict.Locations[0].PhysicalLocation
	g.Expect(*at.ArtifactLocation.URI).To(Equal("etc/vault%20env"), "code scanning wants a path of the repository")
	g.Expect(*at.Region.StartLine).To(Equal(7))
	other := conflict.RelatedLocations[0].PhysicalLocation
	g.Expect(*other.ArtifactLocation.URI).To(Equal("plugins.yaml"))
	g.Expect(*other.Region.StartLine).To(Equal(9))
	var uris []string
	for _, r := range report.Runs[0].Results {
		uris = append(uris, *r.Locations[0].PhysicalLocation.ArtifactLocation.URI)
	}
	g.Expect(uris).To(ContainElements("file:///etc/vault.env", "vault.service"))
}

func TestMarkdownIsATableThatNamesCannotBreak(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	vars := make(hostenv.Set)
	vars.Known("A|B", "1", hostenv.Place{File: "a|<b>.env", Line: 1})
	var out bytes.Buffer
	g.Expect(lint.WriteMarkdown(&out, lint.Check(hostenv.Environment{Source: "s", Variables: vars.Sorted()}, registered(t, "A|B=2")))).To(Succeed())
	g.Expect(out.String()).To(ContainSubstring(`| conflict | secret/mine | A\|B | conflict | a\|&lt;b&gt;.env, line 1 | `))
	g.Expect(write(t, "markdown")).To(And(
		ContainSubstring("etc/vault env, line 7; plugins.yaml, line 6"),
		ContainSubstring("Read, in the order in which it applies:\n\n- etc/vault env\n"),
		ContainSubstring("**Variables may be set that could not be seen"),
	))
}
