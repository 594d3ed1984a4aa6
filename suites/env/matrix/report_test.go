// SPDX-License-Identifier: MPL-2.0

package matrix_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/net/html"

	"github.com/plugproof/plugproof/suites/env/matrix"
)

func compared(t *testing.T) matrix.Report {
	t.Helper()
	before, after := vaults()
	base := measure(t, before)
	now := measure(t, after)
	allow, err := load(t, "- {row: registered-over-host, reason: it is <meant>}")
	if err != nil {
		t.Fatal(err)
	}
	c, err := matrix.Compare(base, now, allow, nil)
	if err != nil {
		t.Fatal(err)
	}
	return matrix.Report{Matrix: now, Comparison: c}
}

func TestTable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	before, after := vaults()
	var out bytes.Buffer
	g.Expect(matrix.Report{Matrix: measure(t, before, after)}.WriteTable(&out)).To(Succeed())
	g.Expect(out.String()).To(MatchRegexp(`(?m)^≠ in both +host +registered *$`))
	g.Expect(out.String()).To(MatchRegexp(`(?m)^  only registered +registered +registered *$`))
	g.Expect(out.String()).NotTo(ContainSubstring("\x1b["), "colours belong on terminals")

	out.Reset()
	g.Expect(compared(t).WriteTable(&out)).To(Succeed())
	g.Expect(out.String()).To(ContainSubstring(`changed: after, version-host (VAULT_VERSION): was "host" from host, is "9.9.9" from server`))
	g.Expect(out.String()).To(ContainSubstring("allowed: after, registered-over-host"))
}

func TestMarkdownTablesHaveAllTheirColumns(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(compared(t).WriteMarkdown(&out)).To(Succeed())
	bars := regexp.MustCompile(`(^|[^\\])\|`)
	rows := 0
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "|") {
			rows++
			g.Expect(bars.FindAllString(line, -1)).To(HaveLen(5), line)
		}
	}
	g.Expect(rows).To(BeNumerically(">", len(matrix.Rows())))
}

func TestThePageIsOneWellFormedFileWithoutOthers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	report := compared(t)
	report.Rows[0].Cells[0] = matrix.Cell{Winner: matrix.Failed, Reason: "<script>alert(1)</script>"}
	g.Expect(report.WriteHTML(&out)).To(Succeed())
	text := out.String()
	g.Expect(text).NotTo(ContainSubstring("<script>alert"), "what servers say is escaped")
	g.Expect(text).To(ContainSubstring("it is &lt;meant&gt;"))
	g.Expect(text).NotTo(MatchRegexp(`(?i)src=|href="[^#]|url\(|@import`), "nothing is loaded from elsewhere")

	rows := 0
	tokens := html.NewTokenizer(&out)
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		for _, a := range token.Attr {
			if token.Type == html.StartTagToken && token.Data == "tr" && a.Key == "id" {
				rows++
			}
		}
	}
	g.Expect(rows).To(Equal(len(report.Rows)))
}

// TestLongValuesAreWholeOnce looks for the whole of a long value in what is written
// for programs and for people.
func TestLongValuesAreWholeOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	before, after := vaults()
	report := matrix.Report{Matrix: measure(t, before, after)}
	long := "plugin" + strings.Repeat("p", 99_994)
	seen := cell(t, report.Matrix, "large", 1)
	g.Expect(seen.Value).To(Equal(long))
	for name, write := range map[string]func(io.Writer) error{"json": report.WriteJSON, "html": report.WriteHTML} {
		var out bytes.Buffer
		g.Expect(write(&out)).To(Succeed())
		g.Expect(strings.Count(out.String(), long)).To(Equal(1), name)
		g.Expect(out.String()).To(ContainSubstring("pluginpppppppppp… (100000 characters, sha256 "), name)
	}
	var page bytes.Buffer
	g.Expect(report.WriteHTML(&page)).To(Succeed())
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page.String(), -1)
	g.Expect(links).NotTo(BeEmpty())
	for _, link := range links {
		g.Expect(page.String()).To(ContainSubstring(`id="` + link[1] + `"`))
	}
}
