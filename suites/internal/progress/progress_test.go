// SPDX-License-Identifier: MPL-2.0

package progress

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
)

func TestLinesForLogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		out := gbytes.NewBuffer() // the progress writes from a goroutine of its own
		line := NewLog(out)
		line.Stage("building")
		g.Expect(string(out.Contents())).To(BeEmpty(), "quick work needs no progress")
		time.Sleep(quietTime)
		synctest.Wait()
		g.Expect(string(out.Contents())).To(Equal("building\n"), "long work says what it does")
		line.Begin(3, "scenarios")
		line.Step("PASS A-1", false)
		line.Step("FAIL A-2", true)
		time.Sleep(interval)
		synctest.Wait()
		line.Step("PASS A-3", false)
		line.Finish()
		time.Sleep(2 * interval)
		g.Expect(string(out.Contents())).To(Equal("building\n2 of 3 scenarios, 1 failed, last FAIL A-2\n"))
	})
}

// TestFolds: in the log of a pipeline, lines stand in a group that ends before
// anything else is printed; quick work has none.
func TestFolds(t *testing.T) {
	t.Parallel()
	const section = `\x1b\[0Ksection_%s:\d+:(plugproof_\d+)%s\r\x1b\[0K%s\n`
	for name, want := range map[string]struct{ variable, text string }{
		"GitHub": {"GITHUB_ACTIONS", `::group::plugproof run\nbuilding\n::endgroup::\n`},
		"GitLab": {"GITLAB_CI", fmt.Sprintf(section+`building\n`+section, "start", `\[collapsed=true\]`, "plugproof run", "end", "", "")},
		"none":   {"CI", `building\n`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				out := gbytes.NewBuffer()
				line := NewLog(out).Fold("plugproof run", func(name string) string {
					if name == want.variable {
						return "true"
					}
					return ""
				})
				line.Stage("quick")
				line.Finish()
				g.Expect(string(out.Contents())).To(BeEmpty())
				line.Stage("building")
				time.Sleep(quietTime)
				synctest.Wait()
				line.Finish()
				g.Expect(string(out.Contents())).To(MatchRegexp("^" + want.text + "$"))
				line.Finish()
				g.Expect(string(out.Contents())).To(MatchRegexp("^"+want.text+"$"), "it ends once")
			})
		})
	}
}

func TestLineOfATerminal(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out strings.Builder
	line := newLine(&out, true)
	line.Stage("building plugins")
	line.Finish()
	g.Expect(out.String()).To(Equal(lineStart + "building plugins" + lineStart))
}

func TestNilLine(t *testing.T) {
	t.Parallel()
	var line *Line
	line.Stage("x")
	line.Begin(1, "y")
	line.Step("", true)
	line.Finish()
}
